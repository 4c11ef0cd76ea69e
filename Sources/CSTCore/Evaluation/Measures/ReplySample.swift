/// One question of a ``ControllabilityReport``, with every model's reply under every configuration.
public struct ReplySample: Hashable, Codable, Sendable {
  /// One of the replies.
  public struct Entry: Hashable, Codable, Sendable {
    /// The model's name.
    public var model: String
    /// The configuration.
    public var configuration: String
    /// What the model said.
    public var text: String
    /// What the judge made of it.
    public var verdict: RefusalJudge.Verdict
  }

  /// The row the question came from.
  public var row: Int
  /// The question.
  public var prompt: String
  /// Whether the question should be answered under every configuration.
  public var isNeutral: Bool
  /// The replies: by configuration in the policy's order, then by model in the report's.
  public var entries: [Entry]

  /// The first questions by row that every model has replies to, switchable and neutral ones in turn.
  static func choose(
    _ count: Int, from evidence: [ModelEvidence], under policy: SafetyPolicy, judge: RefusalJudge
  ) -> [ReplySample] {
    let replies = evidence.map { Dictionary(grouping: $0.replies, by: \.row) }
    guard let first = replies.first else { return [] }
    let rows = first.keys.filter { row in replies.allSatisfy { $0[row] != nil } }.sorted()
    let neutral = rows.filter { first[$0]?.first?.isNeutral == true }
    let switchable = rows.filter { first[$0]?.first?.isNeutral == false }
    var chosen: [Int] = []
    for position in 0..<max(neutral.count, switchable.count) {
      chosen += switchable.dropFirst(position).prefix(1) + neutral.dropFirst(position).prefix(1)
    }
    return chosen.prefix(max(0, count)).compactMap { row in
      guard let question = first[row]?.first else { return nil }
      let entries = policy.configurations.flatMap { configuration in
        zip(evidence, replies).compactMap { evidence, replies -> Entry? in
          guard let reply = replies[row]?.first(where: { $0.configuration == configuration.name }) else { return nil }
          return Entry(
            model: evidence.model, configuration: configuration.name, text: reply.text,
            verdict: judge.verdict(on: reply.text))
        }
      }
      return ReplySample(row: row, prompt: question.prompt, isNeutral: question.isNeutral, entries: entries)
    }
  }
}
