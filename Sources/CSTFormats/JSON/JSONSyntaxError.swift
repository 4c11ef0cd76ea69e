import Foundation

/// Where a text stops being JSON, for a person: line, column, what was expected, what is there, and the way out.
package struct JSONSyntaxError: Error, Sendable, CustomStringConvertible {
  /// The line, counted from 1.
  package let line: Int
  /// The character in the line, counted from 1.
  package let column: Int
  /// Whether only the depth of lists and objects is at fault.
  package let isTooDeep: Bool
  private let expected: String
  private let found: String
  private let advice: String

  package var description: String {
    let problem = isTooDeep ? "" : "not valid JSON: "
    return "\(problem)line \(line), column \(column): expected \(expected); found \(found)"
      + (advice.isEmpty ? "" : "; \(advice)")
  }

  /// The one value of a text.
  /// - Parameter line: The line on which the text begins.
  package static func value(
    of bytes: UnsafeRawBufferPointer, line: Int = 1, depthLimit: Int = JSONReader.depthLimit
  ) throws(JSONSyntaxError) -> JSONValue {
    var reader = JSONReader(bytes, file: "", depthLimit: depthLimit)
    do {
      let value = try reader.value()
      try reader.end()
      return value
    } catch {
      throw JSONSyntaxError(error as? FormatError, bytes, reader.offset, firstLine: line)
    }
  }

  private init(_ error: FormatError?, _ bytes: UnsafeRawBufferPointer, _ reached: Int, firstLine: Int) {
    var offset = reached
    if case .byte(let place)? = error?.place { offset = place }
    let before = bytes[..<min(offset, bytes.count)]
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    line = firstLine + before.count { $0 == UInt8(ascii: "\n") }
    column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
    isTooDeep = error?.reason == .limit
    let rest = String(decoding: bytes[before.endIndex...].prefix(48), as: UTF8.self)
    if error?.reason == .duplicate, case .key(let key)? = error?.place {
      expected = "every key once"
      found = "the key \(JSONString.quoted(key)) again"
      advice = "some programs take the first and some the last: leave one of them out"
    } else {
      expected = error?.expected ?? "JSON"
      found = isTooDeep ? error?.found ?? "" : Self.name(of: rest)
      advice = isTooDeep ? "" : Self.advice(on: rest, after: before, expected: expected)
    }
  }

  /// What stands at the beginning of a text.
  private static func name(of rest: String) -> String {
    guard let first = rest.unicodeScalars.first else { return "the end" }
    if first.value < 0x20 || first.value == 0x7F {
      let digits = String(first.value, radix: 16, uppercase: true)
      return "the control character U+" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
    return "'\(word.isEmpty ? String(first) : String(word.prefix(24)))'"
  }

  private static func advice(
    on rest: String, after before: Slice<UnsafeRawBufferPointer>, expected: String
  ) -> String {
    let last = before.last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    switch rest {
    case _ where rest.hasPrefix("NaN") || rest.hasPrefix("Infinity") || rest.hasPrefix("-Infinity"):
      return "JSON has no such number: write null, or leave the key out"
    case _ where rest.hasPrefix("None") || rest.hasPrefix("True") || rest.hasPrefix("False") || rest.hasPrefix("'"):
      return "this is how Python prints values, which is not JSON: write them with json.dumps"
    case _ where rest.hasPrefix("//") || rest.hasPrefix("/*") || rest.hasPrefix("#"): return "JSON has no comments"
    case _ where rest.first.map { "\u{201C}\u{201D}\u{201E}".contains($0) } ?? false:
      return "write plain quotation marks"
    case _ where expected == controlFree: return "inside a text write \\t, \\n or \\u00XX for it"
    case _ where (rest.hasPrefix("}") || rest.hasPrefix("]")) && last == UInt8(ascii: ","):
      return "remove the comma before it"
    case _ where rest.hasPrefix(",") && expected == JSONReader.textEnd:
      return
        "rows stand on lines by themselves: remove the commas at the ends of lines, or put [ and ] around all of them"
    case "" where before.isEmpty: return ""
    case "": return "the text was cut, or goes on in another line"
    default: return ""
    }
  }

  static let controlFree = "a text without control characters"
}
