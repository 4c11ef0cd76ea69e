/// Texts as JSON has them, in the spelling of Python's `json`.
package enum JSONString {
  package static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
      return "\"\(text)\""
    }
    return text.unicodeScalars.reduce(into: "\"") { $0 += escape($1) ?? String($1) } + "\""
  }

  /// What stands for a scalar inside a JSON string, or `nil` where it stands for itself.
  /// - Parameter isASCII: Whether everything beyond ASCII is written as UTF-16 units, as `ensure_ascii` has it.
  package static func escape(_ scalar: Unicode.Scalar, isASCII: Bool = false) -> String? {
    switch scalar {
    case "\"": "\\\""
    case "\\": "\\\\"
    case "\u{8}": "\\b"
    case "\u{c}": "\\f"
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    case _ where scalar.value < 0x20 || isASCII && !scalar.isASCII:
      String(scalar).utf16.reduce(into: "") { escaped, unit in
        let digits = String(unit, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    default: nil
    }
  }
}

extension JSONValue: CustomStringConvertible {
  /// The value on one line, members in order, without white space.
  package var compactText: String { text(indent: nil, isSorted: false) }

  /// The value over several lines, members in order, two spaces a level, as `json.dumps(value, indent=2)`.
  package var indentedText: String { text(indent: "\n", isSorted: false) }

  /// The value on one line with sorted keys, for messages.
  public var description: String { text(indent: nil, isSorted: true) }

  private func text(indent: String?, isSorted: Bool) -> String {
    var text = ""
    write(to: &text, indent: indent, isSorted: isSorted)
    return text
  }

  private func write(to text: inout String, indent: String?, isSorted: Bool) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let number): text += number.text
    case .string(let value): text += JSONString.quoted(value)
    case .array(let elements):
      Self.write(elements, "[", "]", to: &text, indent: indent) { $0.write(to: &$1, indent: $2, isSorted: isSorted) }
    case .object(let members):
      Self.write(isSorted ? members.sorted : Array(members), "{", "}", to: &text, indent: indent) {
        member, text, indent in
        text += JSONString.quoted(member.key) + (indent == nil ? ":" : ": ")
        member.value.write(to: &text, indent: indent, isSorted: isSorted)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item], _ opening: String, _ closing: String, to text: inout String, indent: String?,
    _ write: (Item, inout String, String?) -> Void
  ) {
    text += opening
    let inner = indent.map { $0 + "  " }
    for (index, item) in items.enumerated() {
      text += (index == 0 ? "" : ",") + (inner ?? "")
      write(item, &text, inner)
    }
    text += (items.isEmpty ? "" : indent ?? "") + closing
  }
}
