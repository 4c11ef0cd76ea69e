/// A whole reply, and what it took.
public struct GeneratedReply: Sendable, Hashable {
  /// The reply, without control tokens.
  public let text: String
  /// Whether the model ended it; otherwise it was cut at the most tokens allowed, or where the context was full.
  public let isComplete: Bool
  /// Tokens of the conversation up to the reply.
  public let promptTokens: Int
  /// Tokens of the reply, without the one that ended it.
  public let completionTokens: Int
  /// Tokens of the conversation whose keys and values were there already and were not computed again.
  public let reusedTokens: Int
}

/// How likely a reply is to begin with each of some choices, and what it took.
public struct ChoiceProbabilities: Sendable, Hashable {
  /// The probability of each choice's first token among those of all choices: in their order, summing to 1.
  public let probabilities: [Double]
  /// Tokens of the conversation up to the reply.
  public let promptTokens: Int
  /// Tokens of the conversation whose keys and values were there already and were not computed again.
  public let reusedTokens: Int
}

/// Choices that cannot be told apart by their first token.
public struct ChoiceError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  public enum Reason: Sendable, Hashable {
    /// There is no choice.
    case noChoices
    /// Two choices begin with the same token.
    case sameFirstToken(String, String)
  }

  /// What is wrong.
  public let reason: Reason

  /// One line: what was expected, what was found and what to do.
  public var description: String {
    switch reason {
    case .noChoices: "expected at least one choice, found none"
    case .sameFirstToken(let first, let second):
      "expected choices that begin with different tokens, found \"\(first)\" and \"\(second)\", which begin with the "
        + "same one; use letters such as A and B"
    }
  }
}
