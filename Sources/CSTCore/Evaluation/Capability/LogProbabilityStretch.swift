/// What two models say of one stretch of text: a window of a file, or a reply.
public struct LogProbabilityStretch: Hashable, Codable, Sendable {
  /// How many tokens were predicted.
  public var tokens: Int
  /// The sum of their log-probabilities under the base model, in nats.
  public var base: Double
  /// The same under the tuned model; `nil` where only the base was measured.
  public var tuned: Double?

  /// Creates a stretch.
  public init(tokens: Int, base: Double, tuned: Double? = nil) {
    self.tokens = tokens
    self.base = base
    self.tuned = tuned
  }
}

extension [LogProbabilityStretch] {
  var tokens: Int { reduce(0) { $0 + $1.tokens } }

  /// The sum under the base model.
  var base: Double { reduce(0) { $0 + $1.base } }

  /// The sum under the tuned model; `nil` where a stretch was not measured under it.
  var tuned: Double? { reduce(0) { sum, stretch in sum.flatMap { sum in stretch.tuned.map { sum + $0 } } } }

  /// `nil` where there is nothing to compare.
  var difference: PairedDifference? { tuned == nil || isEmpty ? nil : PairedDifference(of: self) }
}
