/// A cursor over strict JSON for files whose structure is known: the caller asks for what must come next.
///
/// Nothing is built that the caller does not ask for, so hostile nesting or sizes cost nothing: a bracket in the wrong
/// place, or too deep inside others, is an error at once. Objects refuse repeated keys, which general parsers let pass.
/// The bytes must outlive the reader.
package struct JSONReader {
  /// How deeply lists and objects may nest, here and where Foundation decodes: more than in any file of this project, and
  /// few enough for a worker thread's stack.
  package static let depthLimit = 64

  private let bytes: UnsafeRawBufferPointer
  private let file: String
  /// Where `bytes` begins in the file, for errors.
  private let base: Int
  private let depthLimit: Int
  private var position = 0
  private var depth = 0
  /// How far it has read.
  package var offset: Int { position }

  package init(_ bytes: UnsafeRawBufferPointer, file: String, base: Int = 0, depthLimit: Int = JSONReader.depthLimit) {
    self.bytes = bytes
    self.file = file
    self.base = base
    self.depthLimit = depthLimit
    if base == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// Reads an object; `member` is called after each key and must read the value.
  package mutating func object(_ member: (inout JSONReader, String) throws -> Void) throws {
    try open(UInt8(ascii: "{"))
    defer { depth -= 1 }
    if skip(UInt8(ascii: "}")) { return }
    var keys: Set<ExactText> = []
    repeat {
      guard nextIs("\"") else { throw unexpected("a key in quotation marks", at: position) }
      let key = try string()
      guard keys.insert(ExactText(text: key)).inserted else {
        throw FormatError(.duplicate, file: file, at: .key(key), expected: "every key once", found: "it again")
      }
      try expect(UInt8(ascii: ":"))
      try member(&self, key)
    } while skip(UInt8(ascii: ","))
    guard skip(UInt8(ascii: "}")) else { throw unexpected("',' or '}'", at: position) }
  }

  /// Reads an array; `element` is called once for each element and must read it.
  package mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
    try open(UInt8(ascii: "["))
    defer { depth -= 1 }
    if skip(UInt8(ascii: "]")) { return }
    repeat { try element(&self) } while skip(UInt8(ascii: ","))
    guard skip(UInt8(ascii: "]")) else { throw unexpected("',' or ']'", at: position) }
  }

  /// Reads a whole number that is not negative and fits `Int`.
  package mutating func size() throws -> Int {
    skipSpace()
    let start = position
    var value = 0
    while let byte = peek(), UInt8(ascii: "0") <= byte, byte <= UInt8(ascii: "9") {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !overflow, !carry else {
        throw FormatError(.overflow, file: file, at: .byte(base + start), expected: "a number that fits 63 bits")
      }
      value = sum
      position += 1
    }
    let hasLeadingZero = position > start + 1 && bytes[start] == UInt8(ascii: "0")
    let isFraction = peek().map { [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains($0) } ?? false
    guard position > start, !hasLeadingZero, !isFraction else { throw unexpected("a whole number", at: start) }
    return value
  }

  /// The one value that a file holds.
  package static func value(of file: MappedFile) throws -> JSONValue {
    try withExtendedLifetime(file) {
      if let look = FileLook(file.bytes) {
        throw FormatError(
          .badMagic, file: file.path, expected: "JSON", found: look.name, advice: look.advice)
      }
      var reader = JSONReader(file.bytes, file: file.path)
      let value = try reader.value()
      try reader.end()
      return value
    }
  }

  package mutating func value() throws -> JSONValue {
    skipSpace()
    switch peek() {
    case UInt8(ascii: "{"):
      var members = JSONMembers()
      try object { reader, key in members.append((key, try reader.value())) }
      return .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try array { reader in elements.append(try reader.value()) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t") where skipExactly("true"): return .bool(true)
    case UInt8(ascii: "f") where skipExactly("false"): return .bool(false)
    case UInt8(ascii: "n") where skipExactly("null"): return .null
    default: return .number(try number())
    }
  }

  /// Whether the next value is an object, an array or a text, by its first byte; nothing is read.
  package mutating func nextIs(_ first: Unicode.Scalar) -> Bool {
    skipSpace()
    return peek() == UInt8(ascii: first)
  }

  private mutating func number() throws -> JSONNumber {
    let start = position
    while let byte = peek(), JSONNumber.mayContain(byte) { position += 1 }
    guard let number = JSONNumber(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw unexpected("a JSON value", at: start)
    }
    return number
  }

  static let textEnd = "the end of the JSON text"

  package mutating func end() throws {
    skipSpace()
    guard position == bytes.count else { throw unexpected(Self.textEnd, at: position) }
  }

  package mutating func string() throws -> String {
    try expect(UInt8(ascii: "\""))
    let start = position
    var units: [UInt8]?
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""):
        let raw = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        position += 1
        guard let text = units.map({ $0.withUnsafeBytes { String(exactUTF8: $0) } }) ?? String(exactUTF8: raw) else {
          throw FormatError(
            .badSyntax, file: file, at: .byte(base + start), expected: "text in UTF-8", found: "other bytes")
        }
        return text
      case UInt8(ascii: "\\"):
        if units == nil { units = Array(bytes[start..<position]) }
        position += 1
        units?.append(contentsOf: String(Character(try escape())).utf8)
      case ..<0x20: throw unexpected(JSONSyntaxError.controlFree, at: position)
      default:
        units?.append(byte)
        position += 1
      }
    }
    throw unexpected("the end of a text", at: position)
  }

  /// Reads what follows a backslash.
  private mutating func escape() throws -> Unicode.Scalar {
    let start = position
    let byte = peek()
    position += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try hexadecimal()
      if let scalar = Unicode.Scalar(unit) { return scalar }
      // A character beyond 16 bits is written as a pair of surrogates.
      guard (0xD800..<0xDC00).contains(unit), skipExactly("\\u") else {
        throw unexpected("a pair of surrogates", at: start)
      }
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low),
        let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
      else { throw unexpected("a pair of surrogates", at: start) }
      return scalar
    default:
      position = start
      throw unexpected("an escape sequence", at: start)
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw unexpected("four hexadecimal digits", at: position)
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  // MARK: - Single bytes

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  /// Takes `byte` and the white space before it, if it comes next.
  private mutating func skip(_ byte: UInt8) -> Bool {
    skipSpace()
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipExactly(_ text: StaticString) -> Bool {
    let found = text.withUTF8Buffer { bytes[position...].starts(with: $0) }
    if found { position += text.utf8CodeUnitCount }
    return found
  }

  private mutating func expect(_ byte: UInt8) throws {
    guard skip(byte) else { throw unexpected("'\(Character(Unicode.Scalar(byte)))'", at: position) }
  }

  /// Takes a bracket, one level further in.
  private mutating func open(_ bracket: UInt8) throws {
    try expect(bracket)
    depth += 1
    guard depth <= depthLimit else { throw Self.tooDeep(file: file, offset: base + position - 1, limit: depthLimit) }
  }

  /// The error where a bracket opens one level too many.
  static func tooDeep(file: String, offset: Int, limit: Int = depthLimit) -> FormatError {
    FormatError(
      .limit, file: file, at: .byte(offset), expected: "JSON nested at most \(limit) deep", found: "deeper nesting")
  }

  private func unexpected(_ expected: String, at position: Int) -> FormatError {
    let found = position < bytes.count ? "'\(Character(Unicode.Scalar(bytes[position])))'" : "the end"
    return FormatError(.badSyntax, file: file, at: .byte(base + position), expected: expected, found: found)
  }
}

/// Text that equals only text with the same bytes, where Swift's `==` takes canonically equivalent texts as equal.
private struct ExactText: Hashable {
  let text: String

  static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
