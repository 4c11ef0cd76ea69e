extension PreferencePair: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case prompt, answers, chosen, rejected, configuration, system, task, margin
    case judgeScores = "judge_scores"
  }

  /// The keys of a row that mean something; any other is a column.
  public static let fieldNames = Set(Key.allCases.map(\.stringValue))

  /// Reads a row in any of the forms this project knows.
  ///
  /// - `prompt` with `answers`, an object of one answer per configuration name;
  /// - `prompt`, `chosen`, `rejected` and `configuration`: a configuration's name, or `*` for a neutral row;
  /// - `prompt`, `chosen`, `rejected` with or without `system` and `task` (the form datasets are published in);
  /// - any of these with `prompt`, `chosen` and `rejected` as lists of messages. A prompt may begin with a system message;
  ///   an answer is one assistant's message;
  /// - `chosen` and `rejected` as whole conversations, with or without a text `prompt`: the messages that both begin with are
  ///   the prompt. Texts that mark their turns with `Human:` and `Assistant:` are conversations too.
  ///
  /// What messages say beside their text (`Message.fields`) is kept, and so is the column `tools`: both reach the chat
  /// template. Keys other than these, `margin` and `judge_scores` are kept in ``columns``, because datasets carry all sorts of columns.
  /// A known key with `null` counts as absent.
  ///
  /// - Throws: `DecodingError` if a field is missing or of another type, or if two fields contradict each other.
  public init(from decoder: any Decoder) throws {
    let value = try JSONValue(from: decoder)
    do throws(ValueProblem) { try self.init(row: value) } catch { throw error.decodingError(at: decoder.codingPath) }
  }

  /// Reads a row as ``init(from:)`` does.
  package init(row value: JSONValue) throws(ValueProblem) {
    guard let members = value.object else {
      throw .mismatch("", expected: "a row, an object with prompt and answers,", found: value)
    }
    let fields = try RowFields(members)
    var prompt = if let own = fields.prompt { own } else { try fields.messages("prompt", as: .user) }
    var system = try fields.text("system")
    if prompt.first?.role == .system {
      if system != nil { throw Self.conflict("system", "the prompt's first message is a system message too") }
      system = prompt.removeFirst().content
    }
    if let problem = Self.problem(withPrompt: prompt) { throw ValueProblem("prompt", "the prompt \(problem)") }
    let task = try fields.text("task")
    let judgeScores = try Self.judgeScores(fields["judge_scores"])
    let columns = Dictionary(
      members.filter { !Self.fieldNames.contains($0.key) }.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    try Self.check(columns)
    let configuration = try fields.text("configuration")
    let answers: Answers
    var answerFields: [String: JSONMembers] = [:]
    if let texts = fields["answers"] {
      for key in ["chosen", "rejected", "configuration", "system"] where fields[key] != nil {
        throw Self.conflict(key, "\"answers\" already has one answer per configuration")
      }
      if system != nil { throw Self.conflict("prompt", "\"answers\" rows get their system prompts from a policy") }
      guard let texts = texts.object else { throw .mismatch("answers", expected: "Dictionary", found: texts) }
      var byName: [String: String] = [:]
      for (name, text) in texts {
        guard let answer = text.string else { throw .mismatch("answers.\(name)", expected: "String", found: text) }
        byName[name] = answer
      }
      answers = .byConfiguration(byName)
    } else {
      if configuration != nil, system != nil {
        throw Self.conflict("configuration", "the row has a system prompt of its own")
      }
      let scope: Scope =
        if let system {
          .systemPrompt(system)
        } else if let configuration {
          configuration == Self.everyConfigurationMark ? .everyConfiguration : .configuration(configuration)
        } else {
          .unstated
        }
      let chosen = try Self.answer("chosen", fields.chosen, in: fields)
      let rejected = try Self.answer("rejected", fields.rejected, in: fields)
      for (key, answer) in [("chosen", chosen), ("rejected", rejected)] where !answer.fields.isEmpty {
        answerFields[key] = answer.fields
      }
      answers = .ranked(chosen: chosen.content, rejected: rejected.content, scope: scope)
    }
    var margin: Double?
    if let value = fields["margin"] {
      guard let number = value.double else { throw .mismatch("margin", expected: "Double", found: value) }
      margin = number
    }
    self.init(prompt: prompt, answers: answers, task: task, judgeScores: judgeScores, margin: margin, columns: columns)
    self.answerFields = answerFields
  }

  private static func answer(
    _ key: String, _ drawn: Message?, in fields: RowFields
  ) throws(ValueProblem) -> Message {
    let messages = if let drawn { [drawn] } else { try fields.messages(key, as: .assistant) }
    guard messages.count == 1, let answer = messages.first, answer.role == .assistant else {
      let roles = messages.map(\.role.rawValue).joined(separator: ", ")
      throw ValueProblem(
        key, "expected one message of the assistant, found [\(roles)]; earlier turns belong in \"prompt\"")
    }
    return answer
  }

  private static func judgeScores(_ value: JSONValue?) throws(ValueProblem) -> [String: AnswerScore]? {
    guard let value else { return nil }
    guard let members = value.object else { throw .mismatch("judge_scores", expected: "Dictionary", found: value) }
    var scores: [String: AnswerScore] = [:]
    for (name, score) in members {
      let field = "judge_scores.\(name)"
      guard let follows = score["follows"]?.object else { throw ValueProblem("\(field).follows", "missing") }
      guard let addresses = score["addresses"] else { throw ValueProblem("\(field).addresses", "missing") }
      var shares: [String: Double] = [:]
      for (configuration, share) in follows {
        guard let share = share.double else {
          throw .mismatch("\(field).follows.\(configuration)", expected: "Double", found: share)
        }
        shares[configuration] = share
      }
      guard let addresses = addresses.double else {
        throw .mismatch("\(field).addresses", expected: "Double", found: addresses)
      }
      scores[name] = AnswerScore(follows: shares, addresses: addresses)
    }
    return scores
  }

  /// Refuses columns that change what a template writes and are not understood.
  private static func check(_ columns: [String: JSONValue]) throws(ValueProblem) {
    if let arguments = columns["chat_template_kwargs"], !arguments.saysNothing {
      throw ValueProblem(
        "chat_template_kwargs", "arguments of the chat template are not supported in rows; remove the column")
    }
    guard let tools = columns[toolsColumn], !tools.saysNothing else { return }
    guard Self.tools(in: tools) != nil else {
      throw .mismatch(toolsColumn, expected: "a list of tools, or one as a JSON text,", found: tools)
    }
  }

  /// The column with the tools that the model may call, as TRL has it.
  package static let toolsColumn = "tools"

  /// The tools that the model may call in this row.
  package var tools: [JSONValue] { columns[Self.toolsColumn].flatMap { Self.tools(in: $0) } ?? [] }

  private static func tools(in value: JSONValue) -> [JSONValue]? {
    switch value {
    case .null: return []
    case .array(let tools): return tools.allSatisfy { $0.object != nil } ? tools : nil
    case .string(let text):
      var bytes = Array(text.utf8)
      let parsed = bytes.withUnsafeMutableBytes { try? JSONSyntaxError.value(of: UnsafeRawBufferPointer($0)) }
      return parsed?.array
    default: return nil
    }
  }

  /// An answer as a message, with what it says beside its text.
  /// - Parameter key: `chosen` or `rejected`.
  package func answerMessage(_ key: String, _ text: String) -> Message {
    Message(role: .assistant, content: text, fields: answerFields[key] ?? [:])
  }

  /// Writes the row in the plainest form that ``init(from:)`` reads back to an equal value.
  ///
  /// - Throws: `EncodingError` where a column has the name of a field.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    if prompt.count == 1, let only = prompt.first, only.fields.isEmpty, only.role == .user {
      try fields.encode(only.content, forKey: .prompt)
    } else {
      try fields.encode(prompt, forKey: .prompt)
    }
    try fields.encodeIfPresent(task, forKey: .task)
    try fields.encodeIfPresent(judgeScores, forKey: .judgeScores)
    try fields.encodeIfPresent(margin, forKey: .margin)
    try encodeColumns(to: encoder)
    switch answers {
    case .byConfiguration(let texts):
      try fields.encode(texts, forKey: .answers)
    case .ranked(let chosen, let rejected, let scope):
      for (key, text) in [(Key.chosen, chosen), (.rejected, rejected)] {
        if answerFields[key.stringValue] == nil {
          try fields.encode(text, forKey: key)
        } else {
          try fields.encode([answerMessage(key.stringValue, text)], forKey: key)
        }
      }
      switch scope {
      case .everyConfiguration: try fields.encode(Self.everyConfigurationMark, forKey: .configuration)
      case .configuration(let name): try fields.encode(name, forKey: .configuration)
      case .systemPrompt(let text): try fields.encode(text, forKey: .system)
      case .unstated: break
      }
    }
  }

  /// Writes ``columns`` into the object that `encoder` is writing.
  package func encodeColumns(to encoder: any Encoder) throws {
    guard !columns.isEmpty else { return }
    var fields = encoder.container(keyedBy: AnyKey.self)
    for (name, value) in columns {
      guard !Self.fieldNames.contains(name) else {
        throw EncodingError.invalidValue(
          value,
          .init(codingPath: encoder.codingPath, debugDescription: "the column \"\(name)\" has the name of a field"))
      }
      try fields.encode(value, forKey: AnyKey(stringValue: name))
    }
  }

  private static func conflict(_ key: String, _ other: String) -> ValueProblem {
    ValueProblem(key, "contradicts the rest of the row: \(other); leave one of the two out")
  }
}
