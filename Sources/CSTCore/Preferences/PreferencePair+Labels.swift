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

/// How sure a pair is of its preference.
@nonexhaustive
public enum PreferenceLabels: String, Hashable, Sendable, CaseIterable {
  /// Rows are right: every pair has a preference of 1.
  case hard
  /// As sure as the judge's scores make it, by Bradley and Terry's model of paired comparisons.
  ///
  /// Under configuration i the strength of an answer y is f(y) = follows[i] · addresses, on a neutral row addresses
  /// alone, and the preference is f(chosen) / (f(chosen) + f(rejected)): nothing is clamped, and 1/2 where both are 0.
  /// It is 1 on rows without judge scores, and on rows whose own system prompt is no configuration's, of which the judge
  /// says nothing.
  case fromJudge
}
