import Foundation

@testable import CSTText

/// What Scripts/make-template-fixtures.py wrote, and how tests render with it.
enum TemplateFixtures {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/templates")

  struct Conversation: Decodable {
    var messages: [Message]
    var generationPrompt: Bool
  }

  /// One of them is set: the text, the template's own refusal, or how Python failed.
  struct Result: Decodable {
    var text: String?
    var refused: String?
    var failed: String?
  }

  struct Rendered: Decodable {
    var template: String
    var results: [Result]
  }

  struct Snippet: Decodable {
    var source: String
    var text: String?
    var refused: String?
    var failed: String?
  }

  static func conversations() throws -> [Conversation] {
    try JSONDecoder().decode([Conversation].self, from: Data(contentsOf: folder.appending(path: "conversations.json")))
  }

  static func rendered() throws -> [Rendered] { try lines("rendered.jsonl") }

  static func snippets() throws -> [Snippet] { try lines("snippets.jsonl") }

  static func source(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: folder.appending(path: "sources/\(name).jinja")), as: UTF8.self)
  }

  static func names() throws -> [String] { try rendered().map(\.template) }

  /// The snippets' variables, as literals of the language itself.
  static func variables() throws -> [(name: String, value: TemplateValue)] {
    let data = try Data(contentsOf: folder.appending(path: "variables.json"))
    let literals = try JSONDecoder().decode([String: String].self, from: data)
    return try literals.map { name, literal in (name, try value(of: literal)) }
  }

  static func value(of literal: String) throws -> TemplateValue {
    let program = try TemplateParser.parse("{{ \(literal) }}")
    guard case .output(let expression, _) = program.body[0] else { return .none }
    return try TemplateEvaluator(program, date: date).evaluate(expression, in: TemplateScope(parent: nil))
  }

  private static func lines<Row: Decodable>(_ name: String) throws -> [Row] {
    let lines = try Data(contentsOf: folder.appending(path: name)).split(separator: UInt8(ascii: "\n"))
    return try lines.map { try JSONDecoder().decode(Row.self, from: $0) }
  }

  /// The moment the fixtures were rendered at.
  static let date = TemplateDate(year: 2026, month: 3, day: 5, hour: 14, minute: 7, second: 9)

  static let specialTokens = [
    ("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>"),
  ].map { (name: $0.0, spelling: TemplateText($0.1, .template)) }

  /// Renders as the fixtures were rendered: the template as it is, whatever it does with system texts.
  static func render(
    _ program: TemplateProgram, _ messages: [Message], generationPrompt: Bool
  ) throws(ChatTemplateError) -> TemplateText {
    try TemplateEvaluator(program, date: date).render(
      messages, specialTokens: specialTokens, generationPrompt: generationPrompt ? .appended : .omitted)
  }

  /// Renders a template that is not about messages.
  static func render(_ source: String, _ variables: [(name: String, value: TemplateValue)] = [])
    throws(ChatTemplateError) -> TemplateText
  {
    try TemplateEvaluator(try TemplateParser.parse(source), date: date).render(variables)
  }
}
