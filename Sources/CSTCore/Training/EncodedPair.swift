/// A configured pair as tokens: what one row of training runs over.
public struct EncodedPair: Sendable, Hashable {
  /// The prompt's tokens, shared by both answers.
  public let prompt: [Int32]
  /// The chosen answer.
  public let chosen: ConversationEncoder.Completion
  /// The rejected answer.
  public let rejected: ConversationEncoder.Completion
  /// The configuration's name, where the row has one.
  public let configuration: String?
  /// The row of the data it comes from.
  public let source: Int
  /// The probability that the chosen answer is the better one, from 0 to 1.
  public let preference: Double

  /// Encodes a pair. Traps where its preference is no probability. An answer that does not fit is cut and says so; a prompt never is.
  /// - Throws: ``ConversationError`` naming the row: the prompt leaves no room, or an answer cannot be told from it in
  ///   token space.
  public init(_ pair: ConfiguredPair, with encoder: ConversationEncoder) throws(ConversationError) {
    require((0...1).contains(pair.preference), "a preference is from 0 to 1, not \(pair.preference)")
    do throws(ConversationError) {
      prompt = try encoder.prompt(pair.prompt)
      chosen = try encoder.completion(pair.chosen, to: pair.prompt, prompt: prompt)
      rejected = try encoder.completion(pair.rejected, to: pair.prompt, prompt: prompt)
    } catch {
      var error = error
      error.row = pair.source
      throw error
    }
    configuration = pair.configuration
    source = pair.source
    preference = pair.preference
  }

  /// Whether an answer lost its end because it did not fit.
  public var isTruncated: Bool { chosen.isTruncated || rejected.isTruncated }

  /// The pair as one prompt with two completions, chosen first.
  public var group: CompletionGroup { CompletionGroup(prompt: prompt, completions: [chosen.tokens, rejected.tokens]) }
}

extension Sequence where Element == ConfiguredPair {
  /// The pairs as tokens.
  /// - Throws: ``ConversationError`` naming the row.
  public func encoded(with encoder: ConversationEncoder) throws(ConversationError) -> [EncodedPair] {
    var encoded: [EncodedPair] = []
    for pair in self { encoded.append(try EncodedPair(pair, with: encoder)) }
    return encoded
  }
}
