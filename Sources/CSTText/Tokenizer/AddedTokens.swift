/// The tokens that are recognised as a whole in template text: control tokens and user-defined ones.
///
/// User-defined tokens that are a single character or white space are no marks but text (DeepSeek's vocabularies have
/// `ö` as one): they are recognised in content as well, as the reference does.
struct AddedTokens: Sendable {
  /// One token and how it is recognised.
  struct Token: Sendable {
    let id: Int32
    let bytes: [UInt8]
    let rule: TokenizerDefinition.AddedTokenRule
  }

  /// The id of every added token by the bytes of its spelling.
  let ids: [[UInt8]: Int32]
  /// Tokens that are looked for in template text as it is, single characters that are text among them.
  let literal: TokenSet
  /// Tokens that are looked for in normalised template text, after the literal ones.
  let normalized: TokenSet
  /// Tokens that are looked for in all text.
  let text: TokenSet

  init(
    _ vocabulary: Vocabulary, rules: [Int: TokenizerDefinition.AddedTokenRule], normalizer: TextNormalizer
  ) throws(TokenizerError) {
    var ids: [[UInt8]: Int32] = [:]
    var literal: [Token] = []
    var normalized: [Token] = []
    var text: [Token] = []
    for id in 0..<Int32(vocabulary.count) where Vocabulary.isAdded(vocabulary.types[Int(id)]) {
      let bytes = Array(vocabulary.bytes(of: id))
      if let twin = ids.updateValue(id, forKey: bytes) {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)",
          "has the same spelling as added token \(twin): ids would be ambiguous")
      }
      let rule = rules[Int(id)] ?? .literal
      let spelling = rule.isNormalized ? normalizer.spelling(of: bytes) : bytes
      let token = Token(id: id, bytes: spelling, rule: rule)
      if vocabulary.types[Int(id)] == .userDefined && Self.isText(bytes) && spelling == bytes {
        text.append(token)
        // White space is left for later, so that runs of it are found whole across pieces.
        if !bytes.allSatisfy({ $0 < 0x80 }) && !rule.isNormalized { literal.append(token) }
      } else if rule.isNormalized {
        normalized.append(token)
      } else {
        literal.append(token)
      }
    }
    self.ids = ids
    self.literal = TokenSet(literal)
    self.normalized = TokenSet(normalized)
    self.text = TokenSet(text)
  }

  /// Whether a user-defined token is text rather than a mark.
  private static func isText(_ bytes: [UInt8]) -> Bool {
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    return scalars.count == 1 || scalars.allSatisfy(\.properties.isWhitespace)
  }

  /// Tokens to be found in text: the longest at the leftmost place.
  struct TokenSet: Sendable {
    /// The tokens that begin with each byte, longest first.
    private let byFirstByte: [[Token]]
    let isEmpty: Bool
    let ids: [Int32]

    init(_ tokens: [Token]) {
      var byFirstByte = [[Token]](repeating: [], count: 256)
      for token in tokens where !token.bytes.isEmpty { byFirstByte[Int(token.bytes[0])].append(token) }
      self.byFirstByte = byFirstByte.map { $0.sorted { $0.bytes.count > $1.bytes.count } }
      isEmpty = tokens.isEmpty
      ids = tokens.map(\.id)
    }

    /// The longest token at the start of `text`.
    func match(at text: Slice<UnsafeBufferPointer<UInt8>>) -> Token? {
      guard let first = text.first else { return nil }
      for token in byFirstByte[Int(first)] where text.starts(with: token.bytes) { return token }
      return nil
    }

    /// The leftmost match at or after `position`.
    ///
    /// Words that touch a token of a single word hide it.
    func next(in text: UnsafeBufferPointer<UInt8>, from position: Int) -> (start: Int, token: Token)? {
      var position = position
      while position < text.count {
        guard let token = match(at: text[position...]) else {
          position += 1
          continue
        }
        let end = position + token.bytes.count
        if !token.rule.isSingleWord || !WordCharacters.end(text[..<position]) && !WordCharacters.begin(text[end...]) {
          return (position, token)
        }
        position = end
      }
      return nil
    }
  }
}

/// Whether text begins or ends with a character of a word: `\w` of the reference's regular expressions.
private enum WordCharacters {
  static func begin(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars.first.map(isWord) ?? false
  }

  static func end(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    var start = text.endIndex
    repeat { start -= 1 } while start > text.startIndex && text[start] & 0xC0 == 0x80
    guard start >= text.startIndex else { return false }
    return String(decoding: text[start...], as: UTF8.self).unicodeScalars.first.map(isWord) ?? false
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }
}
