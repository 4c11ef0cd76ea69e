import Foundation

/// The rows of a file that capability is measured on.
struct CapabilityRows {
  private let rows: [CapabilityRow]

  /// Reads a file with a JSON object on every line; blank lines are no rows.
  /// - Throws: `FormatError`.
  init(contentsOf file: URL) throws {
    let mapping = try MappedFile(contentsOf: file)
    let hasMark = mapping.bytes.starts(with: [0xEF, 0xBB, 0xBF])
    let lines = mapping.bytes[(hasMark ? 3 : 0)...].split(separator: 0x0A, omittingEmptySubsequences: false)
    var rows: [CapabilityRow] = []
    for (index, line) in lines.enumerated() where !line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) {
      let place = RowPlace(file: file, line: index + 1, row: rows.count)
      rows.append(try CapabilityRow(UnsafeRawBufferPointer(rebasing: line), at: place))
    }
    guard !rows.isEmpty else {
      throw FormatError(.missing, file: file.path, expected: "a question or a prompt", found: "blank lines alone")
    }
    self.rows = rows
  }

  /// What the rows are by the first one's keys.
  /// - Throws: `FormatError`.
  func content() throws -> CapabilityTask.Content {
    let first = rows[0]
    if first.has("options") || first.has("question") || first.has("context") {
      return .multipleChoice(try rows.map { try $0.question() })
    }
    guard first.has("prompt") else {
      throw first.error(
        .missing, expected: "the keys \"question\", \"options\" and \"answer\", or the key \"prompt\"",
        found: first.keyList)
    }
    return .prompts(try rows.map { try $0.prompt() })
  }

  /// The text of a whole file.
  /// - Throws: `FormatError`.
  static func text(of file: URL) throws -> String {
    let mapping = try MappedFile(contentsOf: file)
    guard let text = String(exactUTF8: mapping.textBytes) else {
      let before = mapping.bytes[..<(mapping.bytes.firstInvalidUTF8 ?? 0)]
      throw FormatError(
        .badSyntax, file: file.path, at: .line(1 + before.count { $0 == 0x0A }), expected: "UTF-8 text",
        found: "byte \(before.count) that is none")
    }
    guard !text.isBlank else {
      throw FormatError(.missing, file: file.path, expected: "text", found: "white space alone")
    }
    return text
  }
}

/// One row: an object, and where it stands.
struct CapabilityRow {
  private let place: RowPlace
  private let members: JSONMembers

  /// - Throws: `FormatError` where the line is no JSON object.
  init(_ line: UnsafeRawBufferPointer, at place: RowPlace) throws {
    self.place = place
    do {
      var reader = JSONReader(line, file: place.file.path)
      let value = try reader.value()
      try reader.end()
      members = value.object ?? [:]
      guard value.object != nil else {
        throw FormatError(.wrongType, file: place.file.path, expected: "a JSON object", found: "\(value)")
      }
    } catch let error as FormatError {
      let detail = "\(error.place)".isEmpty ? "" : "\(error.place) of the line"
      throw FormatError(
        error.reason, file: error.file, at: .line(place.line), expected: error.expected, found: error.found,
        advice: detail)
    }
  }

  func has(_ key: String) -> Bool { members[key] != nil }

  /// The row's keys, for messages.
  var keyList: String { members.isEmpty ? "an empty object" : members.keys.map { "\"\($0)\"" }.joined(separator: ", ") }

  func error(_ reason: FormatError.Reason, expected: String, found: String) -> FormatError {
    FormatError(reason, file: place.file.path, at: .line(place.line), expected: expected, found: found)
  }

  // MARK: Rows

  /// - Throws: `FormatError`.
  func question() throws -> MultipleChoiceQuestion {
    try allow(["question", "context", "options", "answer", "id", "subject"])
    guard has("question") != has("context") else {
      throw error(
        has("question") ? .duplicate : .missing, expected: "either \"question\" or \"context\"",
        found: has("question") ? "both" : keyList)
    }
    let context =
      has("context") ? try text("context") : MultipleChoiceQuestion.context(of: try text("question"))
    let options = try options()
    var question = MultipleChoiceQuestion(
      context: context, options: options, answer: try answer(among: options), id: try label("id"),
      subject: try label("subject"))
    question.place = place
    return question
  }

