import CSTCore

/// Which columns of a dataset hold the fields of a row, where they have other names: `prompt=question,chosen=accepted`.
///
/// A field may be read from several columns, whose texts stand under each other (`prompt=instruction+input`, empty ones left
/// out), and the answer for a configuration from one of its own (`answers.cautious=safe_answer`).
public struct ColumnNames: Hashable, Sendable, LosslessStringConvertible {
  private struct Choice: Hashable, Sendable {
    let field: String
    let column: String
  }

  private let choices: [Choice]

  private static let fields = ["prompt", "chosen", "rejected", "system", "configuration", "task", "tools"]
  private static let answersPrefix = "answers."

  /// The names that fields have anyway.
  public static let usual = ColumnNames(choices: [])

  private init(choices: [Choice]) { self.choices = choices }

  /// Reads `FIELD=COLUMN,…`; `nil` where the text is none, or names a field twice or that rows do not have.
  public init?(_ text: String) {
    var choices: [Choice] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1).map { String($0).trimmed }
      guard sides.count == 2, !sides[1].isEmpty, !choices.contains(where: { $0.field == sides[0] }),
        Self.fields.contains(sides[0])
          || sides[0].hasPrefix(Self.answersPrefix) && sides[0].count > Self.answersPrefix.count
      else { return nil }
      choices.append(Choice(field: sides[0], column: sides[1]))
    }
    guard !choices.isEmpty else { return nil }
    self.choices = choices
  }

  /// The text that is read as these names; empty for the usual ones.
  public var description: String { choices.map { "\($0.field)=\($0.column)" }.joined(separator: ",") }

  /// A row with its fields under their own names.
  func applied(to row: JSONValue) throws(ValueProblem) -> JSONValue {
    guard !choices.isEmpty, let members = row.object else { return row }
    var used: Set<String> = []
    var values: [(field: String, value: JSONValue)] = []
    for choice in choices {
      guard let found = try value(of: choice, in: members, &used) else { continue }
      values.append((choice.field, found))
    }
    var result = members
    for column in used { result[column] = nil }
    var answers = JSONMembers()
    for (field, value) in values {
      let name = field.hasPrefix(Self.answersPrefix) ? "answers" : field
      guard (result[name] ?? .null) == .null else {
        throw ValueProblem(
          name, "the row has this column and --columns reads it from another: leave one of the two out")
      }
      if name == field { result[field] = value } else { answers[String(field.dropFirst(8))] = value }
    }
    if !answers.isEmpty { result["answers"] = .object(answers) }
    return .object(result)
  }

  private func value(
    of choice: Choice, in members: JSONMembers, _ used: inout Set<String>
  ) throws(ValueProblem) -> JSONValue? {
    if let value = members[choice.column] {
      used.insert(choice.column)
      return value == .null ? nil : value
    }
    let columns = choice.column.split(separator: "+").map { String($0).trimmed }
    guard columns.count > 1, columns.allSatisfy({ members[$0] != nil }) else {
      // A row need not have what is optional.
      if ["system", "configuration", "task", "tools"].contains(choice.field) { return nil }
      let keys = members.keys.map { $0.excerpt(24) }.prefix(8).joined(separator: ", ")
      throw ValueProblem(
        choice.field, "missing; --columns reads it from \"\(choice.column.excerpt())\", and the row has \(keys)")
    }
    var texts: [String] = []
    for column in columns {
      let value = members[column] ?? .null
      guard value == .null || value.string != nil else {
        throw .mismatch(column, expected: "String", found: value)
      }
      used.insert(column)
      if let text = value.string, !text.isEmpty { texts.append(text) }
    }
    return .string(texts.joined(separator: "\n"))
  }
}
