/// A configured pair as tokens: what one row of training runs over.
public struct EncodedPair: Sendable, Hashable {
  /// What was encoded.
  public let pair: ConfiguredPair
  /// The prompt's tokens, shared by both answers.
  public let prompt: [Int32]
  /// The chosen answer.
  public let chosen: ConversationEncoder.Completion
  /// The rejected answer.
  public let rejected: ConversationEncoder.Completion
  /// The configuration's name, where the row has one.
  public var configuration: String? { pair.configuration }
  /// The row of the data it comes from.
  public var source: Int { pair.source }
  /// The probability that the chosen answer is the better one, from 0 to 1.
  public var preference: Double { pair.preference }

  /// Whether both answers are the same tokens, cut or not, so that nothing can be learnt from them.
  var hasEqualAnswers: Bool { chosen.tokens == rejected.tokens }
  /// What the row asks of the loss's margin beyond 0.
  public var margin: Double { pair.margin }

  /// Encodes a pair. Traps where its preference is no probability. An answer that does not fit is cut and says so; a
  /// prompt never is.
  /// - Throws: ``ConversationError`` naming the row: the prompt leaves no room, or an answer cannot be told from it in
  ///   token space.
  public init(_ pair: ConfiguredPair, with encoder: ConversationEncoder) throws(ConversationError) {
    try self.init(pair, with: encoder, after: nil)
  }

  /// Encodes a pair, or takes over what is the same in another that was encoded before.
  package init(
    _ pair: ConfiguredPair, with encoder: ConversationEncoder, after other: EncodedPair?
  ) throws(ConversationError) {
    require((0...1).contains(pair.preference), "a preference is from 0 to 1, not \(pair.preference)")
    let other = other.flatMap { other in
      other.pair.prompt.hasSameBytes(as: pair.prompt) && other.pair.tools == pair.tools ? other : nil
    }
    let answers = pair.answers
    do throws(ConversationError) {
      let prompt = if let other { other.prompt } else { try encoder.prompt(pair.prompt, tools: pair.tools) }
      func completion(_ answer: Message) throws(ConversationError) -> ConversationEncoder.Completion {
        if let known = other?[answer] { return known }
        return try encoder.completion(answer, to: pair.prompt, tools: pair.tools, prompt: prompt)
      }
      (self.prompt, chosen, rejected) = (prompt, try completion(answers[0]), try completion(answers[1]))
    } catch {
      var error = error
      (error.row, error.rowPlace) = (pair.source, pair.place)
      throw error
    }
    self.pair = pair
  }

  /// The tokens of an answer that is one of the two.
  private subscript(answer: Message) -> ConversationEncoder.Completion? {
    let own = pair.answers
    return own[0].hasSameBytes(as: answer) ? chosen : own[1].hasSameBytes(as: answer) ? rejected : nil
  }

  /// Whether an answer lost its end because it did not fit.
  public var isTruncated: Bool { chosen.isTruncated || rejected.isTruncated }

  /// The pair as one prompt with two completions, chosen first.
  public var group: CompletionGroup { CompletionGroup(prompt: prompt, completions: [chosen.tokens, rejected.tokens]) }
}

extension Sequence where Element == ConfiguredPair {
  /// The pairs as tokens.
  ///
  /// Pairs of one row and configuration stand side by side and share their prompt and their chosen answer: each is
  /// rendered and tokenised once, and so is every other answer to it.
  ///
  /// - Throws: ``ConversationError`` naming the row.
  public func encoded(with encoder: ConversationEncoder) throws(ConversationError) -> [EncodedPair] {
    var encoded: [EncodedPair] = []
    for pair in self { encoded.append(try EncodedPair(pair, with: encoder, after: encoded.last)) }
    return encoded
  }
}

extension [Message] {
  // Swift calls texts equal that differ in how accents are composed; their tokens differ.
  fileprivate func hasSameBytes(as other: [Message]) -> Bool { elementsEqual(other) { $0.hasSameBytes(as: $1) } }
}
