import CSTCore

/// What the lengths of answers are counted in, and whether rows fit a model.
enum AnswerMeasure: Sendable {
  /// Runs of characters between white space.
  case words
  /// A model's tokens.
  case tokens(ConversationEncoder, endOfTurn: Int32, maximumLength: Int)

  /// A pair's lengths.
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
    let encoder = ConversationEncoder(tokenizer: model.tokenizer, template: model.chatTemplate, maximumLength: .max)
    self = .tokens(encoder, endOfTurn: model.chatTemplate.endOfTurnID, maximumLength: limit)
  }

  /// - Throws: ``CSTCore/ConversationError`` where prompt and answer cannot be told apart in token space.
  func lengths(of pair: ConfiguredPair) throws(ConversationError) -> Lengths {
    switch self {
    case .words:
      return Lengths(chosen: Self.wordCount(pair.chosen), rejected: Self.wordCount(pair.rejected))
    case .tokens(let encoder, let endOfTurn, let limit):
      let prompt = try encoder.prompt(pair.prompt)
      var lengths = Lengths(prompt: prompt.count, isPromptTooLong: prompt.count >= limit)
      func length(_ answer: String) throws(ConversationError) -> Int {
        let tokens = try encoder.completion(answer, to: pair.prompt, prompt: prompt).tokens
        if prompt.count + tokens.count > limit { lengths.isTruncated = true }
        return tokens.firstIndex(of: endOfTurn) ?? tokens.count
      }
      lengths.chosen = try length(pair.chosen)
      lengths.rejected = try length(pair.rejected)
      return lengths
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
