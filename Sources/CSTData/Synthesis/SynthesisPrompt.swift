import CSTCore
import Foundation

/// A prompt to generate a row of preference data for.
public struct SynthesisPrompt: Hashable, Sendable {
  /// The conversation up to the answer, oldest first, without a system message. The last message is the user's.
  public var messages: [Message]
  /// Whether every configuration should give the same good answer.
  public var isNeutral: Bool
  /// A label that is copied to the row.
  public var task: String?

  /// Creates a prompt.
  ///
  /// - Precondition: `messages` ends with a user's message and has no system message.
  public init(messages: [Message], isNeutral: Bool = false, task: String? = nil) {
    precondition(
      messages.last?.role == .user && !messages.contains { $0.role == .system },
      "SynthesisPrompt: a prompt ends with the user's message and has no system message")
    self.messages = messages
    self.isNeutral = isNeutral
    self.task = task
  }

  /// A single question.
  public init(_ question: String, isNeutral: Bool = false, task: String? = nil) {
    self.init(messages: [.user(question)], isNeutral: isNeutral, task: task)
  }

  /// The user's last message.
  public var question: String { messages.last?.content ?? "" }

  /// All turns together, for comparing prompts.
  var text: String { messages.map(\.content).joined(separator: "\n") }
}

extension SynthesisPrompt: Codable {
  private enum Key: String, CodingKey { case prompt, configuration, task }

  /// Reads `{"prompt": text or list of messages, "configuration": "*" where neutral, "task": …}`, the last two optional.
  /// Other keys are left alone, so that rows of preference data can be read for their prompts; a system message at the
  /// start of the prompt is dropped, because the policy brings its own.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let value = try JSONValue(from: decoder)
    do throws(ValueProblem) { try self.init(row: value) } catch { throw error.decodingError(at: decoder.codingPath) }
  }

  init(row value: JSONValue) throws(ValueProblem) {
    guard let members = value.object else {
      throw .mismatch("", expected: "a row, an object with prompt,", found: value)
    }
    guard let prompt = value["prompt"] else {
      throw ValueProblem("prompt", ColumnHint.advice(onMissing: "prompt", in: members))
    }
    var messages =
      if let text = prompt.string { [Message.user(text)] } else { try [Message](json: prompt, field: "prompt") }
    if messages.first?.role == .system { messages.removeFirst() }
    guard messages.last?.role == .user, !messages.contains(where: { $0.role == .system }) else {
      throw ValueProblem(
        "prompt", "the prompt must end with the user's message and have no system message after the first")
    }
    guard messages.last?.content.isBlank == false else { throw ValueProblem("prompt", "the prompt is empty") }
    self.messages = messages
    isNeutral = try Self.text("configuration", of: value) == PreferencePair.everyConfigurationMark
    task = try Self.text("task", of: value)
  }

  private static func text(_ key: String, of row: JSONValue) throws(ValueProblem) -> String? {
    guard let value = row[key] else { return nil }
    guard let text = value.string else { throw .mismatch(key, expected: "String", found: value) }
    return text
  }

  /// Writes the form that ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    if messages.count == 1 {
      try fields.encode(question, forKey: .prompt)
    } else {
      try fields.encode(messages, forKey: .prompt)
    }
    if isNeutral { try fields.encode(PreferencePair.everyConfigurationMark, forKey: .configuration) }
    try fields.encodeIfPresent(task, forKey: .task)
  }
}

extension [SynthesisPrompt] {
  /// Reads prompts: a `.txt` file with one question a line, or rows of JSON as ``SynthesisPrompt/init(from:)`` takes them,
  /// as JSONL, as one list or as a table. Blank lines are no prompts.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - columns: Which column holds the prompt, where there are rows.
  /// - Throws: ``DatasetError`` naming the file, the line and the field of the first row that cannot be read.
  public init(contentsOf file: URL, columns: ColumnNames = .usual) throws(DatasetError) {
    let data = try Data(mapping: file).unpacked(from: file)
    if file.pathExtension.lowercased() == "txt" {
      let bytes = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw DatasetError(reason: .invalidUTF8, file: file, detail: "the file is not UTF-8 text")
      }
      self = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty }.map { SynthesisPrompt($0) }
    } else {
      let rows = try RowDecoder(data, from: file, columns: columns)
      self = try rows.all { row throws(RowDecoder.Problem) in
        let value = try rows.value(at: row)
        do throws(ValueProblem) { return try SynthesisPrompt(row: value) } catch {
          throw RowDecoder.Problem(reason: .malformedRow, line: rows.line(of: row), detail: error.description)
        }
      }
    }
  }
}
