extension PreferencePair {
  /// The probability that a preference of this row is right, by the row's judge scores; see
  /// ``PreferenceLabels/fromJudge``.
  ///
  /// - Throws: ``PreferenceError`` with reason `unusableJudgeScores` where a score that is needed is not there or no
  ///   probability.
  func label(of preference: RowPreference, row: Int) throws(PreferenceError) -> Double {
    guard let judgeScores else { return 1 }
    let isNeutral = isNeutral || spelledForm == .neutral
    guard isNeutral || preference.configuration != nil else { return 1 }
    func strength(_ name: String) throws(PreferenceError) -> Double {
      guard let score = judgeScores[name] else {
        throw error(.unusableJudgeScores, row: row, "no score for the answer \"\(name)\"")
      }
      let addresses = try probability(score.addresses, "\(name).addresses", row: row)
      guard !isNeutral, let configuration = preference.configuration?.name else { return addresses }
      guard let follows = score.follows[configuration] else {
        throw error(
          .unusableJudgeScores, row: row,
          "the score of \"\(name)\" does not say how far it follows \"\(configuration)\"")
      }
      return try probability(follows, "\(name).follows.\(configuration)", row: row) * addresses
    }
    let (chosen, rejected) = (
      try strength(preference.scoreNames.chosen), try strength(preference.scoreNames.rejected)
    )
    return chosen == 0 && rejected == 0 ? 0.5 : chosen / (chosen + rejected)
  }

  private func probability(_ value: Double, _ place: String, row: Int) throws(PreferenceError) -> Double {
    guard (0...1).contains(value) else {
      throw error(.unusableJudgeScores, row: row, "\(place) is \(value), which is no probability")
    }
    return value
  }
}
