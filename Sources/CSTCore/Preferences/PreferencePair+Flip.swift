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
  /// - Parameter labels: How sure the pairs are of their preferences: ``PreferenceLabels/hard``, or what the judge's scores
  ///   say.
  /// - Throws: ``PreferenceError`` naming the row: `missingAnswer` or `unknownConfiguration` if its names are not the
  ///   policy's, `identicalAnswers` if it prefers nothing, `emptyAnswer` if an answer says nothing, `noConfiguration` if it
  ///   does not say where it holds,
  ///   `unusableJudgeScores` if a label cannot be computed.
  /// - Complexity: O(*n*·*k*²) for *n* rows and *k* configurations.
  public func configured(
    by policy: SafetyPolicy, labels: PreferenceLabels = .hard
  ) throws(PreferenceError) -> [ConfiguredPair] {
    var pairs: [ConfiguredPair] = []
    for (row, pair) in enumerated() {
      for preference in try pair.preferences(by: policy, row: row) {
        var configured = ConfiguredPair(
          prompt: [.system(preference.system)] + pair.prompt, chosen: preference.chosen,
          rejected: preference.rejected, configuration: preference.configuration?.name, source: row,
          preference: labels == .hard ? 1 : try pair.label(of: preference, row: row), margin: pair.margin ?? 0,
          place: pair.place, isNeutral: pair.isNeutral)
        (configured.chosenFields, configured.rejectedFields) = preference.fields
        configured.tools = pair.tools
        pairs.append(configured)
      }
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
      let system: [Message]
      switch scope {
      case .systemPrompt(let text): system = [.system(text)]
      case .unstated: system = []
      case .configuration(let name):
        throw pair.error(
          .needsPolicy, row: row, "it names the configuration \"\(name)\"; \(PreferencePair.policyAdvice)")
      case .everyConfiguration:
        throw pair.error(.needsPolicy, row: row, "it holds under every configuration; \(PreferencePair.policyAdvice)")
      }
      try pair.checkRanked(chosen, rejected, row: row)
      var configured = ConfiguredPair(
        prompt: system + pair.prompt, chosen: chosen, rejected: rejected, configuration: nil, source: row,
        margin: pair.margin ?? 0, place: pair.place)
      configured.chosenFields = pair.answerFields["chosen"] ?? [:]
      configured.rejectedFields = pair.answerFields["rejected"] ?? [:]
      configured.tools = pair.tools
      pairs.append(configured)
    }
    return pairs
  }
}

extension PreferencePair {
  fileprivate static let policyAdvice =
    "give a policy and use configured(by:), or spell out the row's \"system\""
}

extension PreferencePair {
  /// What a row was before its preferences were written out as rows with system prompts.
  package enum SpelledForm: String, Sendable, CaseIterable {
    /// One answer per configuration.
    case answers
    /// A neutral row.
    case neutral
    /// A row of a named configuration.
    case configuration
    /// The same row: it had a system prompt of its own, which happens to be a configuration's.
    case system
  }

  /// The column that rows have in common which were one row before they were written out with system prompts.
  public static let groupColumn = "cst_row"
  /// The column that says what that row was: `answers`, `neutral`, `configuration` or `system`.
  public static let formColumn = "cst_form"

  /// What the row was before it was written out, where its column says so.
  package var spelledForm: SpelledForm? { columns[Self.formColumn]?.string.flatMap(SpelledForm.init) }
}
