import Foundation

/// What is done to text before it is cut into words: Unicode normalisation, spaces for `▁`, and the space before text.
struct TextNormalizer: Sendable {
  let normalization: TokenizerDefinition.Normalization
  let spacePrefix: TokenizerDefinition.SpacePrefix
  let isSentencePiece: Bool

  /// Whether text passes through unchanged.
  var isIdentity: Bool { normalization == .none && !isSentencePiece && spacePrefix == .never }

  /// Whether the reference writes `▁` for spaces before it looks for normalised tokens, not after.
  var marksSpaces: Bool { isSentencePiece && (spacePrefix == .everySegment || spacePrefix == .never) }

  /// Text as it is when normalised tokens are looked for in it: with `▁` for spaces where `marksSpaces` says so.
  func searched(_ text: UnsafeBufferPointer<UInt8>, hasPrefix: Bool) -> [UInt8] {
    var output: [UInt8] = hasPrefix ? SpaceMark.bytes : []
    if marksSpaces {
      for byte in text {
        if byte == 0x20 { output += SpaceMark.bytes } else { output.append(byte) }
      }
    } else if normalization == .nfc {
      append(text, to: &output)
    } else {
      output += text
    }
    return output
  }

  /// How an added token that is looked for in normalised text is spelled there. The reference normalises it like a text
  /// of its own: with a space before it.
  func spelling(of token: [UInt8]) -> [UInt8] {
    token.withUnsafeBufferPointer { searched($0, hasPrefix: spacePrefix == .everySegment) }
  }

  /// Whether a space is put before a run of normalised text.
  /// - Parameters:
  ///   - isFirst: nothing stands before the run.
  ///   - followsNormalized: a token that was found in normalised text stands before it.
  func prefixes(_ first: UInt8?, isFirst: Bool, followsNormalized: Bool) -> Bool {
    guard let first else { return false }
    switch spacePrefix {
    case .never: return false
    case .first: return isFirst && first != 0x20
    case .always: return first != 0x20
    case .everySegment: return !followsNormalized
    }
  }

  /// Appends the normalised text, without a space before it.
  /// - Complexity: O(n).
  func append(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    if normalization == .nfc && Self.mayChange(text) {
      let composed = String(decoding: text, as: UTF8.self).precomposedStringWithCanonicalMapping
      output.append(contentsOf: composed.utf8)
    } else if isSentencePiece && text.contains(0xE2) {
      SpaceMark.appendUnmarked(text, to: &output)
    } else {
      output.append(contentsOf: text)
    }
  }

  /// Whether normalisation form C may change the text.
  private static func mayChange(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    // Below U+0300 nothing is composed; its UTF-8 begins with a byte below 0xCC.
    guard text.contains(where: { $0 >= 0xCC }) else { return false }
    return ScalarClasses.shared.withView { classes in
      let scanner = WordScanner(.gpt2, text: text, classes: classes)
      return scanner.endOfRun(without: .composing, from: 0, limit: text.count) < text.count
    }
  }
}

/// `▁` (U+2581), which SentencePiece writes for a space. Vocabularies and text are compared with spaces in its place.
enum SpaceMark {
  static let bytes: [UInt8] = [0xE2, 0x96, 0x81]

  /// Appends UTF-8 text with a space for every mark.
  static func appendUnmarked(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
    for byte in text {
      output.append(byte)
      if byte == 0x81 && output.count >= 3 && output[output.count - 2] == 0x96 && output[output.count - 3] == 0xE2 {
        output.removeLast(3)
        output.append(0x20)
      }
    }
  }
}
