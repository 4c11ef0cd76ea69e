import Foundation

/// A number as a JSON text has it: its notation is kept, and two are equal where their values are.
///
/// `1`, `1.0` and `10e-1` are equal; `-0` and `0` are not, because a `Double` tells them apart.
public struct JSONNumber: Sendable {
  /// The number as JSON writes it.
  public let text: String

  /// The number that a text says, or `nil` where it is none of JSON's, or larger than every `Double`.
  public init?(_ text: String) {
    guard Self.isNumber(text.utf8), Double(text)?.isFinite == true else { return nil }
    self.text = text
  }

  /// A whole number.
  public init(_ value: Int) { text = "\(value)" }

  /// A finite number, as the shortest decimal that rounds to it.
  public init(_ value: some BinaryFloatingPoint & LosslessStringConvertible) { text = "\(value)" }

  /// A decimal number.
  public init(_ value: Decimal) { text = value.description }

  /// The nearest `Double`.
  public var double: Double { Double(text) ?? .nan }

  /// The number, where it is whole and fits.
  public var integer: Int? {
    let value = Value(text.utf8)
    guard value.exponent >= 0, value.digits.count + value.exponent <= 19 else { return nil }
    let digits = value.digits.map(String.init).joined() + String(repeating: "0", count: value.exponent)
    return Int((value.isNegative ? "-" : "") + (digits.isEmpty ? "0" : digits))
  }

  /// The sizes of numbers whose first 38 digits `Decimal` can hold.
  private static let decimalRange = 1e-89..<1e89

  /// `-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?`
  private static func isNumber(_ text: String.UTF8View) -> Bool {
    var rest = text[...]
    func takeDigits() -> Int {
      let digits = rest.prefix { isDigit($0) }.count
      rest.removeFirst(digits)
      return digits
    }
    func take(_ choices: String) -> Bool {
      guard let byte = rest.first, choices.utf8.contains(byte) else { return false }
      rest.removeFirst()
      return true
    }
    _ = take("-")
    let startsWithZero = rest.first == UInt8(ascii: "0")
    let whole = takeDigits()
    guard whole > 0, whole == 1 || !startsWithZero else { return false }
    if take("."), takeDigits() == 0 { return false }
    if take("eE") {
      _ = take("+-")
      guard takeDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Whether a number may go on with this byte.
  package static func mayContain(_ byte: UInt8) -> Bool { isDigit(byte) || "-+.eE".utf8.contains(byte) }
}

extension JSONNumber: Hashable, CustomStringConvertible, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  public init(integerLiteral value: Int) { self.init(value) }
  public init(floatLiteral value: Double) { self.init(value) }

  public static func == (left: Self, right: Self) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8) || Value(left.text.utf8) == Value(right.text.utf8)
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(Value(text.utf8)) }

  /// The number as JSON writes it.
  public var description: String { text }

  /// A number without its notation: `±digits · 10^exponent`, digits without zeros at either end.
  private struct Value: Hashable {
    var isNegative = false
    var digits: [UInt8] = []
    var exponent = 0

    /// - Parameter text: A number as JSON writes it.
    init(_ text: some Sequence<UInt8>) {
      var (isFraction, power, inPower, powerIsNegative) = (false, 0, false, false)
      for byte in text {
        switch byte {
        case UInt8(ascii: "-"):
          if inPower { powerIsNegative = true } else { isNegative = true }
        case UInt8(ascii: "."): isFraction = true
        case UInt8(ascii: "e"), UInt8(ascii: "E"): inPower = true
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
          let digit = byte - UInt8(ascii: "0")
          if inPower {
            power = min(power * 10 + Int(digit), 1 << 40)
          } else {
            if !(digits.isEmpty && digit == 0) { digits.append(digit) }
            if isFraction { exponent -= 1 }
          }
        default: break
        }
      }
      exponent += powerIsNegative ? -power : power
      while digits.last == 0 {
        digits.removeLast()
        exponent += 1
      }
      if digits.isEmpty { exponent = 0 }
    }
  }
}

// MARK: What Foundation keeps of a number

extension JSONNumber: Codable {
  /// Reads a number.
  ///
  /// - Throws: `DecodingError` for what is no number, or too large for a `Double`.
  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    let double = try value.decode(Double.self)
    self = Self.isDecimal(double) ? Self(try value.decode(Decimal.self)) : Self(double)
  }

  /// Writes the number's value in Foundation's notation.
  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    if Self.isDecimal(double), let decimal = Decimal(string: text) {
      try value.encode(decimal)
    } else {
      try value.encode(double)
    }
  }

  private static func isDecimal(_ double: Double) -> Bool {
    decimalRange.contains(double.magnitude) || double.isZero && double.sign == .plus
  }

  /// The first number outside the texts of a JSON text whose value ``init(from:)`` or ``encode(to:)`` changes, or `nil`.
  ///
  /// 38 digits are held exactly where a `Decimal` is large enough; any other number must be what the shortest notation of
  /// some `Double` says.
  package static func firstInexact(in bytes: Data) -> String? {
    var inString = false
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        inString.toggle()
      } else if inString {
        if byte == UInt8(ascii: "\\") { position += 1 }
      } else if byte == UInt8(ascii: "-") || isDigit(byte) {
        let end = bytes[position...].firstIndex { !mayContain($0) } ?? bytes.endIndex
        let text = String(decoding: bytes[position..<end], as: UTF8.self)
        if !isExact(text) { return text }
        position = end
        continue
      }
      position += 1
    }
    return nil
  }

  private static func isExact(_ text: String) -> Bool {
    let value = Value(text.utf8)
    // What is no number at all is the decoder's to refuse.
    guard let double = Double(text) else { return true }
    if decimalRange.contains(double.magnitude) { return value.digits.count <= 38 }
    return double.isFinite && Value(double.description.utf8) == value
  }
}
