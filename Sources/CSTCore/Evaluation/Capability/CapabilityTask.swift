import Foundation

/// Something that a model can do and should still do after tuning: questions to choose an answer to, text to predict, or
/// prompts that the base model answers.
///
/// ```swift
/// let tasks = try files.map { try CapabilityTask(contentsOf: $0) }
/// let report = try await CapabilityEvaluation().run(on: tuned, over: tasks)
/// ```
public struct CapabilityTask: Hashable, Sendable {
  /// What is measured.
  @nonexhaustive
  public enum Content: Hashable, Sendable {
    /// How many questions are answered rightly.
    case multipleChoice([MultipleChoiceQuestion])
    /// How well a text is predicted.
    case text(String)
    /// How far the model has moved from what the base model replies.
    case prompts([Prompt])
  }

  /// A conversation up to a reply.
  public struct Prompt: Hashable, Sendable {
    /// The conversation, oldest first; the last message is the user's.
    public let messages: [Message]
    private var uncomparedPlace = Uncompared<RowPlace?>(value: nil)

    /// Where it was read, if that is known; no part of what makes prompts equal.
    public var place: RowPlace? {
      get { uncomparedPlace.value }
      set { uncomparedPlace.value = newValue }
    }

    /// Creates a prompt. Traps unless the last message is the user's.
    public init(_ messages: [Message]) {
      require(messages.last?.role == .user, "the last message of a prompt is the user's")
      self.messages = messages
    }
  }

  /// What reports call it.
  public var name: String
  /// What is measured.
  public let content: Content

  /// Creates a task. Traps where there is nothing in it to measure.
  public init(named name: String, _ content: Content) {
    let isEmpty =
      switch content {
      case .multipleChoice(let questions): questions.isEmpty
      case .text(let text): text.isEmpty
      case .prompts(let prompts): prompts.isEmpty
      }
    require(!isEmpty, "there is nothing to measure in \(name)")
    self.name = name
    self.content = content
  }

  /// Reads a `.jsonl` file of questions or of prompts, or a `.txt` file. The file's name becomes the task's.
  ///
  /// - Questions: `{"question": …, "options": […], "answer": …}`, the answer as the option's text, its letter from A or its
  ///   number from 0; `"context"` instead of `"question"` where the text before the options is to be taken as it is.
  ///   `"id"` and `"subject"` are optional texts.
  /// - Prompts: `{"prompt": …}`, a text or a list of messages; `"id"`, `"subject"` and `"task"` may stand beside it.
  /// - Throws: `FormatError` naming the file, the line, what was expected and what was found.
  public init(contentsOf file: URL) throws {
    switch file.pathExtension.lowercased() {
    case "jsonl":
      let reader = try CapabilityRows(contentsOf: file)
      self.init(named: file.lastPathComponent, try reader.content())
    case "txt": self.init(named: file.lastPathComponent, .text(try CapabilityRows.text(of: file)))
    case let other:
      throw FormatError(
        .unsupportedType, file: file.path, expected: "a .jsonl file of questions or prompts, or a .txt file",
        found: other.isEmpty ? "a name without an extension" : ".\(other)")
    }
  }
}
