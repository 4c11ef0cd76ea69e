/// The rendering of conversations that a model was trained on: its own Jinja template, interpreted.
///
///     let template = try ChatTemplate(definition.chatTemplate, for: tokenizer)
///     let prompt = try template.render([.system(configuration), .user(question)], generationPrompt: .appended)
///
/// The result is what Hugging Face transformers renders, character for character, as text that remembers its origins:
/// what messages say is content whatever the template does to it, so that no message can end its turn or begin another.
/// Templates are programs from outside: they have no access to anything but the conversation, and their time, memory
/// and depth are bounded.
///
/// The template is compiled once; rendering shares the result. What is not given here (`documents`) is `none`, as in
/// transformers where nothing is passed.
public struct ChatTemplate: Sendable {
  /// Whether the rendering ends with the opening of the model's turn.
  public enum GenerationPrompt: Sendable, Hashable {
    /// The conversation as it is.
    case omitted
    /// The conversation and the opening of the answer.
    case appended
  }

  package let source: String
  /// The token that ends an answer: the first control token the template writes after one, or the tokenizer's EOS where
  /// it writes none.
  package let endOfTurnID: Int32
  /// Whether the template writes ``endOfTurnID``. Where it ends an answer with text only (SOLAR's, GLM-4's), the token is
  /// added behind an answer that is to be learnt, so that the model learns to stop.
  package let writesEndOfTurn: Bool
  /// What to do with a system text where the template has no place for it.
  public var systemRolePolicy: SystemRole.Policy
  /// What the template's `strftime_now` tells. Midnight of the day the template was read, if nothing else is said.
  public var date: TemplateDate

  private let program: TemplateProgram
  private let specialTokens: [(name: String, spelling: TemplateText)]
  private let hasSystemRole: Bool

  /// Compiles a template and finds out how it treats system texts and how it ends answers.
  ///
  /// - Parameters:
  ///   - source: The template's source text, `nil` where the model has none.
  ///   - tokenizer: The model's tokenizer, which knows the template's control tokens.
  ///   - systemRolePolicy: What to do with a system text where the template has no place for it.
  ///   - date: What `strftime_now` tells.
  /// - Throws: ``ChatTemplateError`` when there is no template, when it is malformed or uses what is not implemented,
  ///   when it cannot render a question and an answer, or when nothing ends an answer: no control token
  ///   in the template and no EOS in the vocabulary.
  /// - Complexity: Linear in the source, plus a few renderings of two turns.
  public init(
    _ source: String?, for tokenizer: Tokenizer, systemRolePolicy: SystemRole.Policy = .nativeOrFold,
    date: TemplateDate = .today()
  ) throws(ChatTemplateError) {
    guard let source else {
      throw ChatTemplateError(.missingTemplate, "the model comes without one; use an instruction-tuned model")
    }
    self.source = source
    self.systemRolePolicy = systemRolePolicy
    self.date = date
    program = try TemplateParser.parse(source)
    specialTokens = tokenizer.templateTokens
    let probe = TemplateProbe(program: program, specialTokens: specialTokens, date: date)
    hasSystemRole = try probe.hasSystemRole()
    let written = try probe.endOfTurn(tokenizer)
    guard let end = written ?? tokenizer.eosID else {
      throw ChatTemplateError(
        .noEndOfTurn,
        "an answer is followed by no control token, and the vocabulary has no EOS token, so that the model "
          + "could not learn to stop")
    }
    endOfTurnID = end
    writesEndOfTurn = written != nil
  }

  /// What becomes of a system text.
  public var systemRole: SystemRole { hasSystemRole ? .native : systemRolePolicy == .nativeOrFold ? .folded : .refused }

  /// The family of turn marks that the template writes, for messages to people: "ChatML", "Llama 3", or "other".
  package var name: String {
    let families = [
      ("<|im_start|>", "ChatML"), ("<|start_header_id|>", "Llama 3"), ("[INST]", "Mistral"),
      ("<start_of_turn>", "Gemma"),
      ("<|end|>", "Phi"),
    ]
    return families.first { source.contains($0.0) }?.1 ?? "other"
  }

  /// Whether the rendering depends on ``date``.
  package var usesDate: Bool { program.usesDate }

  /// The conversation as transformers' `apply_chat_template` renders it.
  ///
  /// Where the template has no place for a system text, the conversation is first rewritten, or refused, by
  /// ``systemRole``.
  ///
  /// - Parameters:
  ///   - messages: The conversation; ``Message/fields`` reach the template as they are.
  ///   - tools: The tools that the model may call, as JSON describes them; `none` for the template where there are none.
  ///   - generationPrompt: Whether the rendering ends with the opening of the model's turn.
  /// - Throws: ``ChatTemplateError``: the template refuses the conversation (roles that do not alternate, for example),
  ///   an operation on unfitting values, or a limit.
  /// - Complexity: O(n) in the conversation's text for usual templates.
  public func render(
    _ messages: [Message], tools: [JSONValue] = [], generationPrompt: GenerationPrompt
  ) throws(ChatTemplateError) -> ProvenancedText {
    try TemplateEvaluator(program, date: date).render(
      try fitted(messages), tools: tools, specialTokens: specialTokens, generationPrompt: generationPrompt
    ).provenancedText
  }

