/// The rule that cuts text into the words that are merged on their own.
enum PreTokenizer: String, CaseIterable, Sendable {
  /// GPT-2's regular expression:
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
  case gpt2 = "gpt-2"
  /// SmolLM: every number scalar is a word of its own, GPT-2's expression cuts what is between them.
  case smolLM = "smollm"

  /// - Throws: ``TokenizerError`` listing the known names when `name` is not one of them.
  init(named name: String) throws(TokenizerError) {
    guard let known = PreTokenizer(rawValue: name) else {
      let names = Self.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      throw TokenizerError(
        .unknownPreTokenizer, at: "tokenizer.ggml.pre",
        "\(TokenizerError.quote(name)) is not implemented (known: \(names)); another rule would give the model wrong ids"
      )
    }
    self = known
  }

  /// The version of Unicode whose numbers the rule knows. The reference splits numbers for SmolLM with a newer library
  /// than the one that runs its regular expressions.
  var numberVersion: Int {
    switch self {
    case .gpt2: 16
    case .smolLM: 17
    }
  }

  /// Finds the words of valid UTF-8 text.
  struct Words {
    let rule: PreTokenizer
    let text: UnsafeBufferPointer<UInt8>
    let classes: ScalarClasses.View

    /// The end of the word that begins at `start`; `end` is where the text ends.
    ///
    /// - Precondition: `start < end`, both on scalar boundaries.
    @inline(__always)
    func endOfWord(from start: Int, limit end: Int) -> Int {
      let splitsNumbers = rule == .smolLM
      let (first, afterFirst) = scalar(at: start)
      if splitsNumbers && first == .number { return afterFirst }
      if text[start] == UInt8(ascii: "'"), let contraction = endOfContraction(from: start, limit: end) {
        return contraction
      }
      if first != .whitespace { return endOfRun(of: first, from: afterFirst, limit: end) }
      if text[start] == UInt8(ascii: " ") && afterFirst < end {
        let (second, afterSecond) = scalar(at: afterFirst)
        if second != .whitespace && !(splitsNumbers && second == .number) {
          return endOfRun(of: second, from: afterSecond, limit: end)
        }
      }
      // \s+(?!\S) leaves the last whitespace before a word to that word; a lone one is a word of its own (\s+).
      var lastScalar = start
      var position = afterFirst
      while position < end {
        let (next, after) = scalar(at: position)
        if next != .whitespace {
          if splitsNumbers && next == .number { return position }
          return lastScalar == start ? position : lastScalar
        }
        lastScalar = position
        position = after
      }
      return end
    }

    /// The end of the run of scalars of one class.
    @inline(__always)
    private func endOfRun(of kind: ScalarClass, from start: Int, limit end: Int) -> Int {
      var position = start
      while position < end {
        let (next, after) = scalar(at: position)
        if next != kind { break }
        position = after
      }
      return position
    }

    /// The end of an English contraction ('s 't 're 've 'm 'll 'd, lower case only) at `start`.
    private func endOfContraction(from start: Int, limit end: Int) -> Int? {
      guard start + 1 < end else { return nil }
      switch text[start + 1] {
      case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
      case UInt8(ascii: "r"), UInt8(ascii: "v"):
        return start + 2 < end && text[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
      case UInt8(ascii: "l"): return start + 2 < end && text[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
      default: return nil
      }
    }

    /// The class of the scalar at a position and the position after it.
    @inline(__always)
    private func scalar(at position: Int) -> (ScalarClass, after: Int) {
      let lead = UInt32(text[position])
      if lead < 0x80 { return (classes[lead], position + 1) }
      let second = UInt32(text[position + 1]) & 0x3F
      if lead < 0xE0 { return (classes[(lead & 0x1F) << 6 | second], position + 2) }
      let third = UInt32(text[position + 2]) & 0x3F
      if lead < 0xF0 { return (classes[(lead & 0x0F) << 12 | second << 6 | third], position + 3) }
      let value = (lead & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[position + 3]) & 0x3F
      return (classes[value], position + 4)
    }
  }
}
