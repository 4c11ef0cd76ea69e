import CSTCore
import Foundation

/// The numbers in a JSON text, and whether Foundation keeps their values.
enum JSONNumbers {
  /// A number without its notation: `±digits · 10^exponent`, digits without zeros at either end.
  private struct Value: Equatable {
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

  /// The first number outside texts whose value reading and writing changes, or `nil`.
  ///
  /// In ``CSTCore/JSONValue/decimalRange`` 38 digits are held exactly; any other number must be what the shortest notation
  /// of some `Double` says.
  static func firstInexact(in bytes: Data) -> String? {
    var inString = false
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        inString.toggle()
      } else if inString {
        if byte == UInt8(ascii: "\\") { position += 1 }
      } else if byte == UInt8(ascii: "-") || isDigit(byte) {
        let end = bytes[position...].firstIndex { !isPartOfNumber($0) } ?? bytes.endIndex
        if !isExact(bytes[position..<end]) { return String(decoding: bytes[position..<end], as: UTF8.self) }
        position = end
        continue
      }
      position += 1
    }
    return nil
  }

  private static func isExact(_ text: Data) -> Bool {
    let value = Value(text)
    // What is no number at all is the decoder's to refuse.
    guard let double = Double(String(decoding: text, as: UTF8.self)) else { return true }
    if JSONValue.decimalRange.contains(double.magnitude) { return value.digits.count <= 38 }
    return double.isFinite && Value(double.description.utf8) == value
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isPartOfNumber(_ byte: UInt8) -> Bool {
    isDigit(byte)
      || [UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")]
        .contains(byte)
  }
}
