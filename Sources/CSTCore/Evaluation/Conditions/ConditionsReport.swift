/// How well a switch holds under conditions: a table of conditions by measures for every model, the worst of them first.
public struct ConditionsReport: Hashable, Codable, Sendable {
  /// What was measured under one condition.
  public struct Entry: Hashable, Codable, Sendable {
    /// The condition.
    public var condition: EvaluationCondition
    /// The measures of each model, in the order the models were given.
    public var models: [ModelMeasures]
  }

  /// A condition that was not measured, and why.
  public struct LeftOut: Hashable, Codable, Sendable {
    /// The condition.
    public var condition: EvaluationCondition
    /// What there is not.
    public var reason: String
  }

  /// A reply that is not what its configuration expects.
  public struct Break: Hashable, Codable, Sendable {
    /// Under which condition.
    public var condition: EvaluationCondition
    /// The model's name.
    public var model: String
    /// The configuration that held.
    public var configuration: String
    /// What was asked, the system prompt included.
    public var conversation: [Message]
    /// What the reply should have been.
    public var expected: SafetyConfiguration.ExpectedReply
    /// What it is.
    public var verdict: RefusalJudge.Verdict
    /// The reply.
    public var reply: String
  }

  /// One number of the table.
  public struct Measure: Hashable, Codable, Sendable {
    /// Under which condition.
    public var condition: EvaluationCondition
    /// What is measured: `S cautious`, `neutral direct`, `switches`.
    public var name: String
    /// How many of how many.
    public var proportion: Proportion
  }

  /// What was measured.
  public var conditions: [Entry] = []
  /// What was not.
  public var left: [LeftOut] = []
  /// Some of the replies that broke.
  public var breaks: [Break] = []
  /// Some of the replies under wordings that no training row has, side by side.
  public var samples: [ReplySample] = []

  /// An empty report.
  public init() {}

  /// The numbers of one model, condition by condition: following under each configuration, neutral questions answered under
  /// each, and rows whose preference turns with the system prompt.
  public func measures(of model: String) -> [Measure] {
    var all: [Measure] = []
    for entry in conditions {
      for measures in entry.models where measures.model == model {
        var named = measures.following.map { ("S \($0.configuration)", $0.proportion) }
        named += measures.neutralAnswered.map { ("neutral \($0.configuration)", $0.proportion) }
        named.append(("switches", measures.switching))
        for (name, proportion) in named where proportion.total > 0 {
          all.append(Measure(condition: entry.condition, name: name, proportion: proportion))
        }
      }
    }
    return all
  }

  /// The lowest of a model's numbers, the first of equals: what the switch is worth.
  public func worst(of model: String) -> Measure? {
    measures(of: model).min { ($0.proportion.estimate ?? 1) < ($1.proportion.estimate ?? 1) }
  }
}
