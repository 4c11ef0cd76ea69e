extension Collection where Element == PreferencePair {
  /// The pairs Configurable Safety Tuning trains on: every preference under the system prompt it holds for.
  ///
  /// - A row with one answer per configuration gives, for every ordered pair (i, j) of configurations,
  ///   `(sᵢ, x, yᵢ ≻ yⱼ)`. For two configurations that is the *flip*: the same prompt and answers twice, the system prompt
  ///   and the preference swapped. Where two of the answers are the same text there is nothing to prefer, and those two
  ///   ordered pairs are left out.
  /// - A neutral row gives its preference once under every configuration.
  /// - A row of a named configuration gives one pair under it, and so does a row with its own system prompt, which is
  ///   kept as it is.
  ///
  /// The order is that of the rows, then of the policy's configurations: the twins of a row stand next to each other.
  ///
  /// - Throws: ``PreferenceError`` naming the row: `missingAnswer` or `unknownConfiguration` if its names are not the
  ///   policy's, `identicalAnswers` if it prefers nothing, `noConfiguration` if it does not say where it holds.
  /// - Complexity: O(*n*·*k*²) for *n* rows and *k* configurations.
  public func configured(by policy: SafetyPolicy) throws(PreferenceError) -> [ConfiguredPair] {
    var pairs: [ConfiguredPair] = []
    for (row, pair) in enumerated() {
      let found = try pair.configured(by: policy, row: row)
      guard !found.isEmpty else { throw pair.error(.identicalAnswers, row: row, "all its answers are the same text") }
      pairs += found
    }
    return pairs
  }

  /// The pairs the baseline trains on: vanilla DPO, which knows only the policy's default configuration.
  ///
  /// These are exactly the pairs of ``Swift/Collection/configured(by:)`` that stand under the default configuration, plus
  /// rows whose own system prompt belongs to no configuration. The other direction of each flip is left out, a neutral row
  /// counts once, and rows of other configurations drop out. This is the model that learns to be safe always, whatever the
  /// system prompt says.
  ///
  /// - Throws: What `configured(by:)` throws, for the same rows.
  public func vanilla(by policy: SafetyPolicy) throws(PreferenceError) -> [ConfiguredPair] {
    let name = policy.defaultConfiguration.name
    return try configured(by: policy).filter { $0.configuration == name || $0.configuration == nil }
  }

  /// The rows as they are, for datasets that already spell out their system prompts, or have none.
  ///
  /// - Throws: ``PreferenceError`` with reason `needsPolicy` for a row that names configurations instead, and
  ///   `identicalAnswers` for a row that prefers nothing.
  public func asWritten() throws(PreferenceError) -> [ConfiguredPair] {
    var pairs: [ConfiguredPair] = []
    for (row, pair) in enumerated() {
      guard case .ranked(let chosen, let rejected, let scope) = pair.answers else {
        throw pair.error(.needsPolicy, row: row, "it has one answer per configuration; \(PreferencePair.policyAdvice)")
      }
      switch scope {
      case .systemPrompt(let text):
        pairs.append(try pair.ranked(chosen, over: rejected, system: text, configuration: nil, row: row))
      case .unstated:
        pairs.append(try pair.ranked(chosen, over: rejected, system: nil, configuration: nil, row: row))
      case .configuration(let name):
        throw pair.error(
          .needsPolicy, row: row, "it names the configuration \"\(name)\"; \(PreferencePair.policyAdvice)")
      case .everyConfiguration:
        throw pair.error(.needsPolicy, row: row, "it holds under every configuration; \(PreferencePair.policyAdvice)")
      }
    }
    return pairs
  }
}

extension PreferencePair {
  fileprivate static let policyAdvice =
    "give a policy and use configured(by:) (cst train --method cst --policy FILE), or spell out the row's \"system\""

  fileprivate func configured(
    by policy: SafetyPolicy, row: Int
  ) throws(PreferenceError) -> [ConfiguredPair] {
    switch answers {
    case .byConfiguration(let texts):
      return try flipped(texts, by: policy, row: row)
    case .ranked(let chosen, let rejected, let scope):
      switch scope {
      case .everyConfiguration:
        var pairs: [ConfiguredPair] = []
        for configuration in policy.configurations {
          pairs.append(
            try ranked(
              chosen, over: rejected, system: configuration.systemPrompt, configuration: configuration.name, row: row)
          )
        }
        return pairs
      case .configuration(let name):
        guard let configuration = policy[name] else { throw unknown(name, in: policy, row: row) }
        return [
          try ranked(chosen, over: rejected, system: configuration.systemPrompt, configuration: name, row: row)
        ]
      case .systemPrompt(let text):
        let name = policy.configuration(withSystemPrompt: text)?.name
        return [try ranked(chosen, over: rejected, system: text, configuration: name, row: row)]
      case .unstated:
        throw error(
          .noConfiguration, row: row,
          "it has no system prompt and names no configuration; add \"configuration\": a name, or \"*\" if it holds under all"
        )
      }
    }
  }

  private func flipped(
    _ texts: [String: String], by policy: SafetyPolicy, row: Int
  ) throws(PreferenceError) -> [ConfiguredPair] {
    if let name = texts.keys.filter({ policy[$0] == nil }).min() { throw unknown(name, in: policy, row: row) }
    var ordered: [(configuration: SafetyConfiguration, text: String)] = []
    for configuration in policy.configurations {
      guard let text = texts[configuration.name] else {
        let names = PreferenceError.list(texts.keys.sorted())
        throw error(.missingAnswer, row: row, "no answer for \"\(configuration.name)\"; the row answers for \(names)")
      }
      ordered.append((configuration, text))
    }
    var pairs: [ConfiguredPair] = []
    for (i, preferred) in ordered.enumerated() {
      for (j, other) in ordered.enumerated() where i != j && preferred.text != other.text {
        pairs.append(
          try ranked(
            preferred.text, over: other.text, system: preferred.configuration.systemPrompt,
            configuration: preferred.configuration.name, row: row)
        )
      }
    }
    return pairs
  }

  fileprivate func ranked(
    _ chosen: String, over rejected: String, system: String?, configuration: String?, row: Int
  ) throws(PreferenceError) -> ConfiguredPair {
    guard chosen != rejected else {
      throw error(.identicalAnswers, row: row, "\"chosen\" and \"rejected\" are the same text; remove the row")
    }
    let systemMessage = system.map { [Message.system($0)] } ?? []
    return ConfiguredPair(
      prompt: systemMessage + prompt, chosen: chosen, rejected: rejected, configuration: configuration, source: row)
  }

  private func unknown(_ name: String, in policy: SafetyPolicy, row: Int) -> PreferenceError {
    let known = PreferenceError.list(policy.configurations.map(\.name))
    return error(
      .unknownConfiguration, row: row, "\"\(name)\" is not in the policy \"\(policy.name)\"; it has \(known)")
  }

  fileprivate func error(_ reason: PreferenceError.Reason, row: Int, _ detail: String) -> PreferenceError {
    let question = (prompt.last?.content ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
    let start = question.count > 40 ? question.prefix(40) + "…" : question[...]
    return PreferenceError(reason: reason, row: row, detail: "prompt \"\(start)\": \(detail)")
  }
}
