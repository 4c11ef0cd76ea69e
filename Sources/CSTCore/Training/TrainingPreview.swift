/// What a run would be, found out without training: everything is encoded, and steps are timed and thrown away.
///
/// ```swift
/// let preview = try await TrainingPreview(of: trainer, on: data, plan: plan)
/// print(preview.seconds, preview.memory.total)
/// ```
public struct TrainingPreview: Sendable {
  /// The pairs under one configuration.
  public struct Share: Sendable, Hashable {
    /// The configuration's name; `nil` for pairs of none.
    public let configuration: String?
    /// Pairs of an epoch.
    public let pairs: Int
    /// Those with an answer that lost its end because it did not fit.
    public let cut: Int
    /// Those whose answers became equal because both were cut: nothing can be learnt from them.
    public let equal: Int
    /// The mean number of tokens of a pair, its prompt once.
    public let meanTokens: Double
  }

  /// A pair and its size.
  public struct Longest: Sendable, Hashable {
    /// The row, counted from 0.
    public let row: Int
    /// Where it was read, if that is known.
    public let place: RowPlace?
    /// Tokens of the prompt.
    public let promptTokens: Int
    /// Tokens of the longer answer.
    public let answerTokens: Int
  }

  /// By configuration, in the order of their names.
  public let shares: [Share]
  /// The longest pairs, longest first; at most five.
  public let longest: [Longest]
  /// Retained replies of the whole run.
  public let retainedReplies: Int
  /// Optimizer steps of the whole run.
  public let steps: Int
  /// The memory it needs.
  public let memory: TrainingMemory
  /// Tokens that the policy runs over in the whole run, about.
  public let tokens: Int
  /// Seconds that it takes, at the speed of the steps that were timed.
  public let seconds: Double

  /// - Complexity: Encoding of all pairs and three training steps, of which two are timed.
  /// - Throws: ``ConversationError`` naming the row that does not fit, ``TrainingError``.
  public init(of trainer: DPOTrainer, on data: TrainingData, plan: TrainingPlan) async throws {
    let pairs = data.pairs
    steps = plan.totalSteps(pairCount: pairs.count)
    retainedReplies = data.retention?.count(besidePairs: 0..<plan.pairsComputed(of: pairs.count)).count ?? 0
    shares = Dictionary(grouping: pairs, by: \.configuration).sorted { ($0.key ?? "") < ($1.key ?? "") }.map {
      Share(
        configuration: $0.key, pairs: $0.value.count, cut: $0.value.count(where: \.isTruncated),
        equal: $0.value.count(where: \.hasEqualAnswers),
        meanTokens: Double($0.value.reduce(0) { $0 + $1.group.tokenCount }) / Double($0.value.count))
    }
    let bySize = pairs.sorted { ($0.group.tokenCount, $1.source) > ($1.group.tokenCount, $0.source) }
    longest = bySize.prefix(5).map {
      Longest(
        row: $0.source, place: $0.pair.place, promptTokens: $0.prompt.count,
        answerTokens: max($0.chosen.tokens.count, $0.rejected.tokens.count))
    }
    memory = trainer.memory(for: pairs, batchSize: plan.batchSize, activations: plan.activations)
    var timed: [StepReport] = []
    for try await event in trainer.run(on: data, plan: plan) {
      if case .step(let report) = event { timed.append(report) }
      if timed.count == min(3, steps) { break }
    }
    // The first step packs the weights.
    let counted = timed.count == 1 ? timed[...] : timed.dropFirst()
    let secondsPerToken =
      counted.reduce(0) { $0 + $1.seconds } / Double(max(1, counted.reduce(0) { $0 + $1.tokens }))
    let retained = try data.retained(besidePairs: 0..<min(256, plan.pairsComputed(of: pairs.count)))
    func meanTokens(_ counts: [Int]) -> Double { Double(counts.reduce(0, +)) / Double(max(1, counts.count)) }
    tokens = Int(
      meanTokens(pairs.map(\.group.tokenCount)) * Double(plan.pairsComputed(of: pairs.count))
        + meanTokens(retained.map(\.group.tokenCount)) * Double(retainedReplies))
    seconds = secondsPerToken * Double(tokens)
  }
}
