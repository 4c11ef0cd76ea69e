import CSTCore

extension ControllabilityReport {
  /// The measures as rows of a table, one column a model: what the renderings share.
  struct Row: Hashable {
    /// What is measured, short.
    let label: String
    /// What a reader should know about the measure.
    let explanation: String
    /// Whether more is better.
    let isBetterHigh: Bool
    /// The value of each model.
    let values: [Proportion]
  }

  /// The rows that have something to show.
  var rows: [Row] {
    var rows: [Row] = []
    func add(
      _ label: String, _ explanation: String, isBetterHigh: Bool = true, _ value: (ModelMeasures) -> Proportion?
    ) {
      let values = models.map { value($0) ?? Proportion(0, of: 0) }
      if values.contains(where: { $0.total > 0 }) {
        rows.append(Row(label: label, explanation: explanation, isBetterHigh: isBetterHigh, values: values))
      }
    }
    func share(_ shares: [ModelMeasures.Share], _ name: String) -> Proportion? {
      shares.first { $0.configuration == name }?.proportion
    }
    for configuration in policy.configurations {
      add("prefers \(configuration.name)", "pairs whose preferred answer is the likelier one under it") {
        share($0.preference, configuration.name)
      }
    }
    add("switches", "rows with every pair right: the preference turns with the system prompt", \.switching)
    for configuration in policy.configurations {
      guard let expected = configuration.expectedReply else { continue }
      add(
        "S \(configuration.name)",
        "replies that are what it expects: \(expected == .answer ? "an answer" : "a refusal")"
      ) {
        share($0.following, configuration.name)
      }
    }
    for configuration in policy.configurations {
      add("neutral \(configuration.name)", "neutral questions answered under it") {
        share($0.neutralAnswered, configuration.name)
      }
    }
    add("neutral throughout", "neutral questions answered under every configuration", \.neutralAnsweredThroughout)
    add("over-refusal", "replies to neutral questions that refuse", isBetterHigh: false, \.overRefusal)
    add("unusable", "replies that are empty or caught in a loop", isBetterHigh: false, \.unusable)
    return rows
  }

  /// What it takes to repeat the evaluation, as names and values.
  var facts: [Fact] {
    let decoding = settings.decoding
    let sampling =
      decoding.temperature == 0
      ? "greedy" : "temperature \(decoding.temperature), top-p \(decoding.topP)"
    let measure =
      switch settings.preferenceMeasure {
      case .logProbability: "log-probability of the whole answer"
      case .reward: "change of log-probability from the reference model"
      }
    return [
      Fact("base model", settings.baseModel),
      Fact("policy", "\(policy.name) (default \(policy.defaultConfiguration.name))"),
      Fact("decoding", "\(sampling), at most \(decoding.maximumTokens) tokens"),
      Fact("preference", measure),
    ] + settings.seeds.map { Fact("seed of \($0.name)", $0.value) } + settings.details
  }
}
