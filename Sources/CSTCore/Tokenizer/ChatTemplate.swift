/// The rendering of conversations that a model was trained on.
///
///     let template = try ChatTemplate(definition.chatTemplate, for: tokenizer)
///     let prompt = template.render([.system(configuration), .user(question)], generationPrompt: .appended)
///
/// Templates are not interpreted: a template is known when its source is, letter by letter, one of those this library
/// renders itself, and anything else is an error. What messages say is content in the rendered text, so that no
/// message can end its turn or begin another.
public struct ChatTemplate: Sendable, Hashable {
  /// Whether the rendering ends with the opening of the model's turn.
  public enum GenerationPrompt: Sendable, Hashable {
    /// The conversation as it is.
    case omitted
    /// The conversation and the opening of the answer.
    case appended
  }

  /// A template's name for messages to people.
  public let name: String
  /// The system text that is put before a conversation without one, where the template does so.
  public let defaultSystemText: String?
  /// The token that ends every turn; the model ends its answer with it.
  public let endOfTurnID: Int32

  private static let turnStart = "<|im_start|>"
  private static let turnEnd = "<|im_end|>"

  /// Recognises a template.
  ///
  /// - Parameters:
  ///   - source: the template's source text, `nil` where the model has none.
  ///   - tokenizer: the model's tokenizer, which must know the template's control tokens.
  /// - Throws: ``TokenizerError`` when there is no template, when it is not a known one, or when the vocabulary lacks
  ///   one of its control tokens.
  public init(_ source: String?, for tokenizer: Tokenizer) throws(TokenizerError) {
    let place = "tokenizer.chat_template"
    let names = KnownChatTemplate.all.map(\.name).joined(separator: ", ")
    guard let source else {
      throw TokenizerError(
        .unknownChatTemplate, at: place,
        "the model has no chat template; use an instruction-tuned one (known: \(names))")
    }
    guard let known = KnownChatTemplate.all.first(where: { $0.matches(source) }) else {
      throw TokenizerError(
        .unknownChatTemplate, at: place,
        "a template of \(source.utf8.count) bytes beginning \(TokenizerError.quote(source)) is not one of the known "
          + "ones (\(names)); rendering it as another would give the model text it was not trained on")
    }
    func control(_ spelling: String) throws(TokenizerError) -> Int32 {
      guard let id = tokenizer.id(ofToken: spelling), tokenizer.isControl(id) else {
        throw TokenizerError(
          .missingToken, at: place,
          "template \(known.name) needs the control token \(spelling), which the vocabulary lacks")
      }
      return id
    }
    _ = try control(Self.turnStart)
    endOfTurnID = try control(Self.turnEnd)
    name = known.name
    defaultSystemText = known.defaultSystemText
  }

  /// The conversation as the model's reference implementation renders it.
  ///
  /// - Complexity: O(n) in the number of messages.
  public func render(_ messages: [Message], generationPrompt: GenerationPrompt) -> ProvenancedText {
    var text = ProvenancedText()
    if let defaultSystemText, let first = messages.first, first.role != .system {
      text.append(.template("\(Self.turnStart)system\n\(defaultSystemText)\(Self.turnEnd)\n"))
    }
    for message in messages {
      text.append(.template("\(Self.turnStart)\(message.role.rawValue)\n"))
      text.append(.content(message.content))
      text.append(.template("\(Self.turnEnd)\n"))
    }
    if generationPrompt == .appended { text.append(.template("\(Self.turnStart)assistant\n")) }
    return text
  }

  /// What the template renders after a generation prompt when the model answers with `answer`: the answer, the
  /// end-of-turn token and what follows it.
  ///
  /// The rendering of the whole conversation is the prompt's followed by this.
  public func completion(_ answer: String) -> ProvenancedText {
    [.content(answer), .template("\(Self.turnEnd)\n")]
  }
}

/// The source of a template that ``ChatTemplate`` renders, and how it differs from the others.
private struct KnownChatTemplate {
  let name: String
  let source: String
  let defaultSystemText: String?

  /// Whether `source` is this template. Files write the line breaks inside its strings as they are or as `\n`: the same
  /// template either way. Bytes are compared because Swift's `==` takes canonically equivalent texts as equal.
  func matches(_ source: String) -> Bool {
    let escaped = self.source.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    return source.utf8.elementsEqual(self.source.utf8) || source.utf8.elementsEqual(escaped.utf8)
  }

  static let all = [
    KnownChatTemplate(
      name: "SmolLM2",
      source:
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
        + "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
        + "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
      defaultSystemText: "You are a helpful AI assistant named SmolLM, trained by Hugging Face"),
    KnownChatTemplate(
      name: "ChatML",
      source:
        "{% for message in messages %}"
        + "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
      defaultSystemText: nil),
  ]
}
