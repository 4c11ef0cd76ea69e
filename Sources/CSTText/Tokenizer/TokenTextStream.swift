/// Turns tokens into text one at a time, holding back a character until all of its bytes are there.
///
///     var stream = TokenTextStream(tokenizer)
///     for id in generated { show(stream.append(id)) }
///     show(stream.finish())
///
/// The strings put together are exactly `tokenizer.decode(ids, controlTokens:)`.
package struct TokenTextStream: Sendable {
  private let tokenizer: Tokenizer
  private let controlTokens: Tokenizer.ControlTokens
  private var pending: [UInt8] = []
  /// Nothing was appended yet, so that a space would be the one before the text.
  private var isAtStart = true

  package init(_ tokenizer: Tokenizer, controlTokens: Tokenizer.ControlTokens = .skipped) {
    self.tokenizer = tokenizer
    self.controlTokens = controlTokens
  }

  /// The text that is complete with this token; empty while a character is unfinished.
  /// - Precondition: `id` is an id of the tokenizer's vocabulary.
  package mutating func append(_ id: Int32) -> String {
    if controlTokens == .shown || !tokenizer.isControl(id) {
      let bytes = tokenizer.bytes(of: id)
      pending += isAtStart && tokenizer.stripsLeadingSpace && bytes.first == 0x20 ? bytes.dropFirst() : bytes
      isAtStart = isAtStart && bytes.isEmpty
    }
    let whole = pending.count - Self.unfinishedCount(pending)
    defer { pending.removeFirst(whole) }
    return String(decoding: pending[..<whole], as: UTF8.self)
  }

  /// The text of what was held back: U+FFFD where the last character stayed unfinished. The stream is empty afterwards.
  package mutating func finish() -> String {
    defer { pending.removeAll() }
    return String(decoding: pending, as: UTF8.self)
  }

  /// The number of bytes at the end that are the beginning of a valid character but not all of it, 0 to 3.
  private static func unfinishedCount(_ bytes: [UInt8]) -> Int {
    for count in 1...3 where count <= bytes.count {
      let start = bytes.count - count
      let lead = bytes[start]
      if lead & 0xC0 == 0x80 { continue }
      let length: Int
      switch lead {
      case 0xC2...0xDF: length = 2
      case 0xE0...0xEF: length = 3
      case 0xF0...0xF4: length = 4
      default: return 0
      }
      guard count < length else { return 0 }
      guard count > 1 else { return count }
      // The second byte is what rules out overlong forms, surrogates and scalars above U+10FFFF.
      let second = bytes[start + 1]
      switch lead {
      case 0xE0: return second >= 0xA0 ? count : 0
      case 0xED: return second < 0xA0 ? count : 0
      case 0xF0: return second >= 0x90 ? count : 0
      case 0xF4: return second < 0x90 ? count : 0
      default: return count
      }
    }
    return 0
  }
}

extension String {
  /// Text from bytes that must be valid UTF-8: the one door through which the bytes of files become text.
  /// - Parameters:
  ///   - bytes: the bytes; a byte-order mark stays part of the text.
  ///   - source: what the bytes are, for the error: a file's path, a metadata key.
  /// - Complexity: O(n).
  package init(validatedUTF8 bytes: some Collection<UInt8>, from source: String) throws(TokenizerError) {
    guard let position = bytes.firstInvalidUTF8 else {
      self = String(decoding: bytes, as: UTF8.self)
      return
    }
    throw TokenizerError(
      .invalidUTF8, at: "\(source), byte offset \(bytes.distance(from: bytes.startIndex, to: position))",
      "0x\(String(bytes[position], radix: 16, uppercase: true)) does not begin a valid character; convert the text to "
        + "UTF-8")
  }
}
