/// The tokens that are recognised as a whole in template text: control tokens and user-defined ones.
struct AddedTokens: Sendable {
  /// The id of every added token by the bytes of its spelling.
  let ids: [[UInt8]: Int32]
  /// The tokens that begin with each byte, longest first.
  private let byFirstByte: [[(bytes: [UInt8], id: Int32)]]

  /// - Throws: ``TokenizerError`` when two added tokens have one spelling.
  init(_ vocabulary: Vocabulary) throws(TokenizerError) {
    var ids: [[UInt8]: Int32] = [:]
    var byFirstByte = [[(bytes: [UInt8], id: Int32)]](repeating: [], count: 256)
    for id in 0..<Int32(vocabulary.count) where Vocabulary.isAdded(vocabulary.types[Int(id)]) {
      let bytes = Array(vocabulary.bytes(of: id))
      if let twin = ids.updateValue(id, forKey: bytes) {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)",
          "has the same spelling as added token \(twin): ids would be ambiguous")
      }
      byFirstByte[Int(bytes[0])].append((bytes, id))
    }
    self.ids = ids
    self.byFirstByte = byFirstByte.map { $0.sorted { $0.bytes.count > $1.bytes.count } }
  }

  /// The longest added token at the start of `text`.
  func match(at text: Slice<UnsafeBufferPointer<UInt8>>) -> (count: Int, id: Int32)? {
    guard let first = text.first else { return nil }
    for token in byFirstByte[Int(first)] where text.starts(with: token.bytes) { return (token.bytes.count, token.id) }
    return nil
  }
}
