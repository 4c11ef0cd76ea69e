/// JSON to be written, its members in a given order, as Python's `json` would write it.
///
/// For files whose readers, or whose readers' people, look at the order; and for keys that Swift takes for equal although
/// they are different bytes, as a vocabulary's may be.
package enum OrderedJSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// A finite number, written as the shortest decimal that rounds to it.
  case number(Float)
  case double(Double)
  case string(String)
  case array([OrderedJSON])
  case object([(String, OrderedJSON)])

  /// The text over several lines, two spaces a level, as `json.dumps(value, indent=2, ensure_ascii=False)`.
  package var text: String {
    var text = ""
    write(to: &text, indent: "\n")
    return text
  }

  private func write(to text: inout String, indent: String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += "\(value)"
    case .double(let value): text += "\(value)"
    case .string(let value): text += Self.quoted(value)
    case .array(let elements):
      Self.write(elements, "[", "]", to: &text, indent: indent) { $0.write(to: &$1, indent: $2) }
    case .object(let members):
      Self.write(members, "{", "}", to: &text, indent: indent) { member, text, indent in
        text += Self.quoted(member.0) + ": "
        member.1.write(to: &text, indent: indent)
      }
    }
  }

  private static func write<Item>(
    _ items: [Item], _ opening: String, _ closing: String, to text: inout String, indent: String,
    _ write: (Item, inout String, String) -> Void
  ) {
    text += opening
    let inner = indent + "  "
    for (index, item) in items.enumerated() {
      text += (index == 0 ? "" : ",") + inner
      write(item, &text, inner)
    }
    text += (items.isEmpty ? "" : indent) + closing
  }

  /// `text` as a JSON string.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{8}": result += "\\b"
      case "\u{c}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
