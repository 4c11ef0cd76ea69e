import Foundation

/// A cap on how deeply a JSON text from outside may nest.
///
/// Foundation's decoder recurses and accepts 512 levels; a worker thread's stack can end before that. The check reads
/// each byte once and allocates nothing where the bytes are in memory already.
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
    // Bytes in memory are read through a pointer: a generic iterator takes twenty times as long.
    let offset =
      bytes.withContiguousStorageIfAvailable { firstTooDeep(in: $0, limit: limit) }
      ?? Array(bytes).withUnsafeBufferPointer { firstTooDeep(in: $0, limit: limit) }
    if let offset { throw TooDeep(offset: offset, limit: limit) }
  }

  private static func firstTooDeep(in bytes: UnsafeBufferPointer<UInt8>, limit: Int) -> Int? {
    var depth = 0
    var inString = false
    var offset = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      if inString {
        if byte == UInt8(ascii: "\\") {
          offset += 1
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
      } else {
        switch byte {
        case UInt8(ascii: "\""): inString = true
        case UInt8(ascii: "["), UInt8(ascii: "{"):
          depth += 1
          if depth > limit { return offset }
        case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
        default: break
        }
      }
      offset += 1
    }
    return nil
  }
}
