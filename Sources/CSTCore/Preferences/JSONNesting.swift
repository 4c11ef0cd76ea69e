import Foundation

/// A cap on how deeply a JSON text from outside may nest.
///
/// Foundation's decoder recurses and accepts 512 levels; a worker thread's stack can end before that. The check reads
/// each byte once and allocates nothing.
package enum JSONNesting {
  /// More levels than any file of this project has.
  package static let limit = 64

  /// The text nests more deeply than the cap.
  package struct TooDeep: Error, CustomStringConvertible {
    /// Where the first level too many opens, in bytes from the start.
    package let offset: Int
    /// The cap.
    package let limit: Int

    package var description: String {
      "byte \(offset) opens more than \(limit) levels of lists and objects"
    }
  }

  /// - Throws: ``TooDeep`` at the first bracket beyond the cap. Says nothing about whether the text is JSON otherwise.
  package static func check(_ bytes: some Sequence<UInt8>, limit: Int = limit) throws(TooDeep) {
    var depth = 0
    var inString = false
    var escaped = false
    for (offset, byte) in bytes.enumerated() {
      if inString {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): inString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth > limit { throw TooDeep(offset: offset, limit: limit) }
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
  }
}
