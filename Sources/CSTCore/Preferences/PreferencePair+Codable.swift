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
  ///   an answer is one assistant's message.
  ///
  /// Keys other than these, `margin` and `judge_scores` are kept in ``columns``, because datasets carry all sorts of columns. A
  /// known key with `null` counts as absent.
  ///
  /// - Throws: `DecodingError` if a field is missing or of another type, or if two fields contradict each other.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let conversation = try fields.decode(TextOrMessages.self, forKey: .prompt)
    var prompt = conversation.messages(as: .user)
    var system = try fields.decodeIfPresent(String.self, forKey: .system)
    if prompt.first?.role == .system {
      if system != nil {
        throw Self.conflict(.system, in: fields, "the prompt's first message is a system message too")
      }
      system = prompt.removeFirst().content
    }
    if let problem = Self.problem(withPrompt: prompt) {
      throw DecodingError.dataCorruptedError(forKey: .prompt, in: fields, debugDescription: "the prompt \(problem)")
    }
    self.prompt = prompt
    task = try fields.decodeIfPresent(String.self, forKey: .task)
    judgeScores = try fields.decodeIfPresent([String: AnswerScore].self, forKey: .judgeScores)
    margin = try fields.decodeIfPresent(Double.self, forKey: .margin)
    columns = try Self.columns(of: decoder)

    let configuration = try fields.decodeIfPresent(String.self, forKey: .configuration)
    if let texts = try fields.decodeIfPresent([String: String].self, forKey: .answers) {
      for key in [Key.chosen, .rejected, .configuration, .system] where try Self.has(key, in: fields) {
        throw Self.conflict(key, in: fields, "\"answers\" already has one answer per configuration")
      }
      if system != nil {
        throw Self.conflict(.prompt, in: fields, "\"answers\" rows get their system prompts from a policy")
      }
      answers = .byConfiguration(texts)
      return
    }
    if configuration != nil, system != nil {
      throw Self.conflict(.configuration, in: fields, "the row has a system prompt of its own")
    }
    let scope: Scope =
      if let system {
        .systemPrompt(system)
      } else if let configuration {
        configuration == Self.everyConfigurationMark ? .everyConfiguration : .configuration(configuration)
      } else {
        .unstated
      }
    answers = .ranked(
      chosen: try Self.answer(.chosen, in: fields),
      rejected: try Self.answer(.rejected, in: fields),
      scope: scope
    )
  }

  /// Writes the row in the plainest form that ``init(from:)`` reads back to an equal value.
  ///
  /// - Throws: `EncodingError` where a column has the name of a field.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    if prompt.count == 1, let only = prompt.first {
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
      try fields.encode(chosen, forKey: .chosen)
      try fields.encode(rejected, forKey: .rejected)
      switch scope {
      case .everyConfiguration: try fields.encode(Self.everyConfigurationMark, forKey: .configuration)
      case .configuration(let name): try fields.encode(name, forKey: .configuration)
      case .systemPrompt(let text): try fields.encode(text, forKey: .system)
      case .unstated: break
      }
    }
  }

  private static func columns(of decoder: any Decoder) throws -> [String: JSONValue] {
    let fields = try decoder.container(keyedBy: AnyKey.self)
    var columns: [String: JSONValue] = [:]
    for key in fields.allKeys where !fieldNames.contains(key.stringValue) {
      columns[key.stringValue] = try fields.decode(JSONValue.self, forKey: key)
    }
    return columns
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

  private static func answer(_ key: Key, in fields: KeyedDecodingContainer<Key>) throws -> String {
    let messages = try fields.decode(TextOrMessages.self, forKey: key).messages(as: .assistant)
    guard messages.count == 1, let answer = messages.first, answer.role == .assistant else {
      let roles = messages.map(\.role.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorruptedError(
        forKey: key,
        in: fields,
        debugDescription: "expected one message of the assistant, found [\(roles)]; earlier turns belong in \"prompt\""
      )
    }
    return answer.content
  }

  private static func has(_ key: Key, in fields: KeyedDecodingContainer<Key>) throws -> Bool {
    try fields.contains(key) && !fields.decodeNil(forKey: key)
  }

  private static func conflict(
    _ key: Key, in fields: KeyedDecodingContainer<Key>, _ other: String
  ) -> DecodingError {
    .dataCorruptedError(
      forKey: key, in: fields, debugDescription: "contradicts the rest of the row: \(other); leave one of the two out"
    )
  }
}

/// A field that is either one text or a list of messages.
private enum TextOrMessages: Decodable {
  case text(String)
  case messages([Message])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    do {
      self = .text(try value.decode(String.self))
    } catch DecodingError.typeMismatch(_, let context) {
      guard (try? decoder.unkeyedContainer()) != nil else {
        throw DecodingError.typeMismatch(
          String.self,
          .init(
            codingPath: context.codingPath, debugDescription: context.debugDescription + " A list of messages would do."
          )
        )
      }
      self = .messages(try value.decode([Message].self))
    }
  }

  func messages(as role: Message.Role) -> [Message] {
    switch self {
    case .text(let content): [Message(role: role, content: content)]
    case .messages(let messages): messages
    }
  }
}
