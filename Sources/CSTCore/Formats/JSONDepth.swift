/// A check to run on JSON of unknown origin before a recursive parser sees it.
///
/// Foundation accepts 512 levels of nesting, and the stack of a worker thread ends before that.
package enum JSONDepth {
  /// Levels that no file of this project's kinds comes near.
  package static let limit = 64

  /// Throws ``FormatError`` (`limit`) where brackets and braces nest more than `limit` deep.
  ///
  /// It looks at nesting only; whether the text is JSON is left to the parser.
  ///
  /// - Complexity: O(bytes); allocates nothing.
  package static func check(_ bytes: some Sequence<UInt8>, limit: Int = limit, file: String) throws {
    var depth = 0
    var inString = false
    var escaped = false
    var offset = 0
    for byte in bytes {
      if inString {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
      } else {
        switch byte {
        case UInt8(ascii: "\""): inString = true
        case UInt8(ascii: "["), UInt8(ascii: "{"):
          depth += 1
          guard depth <= limit else {
            throw FormatError(
              .limit, file: file, at: .byte(offset), expected: "JSON nested at most \(limit) deep",
              found: "deeper nesting"
            )
          }
        case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
        default: break
        }
      }
      offset += 1
    }
  }
}
