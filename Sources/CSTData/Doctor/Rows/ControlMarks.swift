import CSTCore

/// Finds control tokens spelled out in content: a model's own, and what other models' look like.
struct ControlMarks: Sendable {
  /// The model's control tokens by their first byte.
  private let ownByFirstByte: [[[UInt8]]]
  /// The bytes that some mark begins with.
  let firstBytes: [Bool]

  private static let lookAlikes: [[UInt8]] = [
    "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[AVAILABLE_TOOLS]",
    "[TOOL_CALLS]", "<s>", "</s>", "<bos>", "<eos>", "<unk>", "<pad>", "<start_of_turn>", "<end_of_turn>",
    "<|", "<\u{FF5C}",
  ].map { Array($0.utf8) }
  /// The most characters between `<|` and `|>`.
  private static let longestName = 40

  init(_ tokenizer: Tokenizer?) {
    var own = [[[UInt8]]](repeating: [], count: 256)
    for id in tokenizer?.addedTokenIDs ?? [] {
      guard let bytes = tokenizer.map({ Array($0.bytes(of: id)) }), let first = bytes.first else { continue }
      // Some vocabularies have runs of spaces as added tokens; those say nothing.
      guard bytes.contains(where: { $0 > 0x20 }), bytes.count > 1 else { continue }
      own[Int(first)].append(bytes)
    }
    ownByFirstByte = own.map { $0.sorted { $0.count > $1.count } }
    firstBytes = (0..<256).map { byte in
      !own[byte].isEmpty || Self.lookAlikes.contains { $0[0] == UInt8(byte) }
    }
  }

  /// A mark that begins at a place.
  func mark(in text: UnsafeBufferPointer<UInt8>, at position: Int) -> (kind: Finding.Kind, spelling: String)? {
    let rest = text[position...]
    for token in ownByFirstByte[Int(text[position])] where rest.starts(with: token) {
      return (.controlToken, String(decoding: token, as: UTF8.self))
    }
    for mark in Self.lookAlikes where rest.starts(with: mark) {
      if mark.last == UInt8(ascii: ">") || mark.last == UInt8(ascii: "]") {
        return (.controlLookAlike, String(decoding: mark, as: UTF8.self))
      }
      return named(mark, in: rest).map { (.controlLookAlike, $0) }
    }
    return nil
  }

  /// `<|name|>`: the opening, one to forty characters of a name, the bar and the bracket.
  private func named(_ opening: [UInt8], in rest: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
    let bar = Array(opening.dropFirst())
    let closing = bar + [UInt8(ascii: ">")]
    var position = rest.startIndex + opening.count
    let last = min(rest.endIndex, position + Self.longestName)
    let start = position
    while position < last {
      if rest[position...].starts(with: closing) {
        guard position > start else { return nil }
        return String(decoding: rest[rest.startIndex..<position + closing.count], as: UTF8.self)
      }
      // A name has no white space and opens no other bracket; DeepSeek's names have U+2581 in them.
      guard rest[position] > 0x20, rest[position] != UInt8(ascii: "<") else { return nil }
      position += 1
    }
    return nil
  }
}
