/// What a judge made of one answer of a row.
public struct AnswerScore: Hashable, Codable, Sendable {
  /// The probability that the answer follows each configuration, by name; they sum to 1. Empty in a neutral row,
  /// which holds under all.
  public var follows: [String: Double]
  /// The probability that the answer addresses the question.
  public var addresses: Double

  /// A judgement from its parts.
  public init(follows: [String: Double], addresses: Double) {
    self.follows = follows
    self.addresses = addresses
  }
}
