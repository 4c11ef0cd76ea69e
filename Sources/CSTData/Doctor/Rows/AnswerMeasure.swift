import CSTCore

/// What the lengths of answers are counted in, and whether rows fit a model.
enum AnswerMeasure: Sendable {
  /// Runs of characters between white space.
  case words
  /// A model's tokens.
  case tokens(ConversationEncoder, endOfTurn: Int32, maximumLength: Int)

  struct Lengths {
    var chosen = 0
    var rejected = 0
    /// The prompt's length, in tokens only.
    var prompt = 0
    /// Whether the end of an answer does not fit.
    var isTruncated = false
    /// Whether the prompt leaves no room for an answer.
    var isPromptTooLong = false
  }

  init(_ model: LanguageModel?, maximumLength: Int) {
    guard let model else {
      self = .words
      return
    }
    let limit = min(maximumLength, model.configuration.contextLength)
    let encoder = ConversationEncoder(
      tokenizer: model.tokenizer, template: model.chatTemplate, maximumLength: .max, observer: model.encodingObserver)
    self = .tokens(encoder, endOfTurn: model.chatTemplate.endOfTurnID, maximumLength: limit)
  }

  /// - Parameter encoded: The pair before, whose tokens are used again where it has the same texts; then this one.
  func lengths(of pair: ConfiguredPair, sharing encoded: inout EncodedPair?) throws(ConversationError) -> Lengths {
    switch self {
    case .words:
      return Lengths(chosen: Self.wordCount(pair.chosen), rejected: Self.wordCount(pair.rejected))
    case .tokens(let encoder, let endOfTurn, let limit):
      let tokens = try EncodedPair(pair, with: encoder, after: encoded)
      encoded = tokens
      let (prompt, answers) = (tokens.prompt.count, [tokens.chosen.tokens, tokens.rejected.tokens])
      let lengths = answers.map { $0.firstIndex(of: endOfTurn) ?? $0.count }
      return Lengths(
        chosen: lengths[0], rejected: lengths[1], prompt: prompt,
        isTruncated: answers.contains { prompt + $0.count > limit }, isPromptTooLong: prompt >= limit)
    }
  }

  /// Runs of characters between ASCII white space; every ideograph and kana is a word, because nothing stands between
  /// them. A length, not words to compare: it reads each byte once and looks no character up.
  static func wordCount(_ text: String) -> Int {
    var text = text
    return text.withUTF8 { bytes in
      var count = 0
      var isInWord = false
      for byte in bytes {
        if byte <= 0x20 {
          isInWord = false
        } else if byte >= 0xE3, byte <= 0xE9 {
          // The first byte of U+3000…U+9FFF.
          count += 1
          isInWord = true
        } else if !isInWord {
          count += 1
          isInWord = true
        }
      }
      return count
    }
  }
}
