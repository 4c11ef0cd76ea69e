/// A JSON value of any kind, for the small parts of a file whose structure varies.
package enum JSONPart: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONPart])
  case object([String: JSONPart])

  /// The member of this name; nil where there is none, where it is null or where this is no object.
  package subscript(key: String) -> JSONPart? {
    guard case .object(let members) = self, let member = members[key], member != .null else { return nil }
    return member
  }

  /// The text, or nil where this is another kind of value.
  package var string: String? { if case .string(let text) = self { text } else { nil } }
  /// The truth value, or nil where this is another kind of value.
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The elements, or nil where this is another kind of value.
  package var array: [JSONPart]? { if case .array(let elements) = self { elements } else { nil } }
  /// The members, or nil where this is another kind of value.
  package var object: [String: JSONPart]? { if case .object(let members) = self { members } else { nil } }
  /// The whole number, or nil where this is another kind of value or not whole.
  package var integer: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }

  /// The truth value of a member, false where there is none.
  /// - Throws: What `refusal` makes of the spelling of another kind of value.
  package func flag(_ key: String, refusal: (String) -> FormatError) throws -> Bool {
    guard let member = self[key] else { return false }
    guard let flag = member.bool else { throw refusal("\(member)") }
    return flag
  }
}

extension JSONPart: CustomStringConvertible {
  /// The value as JSON with sorted keys: one spelling for equal values, for messages.
  package var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
    case .string(let text): text.debugDescription
    case .array(let elements): "[" + elements.map(\.description).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.sorted { $0.key < $1.key }.map { "\($0.key.debugDescription):\($0.value)" }.joined(separator: ",")
        + "}"
    }
  }
}
