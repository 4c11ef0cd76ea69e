import Foundation

/// A number as a JSON text has it: its notation is kept, and two are equal where their values are.
///
/// `1`, `1.0` and `10e-1` are equal; `-0` and `0` are not, because a `Double` tells them apart.
public struct JSONNumber: Sendable {
  /// The number as JSON writes it.
  public let text: String

  /// The number that a text says, or `nil` where it is none of JSON's, or larger than every `Double`.
  public init?(_ text: String) {
    let grammar = /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/
    guard text.wholeMatch(of: grammar) != nil, Double(text)?.isFinite == true else { return nil }
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
    let value = Value(text)
    guard (0...18).contains(value.exponent) else { return nil }
    return Int((value.isNegative ? "-0" : "0") + value.digits + String(repeating: "0", count: value.exponent))
  }

  /// The sizes of numbers whose first 38 digits `Decimal` can hold.
  private static let decimalRange = 1e-89..<1e89

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Whether a number may go on with this byte.
  package static func mayContain(_ byte: UInt8) -> Bool { isDigit(byte) || "-+.eE".utf8.contains(byte) }
}

extension JSONNumber: Hashable, CustomStringConvertible, ExpressibleByFloatLiteral {
  /// A number written in the source.
  public init(floatLiteral value: Double) { self.init(value) }

  /// Whether both have the same value.
  public static func == (left: Self, right: Self) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8) || Value(left.text) == Value(right.text)
  }

  /// Adds the value.
  public func hash(into hasher: inout Hasher) { hasher.combine(Value(text)) }
  /// The number as JSON writes it.
  public var description: String { text }

  /// A number without its notation: `±digits · 10^exponent`, digits without zeros at either end.
  private struct Value: Hashable {
    let isNegative: Bool
    let digits: String
    let exponent: Int

    /// - Parameter text: A number as JSON writes it.
    init(_ text: String) {
      let parts = text.split { $0 == "e" || $0 == "E" }
      let mantissa = (parts.first ?? "").drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
      let significant = mantissa.joined().drop { $0 == "0" }
      let zeros = significant.reversed().prefix { $0 == "0" }.count
      let limit = 1 << 40
      let power = parts.count < 2 ? 0 : Int(parts[1]) ?? (parts[1].hasPrefix("-") ? -limit : limit)
      isNegative = text.hasPrefix("-")
      digits = String(significant.dropLast(zeros))
      let fraction = mantissa.count < 2 ? 0 : mantissa[1].count
      exponent = digits.isEmpty ? 0 : min(max(power, -limit), limit) + zeros - fraction
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
    var inexact: String?
    var end = bytes.startIndex
    _ = bytes.firstOutsideTexts { position, byte in
      guard position >= end, byte == UInt8(ascii: "-") || isDigit(byte) else { return false }
      end = bytes[position...].firstIndex { !mayContain($0) } ?? bytes.endIndex
      let text = String(decoding: bytes[position..<end], as: UTF8.self)
      if !isExact(text) { inexact = text }
      return inexact != nil
    }
    return inexact
  }

  private static func isExact(_ text: String) -> Bool {
    // What is no number at all is the decoder's to refuse.
    guard let double = Double(text) else { return true }
    let value = Value(text)
    if decimalRange.contains(double.magnitude) { return value.digits.count <= 38 }
    return double.isFinite && Value(double.description) == value
  }
}
