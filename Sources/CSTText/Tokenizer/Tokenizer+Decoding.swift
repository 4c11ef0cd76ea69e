extension Tokenizer {
  /// What decoding does with control tokens.
  public enum ControlTokens: Sendable, Hashable {
    /// Leave them out: what a person reads.
    case skipped
    /// Write their spelling: what a developer reads.
    case shown
  }

  /// The text of token ids, without the space that a SentencePiece model has before it. Bytes that are not valid UTF-8 become U+FFFD, one for each maximal ill-formed part.
  ///
  /// - Precondition: all ids are in `0..<vocabularyCount`.
  /// - Complexity: O(n) in the text's bytes.
  public func decode(_ ids: some Sequence<Int32>, controlTokens: ControlTokens = .shown) -> String {
    var bytes: [UInt8] = []
    for id in ids where controlTokens == .shown || !isControl(id) { bytes += self.bytes(of: id) }
    let text = stripsLeadingSpace && bytes.first == 0x20 ? bytes.dropFirst() : bytes[...]
    return String(decoding: text, as: UTF8.self)
  }
}
