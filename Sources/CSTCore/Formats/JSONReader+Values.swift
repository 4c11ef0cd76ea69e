import Foundation

extension JSONReader {
  /// Reads a value of any kind. It recurses into lists and objects: check the nesting with ``JSONDepth`` first.
  mutating func anyValue() throws -> JSONValue {
    switch next() {
    case UInt8(ascii: "{"):
      var members: [String: JSONValue] = [:]
      try object { reader, key in members[key] = try reader.anyValue() }
      return .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try array { reader in elements.append(try reader.anyValue()) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return try number()
    }
  }

  private mutating func literal(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    guard skipExactly(word) else { throw unexpected("a JSON value", at: position) }
    return value
  }

  /// Reads a number within what a `Double` can hold.
  private mutating func number() throws -> JSONValue {
    let start = position
    let text = take { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
    }
    guard Self.isNumber(text) else { throw unexpected("a JSON value", at: start) }
    guard let double = Double(text), double.isFinite else {
      throw unexpected("a number that is not too large", at: start)
    }
    let isDecimal = JSONValue.decimalRange.contains(double.magnitude) || double == 0
    guard isDecimal, let decimal = Decimal(string: text) else { return .double(double) }
    return .number(decimal)
  }

  /// Whether a text follows JSON's grammar of numbers: `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?`.
  private static func isNumber(_ text: String) -> Bool {
    var rest = Substring(text).utf8
    func skip(_ choices: String) -> Bool {
      guard let first = rest.first, choices.utf8.contains(first) else { return false }
      rest = rest.dropFirst()
      return true
    }
    func skipDigits() -> Bool {
      let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
      rest = rest.dropFirst(count)
      return count > 0
    }
    _ = skip("-")
    guard skip("0") || skipDigits() else { return false }
    if skip("."), !skipDigits() { return false }
    if skip("eE") {
      _ = skip("+-")
      guard skipDigits() else { return false }
    }
    return rest.isEmpty
  }
}