  /// - Throws: `FormatError`.
  func prompt() throws -> CapabilityTask.Prompt {
    try allow(["prompt", "id", "subject", "task"])
    for key in ["id", "subject", "task"] { _ = try label(key) }
    let messages: [Message] =
      if let list = members["prompt"]?.array {
        try list.map { try message($0) }
      } else {
        [.user(try text("prompt", expected: "a text or a list of messages"))]
      }
    guard messages.last?.role == .user else {
      throw error(
        .badValue, expected: "\"prompt\" to end with the user's message",
        found: messages.last.map { "the \($0.role.rawValue)'s" } ?? "no message")
    }
    var prompt = CapabilityTask.Prompt(messages)
    prompt.place = place
    return prompt
  }

  private func message(_ value: JSONValue) throws -> Message {
    guard let object = value.object, Set(object.keys) == ["role", "content"],
      let role = object["role"]?.string.flatMap(Message.Role.init(rawValue:)),
      let content = object["content"]?.string, !content.isBlank
    else {
      throw error(
        .badValue, expected: "messages {\"role\": \"system\", \"user\" or \"assistant\", \"content\": a text}",
        found: "\(value)")
    }
    return Message(role: role, content: content)
  }

  private func options() throws -> [String] {
    let expected = "\"options\" to be a list of two texts or more, none blank and all different"
    guard let value = members["options"] else { throw error(.missing, expected: expected, found: keyList) }
    guard let list = value.array else { throw error(.wrongType, expected: expected, found: "\(value)") }
    guard list.count >= 2 else { throw error(.badValue, expected: expected, found: "a list of \(list.count)") }
    var options: [String] = []
    for option in list {
      guard let text = option.string else { throw error(.wrongType, expected: expected, found: "\(option)") }
      guard !text.isBlank else { throw error(.badValue, expected: expected, found: "the option \(option)") }
      guard !options.contains(text) else { throw error(.duplicate, expected: expected, found: "\(option) twice") }
      options.append(text)
    }
    return options
  }

  /// An option's text, its letter or its number.
  private func answer(among options: [String]) throws -> Int {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ".prefix(options.count)).map(String.init)
    let expected =
      "\"answer\" to be an option's text, a letter from A to \(letters.last ?? "A") or a whole number from 0 to "
      + "\(options.count - 1)"
    guard let value = members["answer"] else { throw error(.missing, expected: expected, found: keyList) }
    if let number = value.integer {
      guard options.indices.contains(number) else { throw error(.badValue, expected: expected, found: "\(number)") }
      return number
    }
    guard let text = value.string else { throw error(.wrongType, expected: expected, found: "\(value)") }
    let (asText, asLetter) = (options.firstIndex(of: text), letters.firstIndex(of: text))
    if let asText, let asLetter, asText != asLetter {
      throw error(
        .badValue, expected: "an answer with one meaning",
        found: "\(value), which is option \(asText) and the letter of option \(asLetter): give its number")
    }
    guard let answer = asText ?? asLetter else { throw error(.badValue, expected: expected, found: "\(value)") }
    return answer
  }

  // MARK: Members

  private func text(_ key: String, expected: String = "a text") throws -> String {
    let expected = "\"\(key)\" to be \(expected) that is not blank"
    guard let value = members[key] else { throw error(.missing, expected: expected, found: keyList) }
    guard let text = value.string else { throw error(.wrongType, expected: expected, found: "\(value)") }
    guard !text.isBlank else { throw error(.badValue, expected: expected, found: "\(value)") }
    return text
  }

  /// A text that may be missing, or a number as text.
  private func label(_ key: String) throws -> String? {
    guard let value = members[key], value != .null else { return nil }
    guard let text = value.string ?? value.integer.map(String.init) else {
      throw error(.wrongType, expected: "\"\(key)\" to be a text or a whole number", found: "\(value)")
    }
    return text
  }

  private func allow(_ keys: [String]) throws {
    guard let unknown = members.keys.first(where: { !keys.contains($0) }) else { return }
    throw error(
      .badValue, expected: "no other keys than \(keys.map { "\"\($0)\"" }.joined(separator: ", "))",
      found: "\"\(unknown)\"")
  }
}

extension String {
  var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
