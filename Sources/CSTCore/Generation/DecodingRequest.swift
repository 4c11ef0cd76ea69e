/// What is to be decoded: a prompt, and what is wanted behind it.
struct DecodingRequest: Sendable {
  enum Goal: Sendable {
    /// A reply of at most this many tokens.
    case reply(maximumTokens: Int)
    /// The logits of these tokens, each as the first token of a reply.
    case logits(of: [Int32])
  }

  /// At least one token, and fewer than the model's context holds.
  let prompt: [Int32]
  let goal: Goal
  /// Draws the reply's tokens.
  var sampler: Sampler
}

/// What came of a request.
struct DecodingResult: Sendable {
  /// The reply, without the token that ended it.
  let tokens: [Int32]
  /// Whether the model ended the reply; otherwise it was cut.
  let isComplete: Bool
  /// Tokens of the prompt.
  let promptTokens: Int
  /// Tokens of the prompt whose keys and values were there already.
  let reusedTokens: Int
  /// The logits that were asked for.
  let logits: [Float]
}
