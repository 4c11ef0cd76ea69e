/// What is wrong with a value of a file: where in it, and what.
package struct ValueProblem: Error, Hashable, CustomStringConvertible {
  /// The way to the value: `prompt[0].role`; empty for the value itself.
  package var field: String
  package var problem: String

  package init(_ field: String, _ problem: String) { (self.field, self.problem) = (field, problem) }

  /// The same seen from what the value is a part of.
  package func inside(_ outer: String) -> ValueProblem {
    ValueProblem(outer + (field.isEmpty || field.hasPrefix("[") ? field : "." + field), problem)
  }

  package var description: String { field.isEmpty ? problem : "field \"\(field)\": \(problem)" }

  /// A value of another type than was asked for.
  package static func mismatch(_ field: String, expected: String, found value: JSONValue) -> ValueProblem {
    ValueProblem(field, "Expected to decode \(expected) but found \(value.kind)")
  }
}

extension JSONValue {
  /// What kind of value it is, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "bool"
    case .number: "number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// Whether it says nothing: `null`, or an empty text, list or object.
  package var saysNothing: Bool {
    switch self {
    case .null: true
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let members): members.isEmpty
    case .bool, .number: false
    }
  }
}

extension Message {
  private static let foreignRoles: [String: Role] = [
    "developer": .system, "human": .user, "gpt": .assistant, "bot": .assistant,
  ]

  /// Reads `{"role": …, "content": …}`. The content is a text, a list of parts of type text, or `null` beside tool calls;
  /// `from` and `value` are understood as well. Every other key is one of ``fields``.
  package init(json value: JSONValue) throws(ValueProblem) {
    guard case .object(var members) = value else {
      throw .mismatch("", expected: "a message, an object with role and content,", found: value)
    }
    let isForeign = members["role"] == nil && members["from"] != nil
    let (roleKey, contentKey) = isForeign ? ("from", "value") : ("role", "content")
    guard let roleValue = members[roleKey] else { throw ValueProblem(roleKey, "missing") }
    guard let name = roleValue.string else { throw .mismatch(roleKey, expected: "String", found: roleValue) }
    guard let role = Role(rawValue: name) ?? Self.foreignRoles[name] else {
      let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValueProblem(roleKey, "\"\(name.excerpt())\" is not one of \(known) (or developer, which is system)")
    }
    self.role = role
    let content = members[contentKey]
    members[roleKey] = nil
    if isForeign { members[contentKey] = nil }
    switch content {
    case .string(let text)?:
      self.content = text
      members["content"] = nil
    case .array(let parts)?:
      self.content = try Self.text(of: parts, contentKey)
      members["content"] = nil
    case nil, .null?:
      guard !(members["tool_calls"] ?? .null).saysNothing else {
        guard content != nil else { throw ValueProblem(contentKey, "missing") }
        throw .mismatch(contentKey, expected: "String", found: .null)
      }
      self.content = ""
      // Templates tell a content that is null from one that is missing.
      if content == nil { members[Self.absentContent] = true }
    case let other?: throw .mismatch(contentKey, expected: "String", found: other)
    }
    fields = members
  }

  private static func text(of parts: [JSONValue], _ key: String) throws(ValueProblem) -> String {
    var text = ""
    for (position, part) in parts.enumerated() {
      let place = "\(key)[\(position)]"
      if case .string(let own) = part {
        text += own
        continue
      }
      guard let type = part["type"]?.string ?? (part["text"] == nil ? nil : "text") else {
        throw ValueProblem(place, "Expected to decode a part with type and text but found \(part.kind)")
      }
      guard type == "text", let own = part["text"]?.string else {
        throw ValueProblem(place, "a part of type \"\(type.excerpt())\"; only parts of type text can be read")
      }
      text += own
    }
    return text
  }

  /// Stands among ``fields`` where the message has no content at all.
  package static let absentContent = "\u{0}no content"

  /// The message as a file has it.
  package var json: JSONMembers {
    var members: JSONMembers = ["role": .string(role.rawValue)]
    if fields["content"] == nil, fields[Self.absentContent] == nil { members["content"] = .string(content) }
    members += fields.filter { $0.key != Self.absentContent }
    return members
  }

  /// Whether both say the same, byte for byte, in everything.
  package func hasSameBytes(as other: Message) -> Bool {
    role == other.role && content.utf8.elementsEqual(other.content.utf8) && fields == other.fields
  }

  /// Whether the message says nothing: no text, no tool call.
  package var isSilent: Bool {
    content.allSatisfy(\.isWhitespace) && (fields["tool_calls"] ?? .null).saysNothing
  }
}

extension Message: Codable {
  /// Reads a message as files have them: `role`, `content` and whatever else it says.
  ///
  /// - Throws: `DecodingError` naming the field.
  public init(from decoder: any Decoder) throws {
    let value = try JSONValue(from: decoder)
    do throws(ValueProblem) { try self.init(json: value) } catch {
      throw error.decodingError(at: decoder.codingPath)
    }
  }

  /// Writes the form that ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws { try JSONValue.object(json).encode(to: encoder) }
}

extension ValueProblem {
  package func decodingError(at path: [any CodingKey]) -> DecodingError {
    let keys = field.isEmpty ? [] : [AnyKey(stringValue: field)]
    return .dataCorrupted(.init(codingPath: path + keys, debugDescription: problem))
  }
}

extension [Message] {
  /// Reads a list of messages.
  package init(json value: JSONValue, field: String = "") throws(ValueProblem) {
    guard case .array(let elements) = value else {
      throw .mismatch(field, expected: "a list of messages", found: value)
    }
    self = []
    for (position, element) in elements.enumerated() {
      do throws(ValueProblem) { append(try Message(json: element)) } catch {
        throw error.inside("\(field)[\(position)]")
      }
    }
  }
}