  /// What of a conversation this template never looks at, so that the model does not see it: `tools`, and keys of messages
  /// that say something. Keys that only number or date a message do not count.
  package func unseenFields(of messages: [Message], tools: [JSONValue] = []) -> Set<String> {
    guard !tools.isEmpty || messages.contains(where: { !$0.fields.isEmpty || $0.role == .tool }) else { return [] }
    var names: Set<String> = tools.isEmpty ? [] : ["tools"]
    for message in messages {
      for field in message.fields where !field.value.saysNothing { names.insert(field.key) }
    }
    names.remove(Message.absentContent)
    names = names.filter { !Self.bookkeeping.contains($0) && !source.contains($0) }
    let results = messages.filter { $0.role == .tool && !$0.isSilent }
    if !results.isEmpty, let text = try? render(messages, tools: tools, generationPrompt: .omitted).text,
      results.contains(where: { !text.contains($0.content.split(separator: "\n").first ?? "") })
    {
      names.insert("turns of role tool")
    }
    return names
  }

  private static let bookkeeping: Set<String> = [
    "id", "tool_call_id", "name", "index", "timestamp", "created_at", "date", "message_id", "parent_id",
  ]

  /// The conversation as this template can take it.
  private func fitted(_ messages: [Message]) throws(ChatTemplateError) -> [Message] {
    guard !hasSystemRole, let system = messages.first, system.role == .system else { return messages }
    guard systemRolePolicy == .nativeOrFold else {
      throw ChatTemplateError(
        .noSystemRole, "it has no place for a system text; allow putting the text before the user's")
    }
    var rest = Array(messages.dropFirst())
    guard let index = rest.firstIndex(where: { $0.role == .user }) else {
      throw ChatTemplateError(
        .noSystemRole, "it has no place for a system text, and there is no user text to put it before")
    }
    if !system.content.isEmpty { rest[index].content = system.content + "\n\n" + rest[index].content }
    return rest
  }
}

extension TemplateEvaluator {
  /// Renders a conversation with the variables that transformers passes.
  func render(
    _ messages: [Message], tools: [JSONValue] = [], specialTokens: [(name: String, spelling: TemplateText)],
    generationPrompt: ChatTemplate.GenerationPrompt
  ) throws(ChatTemplateError) -> TemplateText {
    var variables = specialTokens.map { (name: $0.name, value: TemplateValue.text($0.spelling)) }
    variables.append(("messages", .list(TemplateList(messages.map { TemplateValue($0) }))))
    variables.append(("tools", tools.isEmpty ? .none : .list(TemplateList(tools.map { TemplateValue($0) }))))
    variables.append(("documents", .none))
    variables.append(("add_generation_prompt", .boolean(generationPrompt == .appended)))
    return try render(variables)
  }
}

extension TemplateValue {
  /// A message as a dictionary. What it says is content, its keys too: none of it can be markup.
  init(_ message: Message) {
    var pairs: [(key: TemplateValue, value: TemplateValue)] = [
      (.text("role"), .text(message.role.rawValue))
    ]
    if message.fields.isEmpty || message.fields["content"] == nil && message.fields[Message.absentContent] == nil {
      pairs.append((.text("content"), .text(TemplateText(message.content, .content))))
    }
    for (key, value) in message.fields where key != Message.absentContent {
      pairs.append((.text(TemplateText(key, .content)), TemplateValue(value)))
    }
    self = .dictionary(TemplateDictionary(pairs))
  }

  /// A JSON value as Python's `json` reads it; texts are content.
  init(_ value: JSONValue) {
    switch value {
    case .null: self = .none
    case .bool(let truth): self = .boolean(truth)
    case .number(let number):
      // Python tells 1 from 1.0.
      let isWhole = !number.text.contains { ".eE".contains($0) }
      if isWhole, let integer = number.integer { self = .integer(integer) } else { self = .float(number.double) }
    case .string(let text): self = .text(TemplateText(text, .content))
    case .array(let elements): self = .list(TemplateList(elements.map { TemplateValue($0) }))
    case .object(let members):
      self = .dictionary(
        TemplateDictionary(
          members.map { (key: .text(TemplateText($0.key, .content)), value: TemplateValue($0.value)) }))
    }
  }
}

extension Tokenizer {
  /// The special tokens that templates know by name.
  fileprivate var templateTokens: [(name: String, spelling: TemplateText)] {
    let tokens = [
      ("bos_token", bosToken), ("eos_token", eosToken), ("unk_token", unknownToken), ("pad_token", paddingToken),
    ]
    return tokens.compactMap { name, token in token.map { (name, TemplateText($0, .template)) } }
  }
}

/// What becomes of the system text, the configuration, in a model's chat template.
public enum SystemRole: String, Sendable, Hashable, Codable {
  /// The template writes it itself.
  case native
  /// The template has no place for it; it stands before the first user text, with an empty line between them.
  case folded
  /// The template has no place for it, and conversations with one are refused.
  case refused

  /// What to do where a template has no place for a system text.
  public enum Policy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Put it before the first user text.
    case nativeOrFold = "native-or-fold"
    /// Refuse conversations that have one.
    case nativeOrRefuse = "native-or-refuse"
  }
}
