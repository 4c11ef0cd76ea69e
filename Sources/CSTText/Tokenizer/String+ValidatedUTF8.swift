extension String {
  /// Text from bytes that must be valid UTF-8: the one door through which the bytes of files become text.
  ///
  /// - Parameters:
  ///   - bytes: the bytes; a byte-order mark stays part of the text.
  ///   - source: what the bytes are, for the error: a file's path, a metadata key.
  /// - Throws: ``TokenizerError`` with reason `invalidUTF8` naming the source and the offset of the first bad byte.
  /// - Complexity: O(n).
  package init(validatedUTF8 bytes: some Collection<UInt8>, from source: String) throws(TokenizerError) {
    if let text = String(validating: bytes, as: UTF8.self) {
      self = text
      return
    }
    var offset = 0
    var decoder = UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    scan: while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let encoded): offset += encoded.count
      case .error, .emptyInput: break scan
      }
    }
    let bad = bytes.dropFirst(offset).first.map { "0x" + String($0, radix: 16, uppercase: true) } ?? "the end"
    throw TokenizerError(
      .invalidUTF8, at: "\(source), byte offset \(offset)",
      "\(bad) does not begin a valid character; convert the text to UTF-8")
  }
}
