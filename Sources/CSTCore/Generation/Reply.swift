/// A whole reply, and what it took.
public struct Reply: Sendable, Hashable {
  /// Why a reply ended, in the words of the field; more reasons may come.
  public struct FinishReason: Sendable, Hashable, CustomStringConvertible {
    /// The word that servers use.
    public let description: String

    /// The model ended the reply.
    public static let stop = FinishReason(description: "stop")
    /// The reply was cut at the most tokens allowed, or where the context was full.
    public static let length = FinishReason(description: "length")
  }

  /// The reply, without control tokens.
  public let text: String
  /// The ids of its tokens, without the one that ended it.
  public let tokens: [Int32]
  /// Why it ended.
  public let finishReason: FinishReason
  /// Tokens of the conversation up to the reply.
  public let promptTokens: Int
  /// Tokens of the conversation whose keys and values were there already and were not computed again.
  public let reusedTokens: Int

  /// Whether the model ended it; otherwise it was cut.
  public var isComplete: Bool { finishReason == .stop }
  /// Tokens of the reply, without the one that ended it.
  public var completionTokens: Int { tokens.count }

  init(_ result: DecodingResult, _ tokenizer: Tokenizer) {
    text = tokenizer.decode(result.tokens, controlTokens: .skipped)
    tokens = result.tokens
    finishReason = result.isComplete ? .stop : .length
    promptTokens = result.promptTokens
    reusedTokens = result.reusedTokens
  }
}
