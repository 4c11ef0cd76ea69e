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
    let fields = try decoder.container(keyedBy: Key.self)
    var messages: [Message]
    if let text = try? fields.decode(String.self, forKey: .prompt) {
      messages = [.user(text)]
    } else {
      messages = try fields.decode([Message].self, forKey: .prompt)
    }
    if messages.first?.role == .system { messages.removeFirst() }
    guard messages.last?.role == .user, !messages.contains(where: { $0.role == .system }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .prompt, in: fields,
        debugDescription: "the prompt must end with the user's message and have no system message after the first")
    }
    guard messages.last?.content.isBlank == false else {
      throw DecodingError.dataCorruptedError(forKey: .prompt, in: fields, debugDescription: "the prompt is empty")
    }
    self.messages = messages
    isNeutral = try fields.decodeIfPresent(String.self, forKey: .configuration) == PreferencePair.everyConfigurationMark
    task = try fields.decodeIfPresent(String.self, forKey: .task)
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
  /// as JSONL or as one list. Blank lines are no prompts.
  ///
  /// - Throws: ``DatasetError`` naming the file, the line and the field of the first row that cannot be read.
  public init(contentsOf file: URL) throws(DatasetError) {
    let data = try Data(mapping: file)
    if file.pathExtension.lowercased() == "txt" {
      guard let text = String(validating: data, as: UTF8.self) else {
        throw DatasetError(reason: .invalidUTF8, file: file, detail: "the file is not UTF-8 text")
      }
      self = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty }.map { SynthesisPrompt($0) }
    } else {
      let rows = RowDecoder(data, from: file)
      self = try rows.all { row throws(RowDecoder.Problem) in try rows.value(SynthesisPrompt.self, at: row) }
    }
  }
}
