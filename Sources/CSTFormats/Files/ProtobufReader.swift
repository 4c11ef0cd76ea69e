/// A cursor over one protobuf message in which every length is checked against what remains.
///
/// It reads what the caller asks for, field by field; nothing is built and nothing recurses, so hostile nesting or sizes
/// cost nothing. The bytes must outlive the reader.
package struct ProtobufReader {
  /// The head of a field: its number and how its value is written.
  package struct Field {
    package let number: Int
    fileprivate let wireType: UInt64
    fileprivate let offset: Int
  }

  private let bytes: UnsafeRawBufferPointer
  private let file: String
  /// Where `bytes` begins in the file, for errors.
  private let base: Int
  private var position = 0

  package init(_ bytes: UnsafeRawBufferPointer, file: String, base: Int = 0) {
    self.bytes = bytes
    self.file = file
    self.base = base
  }

  package var count: Int { bytes.count }

  /// The next field's head, or nil at the end. Its value must be read or skipped before the next call.
  package mutating func next() throws -> Field? {
    guard position < bytes.count else { return nil }
    let start = position
    let key = try variable()
    guard key >> 3 > 0, key >> 3 < 1 << 29 else {
      throw error(.badValue, at: start, expected: "a field number from 1 to 2^29", found: "\(key >> 3)")
    }
    return Field(number: Int(key >> 3), wireType: key & 7, offset: start)
  }

  /// An error about a field that a message of this kind does not have.
  package func unknown(_ field: Field, in message: String) -> FormatError {
    error(.badValue, at: field.offset, expected: "a field of \(message)", found: "field \(field.number)")
  }

  /// Reads a number of up to ten bytes, seven bits each.
  fileprivate mutating func variable() throws -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < bytes.count else { throw error(.truncated, at: start, expected: "a number", found: "the end") }
      let byte = UInt64(bytes[position])
      position += 1
      guard shift < 63 || byte < 2 else { break }
      value |= (byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw error(.overflow, at: start, expected: "a number of 64 bits", found: "a longer one")
  }

  fileprivate mutating func take(_ count: UInt64) throws -> ProtobufReader {
    guard count <= UInt64(bytes.count - position) else {
      throw error(.truncated, at: position, expected: "\(count) bytes", found: "\(bytes.count - position) left")
    }
    defer { position += Int(count) }
    return ProtobufReader(
      UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)]), file: file, base: base + position)
  }

  fileprivate var text: String? { String(exactUTF8: bytes) }

  fileprivate var word: UInt32 { UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)) }

  fileprivate func error(
    _ reason: FormatError.Reason, at position: Int, expected: String, found: String
  ) -> FormatError {
    FormatError(reason, file: file, at: .byte(base + position), expected: expected, found: found)
  }
}

extension ProtobufReader.Field {
  private func require(_ type: UInt64, _ what: String, _ reader: ProtobufReader) throws {
    guard wireType == type else {
      throw reader.error(.wrongType, at: offset, expected: "\(what) in field \(number)", found: "wire type \(wireType)")
    }
  }

  /// Reads an embedded message, or bytes.
  package func message(_ reader: inout ProtobufReader) throws -> ProtobufReader {
    try require(2, "bytes", reader)
    return try reader.take(try reader.variable())
  }

  package func text(_ reader: inout ProtobufReader) throws -> String {
    guard let text = try message(&reader).text else {
      throw reader.error(.badSyntax, at: offset, expected: "text in UTF-8", found: "other bytes")
    }
    return text
  }

  package func integer(_ reader: inout ProtobufReader) throws -> Int {
    try require(0, "a number", reader)
    return Int(truncatingIfNeeded: try reader.variable())
  }

  package func float(_ reader: inout ProtobufReader) throws -> Float {
    try require(5, "a single-precision number", reader)
    return Float(bitPattern: try reader.take(4).word)
  }

  package func skip(_ reader: inout ProtobufReader) throws {
    switch wireType {
    case 0: _ = try reader.variable()
    case 1: _ = try reader.take(8)
    case 2: _ = try message(&reader)
    case 5: _ = try reader.take(4)
    default: throw reader.error(.badValue, at: offset, expected: "a wire type of 0, 1, 2 or 5", found: "\(wireType)")
    }
  }
}
