import Foundation

/// A cursor over little-endian bytes in which every length is checked against what remains before it is used.
///
/// It never reads outside `bytes`, whatever the lengths in them say; failures name the file and the offset.
/// The bytes must outlive the reader.
package struct ByteReader {
  package let bytes: UnsafeRawBufferPointer
  package let file: String
  private(set) var offset = 0

  package init(_ bytes: UnsafeRawBufferPointer, file: String) {
    self.bytes = bytes
    self.file = file
  }

  package var remaining: Int { bytes.count - offset }

  /// Throws unless `count` bytes remain.
  @inline(__always) package func require(_ count: Int, _ what: String) throws {
    if count < 0 || count > remaining { throw truncated(what, "\(count) bytes") }
  }

  @inline(__always)
  package mutating func read<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type, _ what: String) throws -> Value
  {
    try require(MemoryLayout<Value>.size, what)
    let value = bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
    offset += MemoryLayout<Value>.size
    return Value(littleEndian: value)
  }

  /// Takes the next `count` bytes without copying them.
  package mutating func readBytes(_ count: Int, _ what: String) throws -> UnsafeRawBufferPointer {
    try require(count, what)
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
  }

  /// Reads a count of things that take at least `minimumSize` bytes each: it can be no larger than what remains allows,
  /// so that nothing is ever allocated on the word of a header alone.
  package mutating func readCount(minimumSize: Int, _ what: String) throws -> Int {
    let start = offset
    let count = try read(UInt64.self, what)
    guard count <= UInt64(remaining / minimumSize) else {
      throw FormatError(
        .truncated, file: file, at: .byte(start),
        expected: "\(what) to fit the \(remaining) bytes that follow", found: "\(count)"
      )
    }
    return Int(count)
  }

  /// Reads UTF-8 text preceded by its length in bytes as a 64-bit number.
  package mutating func readString(limit: Int = .max, _ what: String) throws -> String {
    let start = offset
    let length = try readCount(minimumSize: 1, what)
    guard length <= limit else {
      throw FormatError(
        .limit, file: file, at: .byte(start), expected: "\(what) of at most \(limit) bytes", found: "\(length) bytes")
    }
    let text = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)])
    offset += length
    guard let string = String(exactUTF8: text) else {
      throw FormatError(
        .badSyntax, file: file, at: .byte(start), expected: "\(what) in UTF-8", found: "bytes that are not UTF-8")
    }
    return string
  }

  /// `left * right`, or an error naming what was being sized.
  package func product(_ left: Int, _ right: Int, _ what: String) throws -> Int {
    let (result, overflow) = left.multipliedReportingOverflow(by: right)
    guard !overflow else {
      throw FormatError(
        .overflow, file: file, at: .byte(offset), expected: "the size of \(what) to fit 63 bits",
        found: "\(left) × \(right)")
    }
    return result
  }

  private func truncated(_ what: String, _ expected: String) -> FormatError {
    FormatError(
      .truncated, file: file, at: .byte(offset), expected: "\(expected) of \(what)", found: "\(remaining) left",
      advice: "the file is damaged or was not copied completely")
  }
}
