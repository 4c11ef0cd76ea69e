/// A row's fields on the way to a ``PreferencePair``, whichever form it has: with `null` counted as absent, and the prompt
/// drawn out of answers that begin with it.
struct RowFields {
  let members: JSONMembers
  private(set) var prompt: [Message]?
  private(set) var chosen: Message?
  private(set) var rejected: Message?

  init(_ members: JSONMembers) throws(ValueProblem) {
    self.members = members
    guard self["answers"] == nil, let chosen = self["chosen"], let rejected = self["rejected"] else { return }
    if case (.array(let first), .array(let second)) = (chosen, rejected) {
      let areWhole = min(first.count, second.count) > 1
      guard self["prompt"] == nil || self["prompt"]?.string != nil && areWhole else { return }
      try drawPrompt(
        outOf: [Message](json: chosen, field: "chosen"), [Message](json: rejected, field: "rejected"))
    } else if self["prompt"] == nil, let first = chosen.string.flatMap(Self.transcript(of:)),
      let second = rejected.string.flatMap(Self.transcript(of:))
    {
      try drawPrompt(outOf: first, second)
    }
  }

  subscript(key: String) -> JSONValue? { members[key].flatMap { $0 == .null ? nil : $0 } }

  func text(_ key: String) throws(ValueProblem) -> String? {
    guard let value = self[key] else { return nil }
    guard let text = value.string else { throw .mismatch(key, expected: "String", found: value) }
    return text
  }

  /// One text, or messages.
  func messages(_ key: String, as role: Message.Role) throws(ValueProblem) -> [Message] {
    switch self[key] {
    case nil: throw ValueProblem(key, ColumnHint.advice(onMissing: key, in: members))
    case .string(let text)?: return [Message(role: role, content: text)]
    case .array?: return try [Message](json: self[key] ?? .null, field: key)
    case .object?:
      do throws(ValueProblem) { return [try Message(json: self[key] ?? .null)] } catch { throw error.inside(key) }
    case let value?:
      throw ValueProblem(key, "Expected to decode String but found \(value.kind) instead. A list of messages would do.")
    }
  }

  /// Takes the messages that both conversations begin with for the prompt, as TRL does.
  private mutating func drawPrompt(outOf first: [Message], _ second: [Message]) throws(ValueProblem) {
    let shared = zip(first, second).prefix { $0.hasSameBytes(as: $1) }.count
    let count = min(shared, max(0, min(first.count, second.count) - 1))
    guard count > 0 else {
      throw ValueProblem(
        "prompt",
        self["prompt"] == nil
          ? "missing; and \"chosen\" and \"rejected\" do not begin with the same messages, which would be the prompt"
          : "\"chosen\" and \"rejected\" have several messages and do not begin with the same ones")
    }
    for (key, rest) in [("chosen", first[count...]), ("rejected", second[count...])] where rest.count != 1 {
      throw ValueProblem(
        key,
        "the two conversations part at message \(count), and \(rest.count) messages follow there; expected one message of "
          + "the assistant: they must differ in the last answer only")
    }
    if let text = self["prompt"]?.string, !first[..<count].contains(where: { $0.content.trimmed == text.trimmed }) {
      throw ValueProblem(
        "prompt",
        "contradicts the rest of the row: no message that \"chosen\" and \"rejected\" begin with says it; leave one of the "
          + "two out")
    }
    prompt = Array(first[..<count])
    (chosen, rejected) = (first[count], second[count])
  }

  private static let marks: [(text: String, role: Message.Role)] = [
    ("\n\nHuman:", .user), ("\n\nAssistant:", .assistant),
  ]

  /// The turns of a text that marks them as HH-RLHF does: `Human: …` and `Assistant: …` after empty lines.
  private static func transcript(of text: String) -> [Message]? {
    let marked = "\n\n" + text.drop { $0.isNewline }
    guard marked.hasPrefix("\n\nHuman:"), marked.contains("\n\nAssistant:") else { return nil }
    var turns: [Message] = []
    var rest = marked[...]
    while let (mark, role) = Self.marks.first(where: { rest.hasPrefix($0.text) }) {
      rest = rest.dropFirst(mark.count)
      let ends: [Substring.Index] = marks.compactMap { rest.firstRange(of: $0.text)?.lowerBound }
      let end = ends.min() ?? rest.endIndex
      turns.append(Message(role: role, content: String(rest[..<end]).trimmed))
      rest = rest[end...]
    }
    return turns
  }
}

extension String {
  /// The text without white space at its ends.
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
