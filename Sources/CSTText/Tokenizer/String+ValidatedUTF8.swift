extension String {
  /// Text from bytes that must be valid UTF-8: the one door through which the bytes of files become text.
  ///
  /// - Parameters:
  ///   - bytes: the bytes; a byte-order mark stays part of the text.
  ///   - source: what the bytes are, for the error: a file's path, a metadata key.
  /// - Throws: ``TokenizerError`` with reason `invalidUTF8` naming the source and the offset of the first bad byte.
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
