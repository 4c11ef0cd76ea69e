/// One preference that a row expresses under a policy, before it becomes a pair to train on or a row of its own.
package struct RowPreference: Sendable {
  /// The configuration it holds under; `nil` where the row's own system prompt is no configuration's.
  package let configuration: SafetyConfiguration?
  /// The system prompt as the model is to see it.
  package let system: String
  /// The preferred answer.
  package let chosen: String
  /// The other answer.
  package let rejected: String
  /// The names of ``chosen`` and ``rejected`` in the row's judge scores.
  package let scoreNames: (chosen: String, rejected: String)
  /// What the answers say beside their texts.
  var fields: (chosen: JSONMembers, rejected: JSONMembers) = ([:], [:])

  /// The names that ranked rows use.
  static let rankedNames = (chosen: "chosen", rejected: "rejected")
}

extension PreferencePair {
  /// The preferences of this row, as `configured(by:)` describes them and in its order.
  ///
  /// - Parameter row: The row's number, for errors.
  /// - Returns: At least one preference.
  package func preferences(by policy: SafetyPolicy, row: Int) throws(PreferenceError) -> [RowPreference] {
    let (chosen, rejected, scope): (String, String, Scope)
    switch answers {
    case .byConfiguration(let texts): return try flipped(texts, by: policy, row: row)
    case .ranked(let w, let l, let s): (chosen, rejected, scope) = (w, l, s)
    }
    try checkRanked(chosen, rejected, row: row)
    func preference(_ configuration: SafetyConfiguration?, _ system: String) -> RowPreference {
      RowPreference(
        configuration: configuration, system: system, chosen: chosen, rejected: rejected,
        scoreNames: RowPreference.rankedNames,
        fields: (answerFields["chosen"] ?? [:], answerFields["rejected"] ?? [:]))
    }
    switch scope {
    case .everyConfiguration: return policy.configurations.map { preference($0, $0.systemPrompt) }
    case .configuration(let name):
      guard let configuration = policy[name] else { throw unknown(name, in: policy, row: row) }
      return [preference(configuration, configuration.systemPrompt)]
    case .systemPrompt(let text): return [preference(policy.configuration(withSystemPrompt: text), text)]
    case .unstated:
      throw error(
        .noConfiguration, row: row,
        "it has no system prompt and names no configuration; add \"configuration\": a name, or \"*\" if it holds under all"
      )
    }
  }

  /// Refuses answers that are the same or say nothing, which are errors of a dataset's check too.
  func checkRanked(_ chosen: String, _ rejected: String, row: Int) throws(PreferenceError) {
    guard chosen != rejected || answerFields["chosen"] ?? [:] != answerFields["rejected"] ?? [:] else {
      throw error(.identicalAnswers, row: row, "\"chosen\" and \"rejected\" are the same text; remove the row")
    }
    for (key, text) in [("chosen", chosen), ("rejected", rejected)] where answerMessage(key, text).isSilent {
      throw error(.emptyAnswer, row: row, "\"\(key)\" says nothing; write the answer, or remove the row")
    }
  }

  private func flipped(
    _ texts: [String: String], by policy: SafetyPolicy, row: Int
  ) throws(PreferenceError) -> [RowPreference] {
    if let name = texts.keys.filter({ policy[$0] == nil }).min() { throw unknown(name, in: policy, row: row) }
    var ordered: [(configuration: SafetyConfiguration, text: String)] = []
    for configuration in policy.configurations {
      guard let text = texts[configuration.name] else {
        let names = PreferenceError.list(texts.keys.sorted())
        throw error(.missingAnswer, row: row, "no answer for \"\(configuration.name)\"; the row answers for \(names)")
      }
      guard !Message.assistant(text).isSilent else {
        throw error(
          .emptyAnswer, row: row, "the answer for \"\(configuration.name)\" says nothing; write it, or remove the row")
      }
      ordered.append((configuration, text))
    }
    var preferences: [RowPreference] = []
    for (i, preferred) in ordered.enumerated() {
      for (j, other) in ordered.enumerated() where i != j && preferred.text != other.text {
        preferences.append(
          RowPreference(
            configuration: preferred.configuration, system: preferred.configuration.systemPrompt,
            chosen: preferred.text, rejected: other.text,
            scoreNames: (preferred.configuration.name, other.configuration.name)))
      }
    }
    guard !preferences.isEmpty else { throw error(.identicalAnswers, row: row, "all its answers are the same text") }
    return preferences
  }

  private func unknown(_ name: String, in policy: SafetyPolicy, row: Int) -> PreferenceError {
    let known = PreferenceError.list(policy.configurations.map(\.name))
    return error(
      .unknownConfiguration, row: row, "\"\(name)\" is not in the policy \"\(policy.name)\"; it has \(known)")
  }

  /// An error about this row.
  package func error(_ reason: PreferenceError.Reason, row: Int, _ detail: String) -> PreferenceError {
    let question = (prompt.last?.content ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
    let start = question.count > 40 ? question.prefix(40) + "…" : question[...]
    return PreferenceError(reason: reason, rowPlace: place, row: row, detail: "prompt \"\(start)\": \(detail)")
  }
}
