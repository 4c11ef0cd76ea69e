/// Turns conversations and answers into tokens for one model: the only place where text meets token ids.
///
/// Prompt and answer are rendered once and split in token space; a tokenizer that would join them differently is an
/// error, never a warning. A prompt is never shortened, because it carries the configuration; an answer that does not
/// fit loses its end, and says so.
public struct ConversationEncoder: Sendable {
  private let tokenizer: Tokenizer
  private let template: ChatTemplate
  /// Most tokens of prompt and answer together.
  package let maximumLength: Int
  /// Most tokens of an answer; `nil` where ``maximumLength`` alone decides.
  package let maximumCompletionLength: Int?
  /// Whether ``maximumLength`` is all that the model has room for.
  private let isContextLength: Bool
  private let observer: Observer?

  /// Told of every conversation that is rendered and tokenised.
  package typealias Observer = @Sendable ([Message]) -> Void

  package init(
    tokenizer: Tokenizer, template: ChatTemplate, maximumLength: Int, maximumCompletionLength: Int? = nil,
    isContextLength: Bool = false, observer: Observer? = nil
  ) {
    self.isContextLength = isContextLength
    self.maximumCompletionLength = maximumCompletionLength
    self.tokenizer = tokenizer
    self.template = template
    self.maximumLength = maximumLength
    self.observer = observer
  }

  /// An answer as tokens, with its end-of-turn token unless it was cut.
  public struct Completion: Sendable, Hashable {
    /// The tokens after the prompt.
    public let tokens: [Int32]
    /// Whether the end is missing because it did not fit.
    public let isTruncated: Bool
  }

  /// The tokens of a conversation up to the point where the assistant speaks.
  /// - Parameters:
  ///   - messages: System message if there is one, then the turns, the last of them the user's or a tool's.
  ///   - tools: The tools that the model may call.
  /// - Throws: ``ConversationError`` where the template refuses it or it leaves no room for an answer.
  public func prompt(_ messages: [Message], tools: [JSONValue] = []) throws(ConversationError) -> [Int32] {
    let tokens = encode(try render(messages, tools, .appended))
    guard tokens.count < maximumLength else {
      var error = ConversationError(reason: .promptTooLong(tokens: tokens.count, limit: maximumLength))
      error.isContextFull = isContextLength
      throw error
    }
    return tokens
  }

  /// The tokens of the assistant's answer to a conversation: with the prompt's they are those of the whole text.
  ///
  /// The template may write more than the answer (Qwen3 puts an empty thought before it) or less (some drop white space
  /// at its ends): what it renders after the prompt is what the model is trained on, and the end-of-turn token where it
  /// writes none.
  /// - Parameters:
  ///   - answer: What the assistant says, as plain text.
  ///   - messages: The conversation.
  ///   - prompt: Its tokens, from `prompt(_:tools:)`.
  /// - Throws: ``ConversationError`` where the template refuses the conversation, renders it otherwise than the prompt
  ///   that asks for the answer, or where prompt and answer cannot be told apart in token space.
  public func completion(_ answer: String, to messages: [Message], prompt: [Int32]) throws(ConversationError)
    -> Completion
  {
    try completion(.assistant(answer), to: messages, tools: [], prompt: prompt)
  }

  /// The same for an answer that has a thought or calls tools.
  package func completion(
    _ answer: Message, to messages: [Message], tools: [JSONValue], prompt: [Int32]
  ) throws(ConversationError) -> Completion {
    let text = try render(messages + [answer], tools, .omitted)
    let whole = encode(text)
    guard whole.count > prompt.count, whole.starts(with: prompt) else {
      throw try mismatch(answer.content, to: messages, tools, whole: text.text)
    }
    let tokens = Array(whole[prompt.count...]) + (template.writesEndOfTurn ? [] : [template.endOfTurnID])
    guard tokens.contains(template.endOfTurnID) else { throw ConversationError(reason: .noEndOfTurn) }
    let room = min(maximumLength - prompt.count, maximumCompletionLength ?? .max)
    return Completion(tokens: Array(tokens.prefix(room)), isTruncated: tokens.count > room)
  }

  /// An answer's tokens up to the one that ends the turn, at least one.
  func withoutEndOfTurn(_ tokens: [Int32]) -> [Int32] {
    Array(tokens.prefix(max(1, tokens.lastIndex(of: template.endOfTurnID) ?? tokens.count)))
  }

  private func render(
    _ messages: [Message], _ tools: [JSONValue], _ generationPrompt: ChatTemplate.GenerationPrompt
  ) throws(ConversationError) -> ProvenancedText {
    observer?(messages)
    do throws(ChatTemplateError) {
      return try template.render(messages, tools: tools, generationPrompt: generationPrompt)
    } catch {
      throw ConversationError(reason: .template(error))
    }
  }

  /// Why the tokens of the whole conversation do not begin with the prompt's.
  private func mismatch(
    _ answer: String, to messages: [Message], _ tools: [JSONValue], whole: String
  ) throws(ConversationError) -> ConversationError {
    let prompt = try render(messages, tools, .appended).text
    guard !whole.utf8.starts(with: prompt.utf8) else {
      return ConversationError(reason: .boundaryMismatch(answerStart: String(answer.prefix(24))))
    }
    let common = zip(whole.utf8, prompt.utf8).prefix { $0 == $1 }.count
    func rest(_ text: String) -> String {
      String(String(decoding: text.utf8.dropFirst(common), as: UTF8.self).prefix(24))
    }
    return ConversationError(reason: .promptRewritten(prompt: rest(prompt), whole: rest(whole)))
  }

  /// The tokens of a rendered conversation, of whatever length: one BOS where the model wants one and the template has
  /// not written it.
  package func encode(_ text: ProvenancedText) -> [Int32] {
    let tokens = tokenizer.encode(text)
    guard tokenizer.addsBOS, let bos = tokenizer.bosID, tokens.first != bos else { return tokens }
    return [bos] + tokens
  }
}

/// A conversation or an answer that cannot be turned into tokens.
public struct ConversationError: PlacedError, Hashable {
  /// What is wrong.
  @nonexhaustive
  public enum Reason: Sendable, Hashable {
    /// The prompt alone fills the allowed length; it is never cut, because it carries the configuration.
    case promptTooLong(tokens: Int, limit: Int)
    /// The template refuses the conversation, or fails on it.
    case template(ChatTemplateError)
    /// The template writes the conversation otherwise once the answer is there: what follows the common part.
    case promptRewritten(prompt: String, whole: String)
    /// Prompt plus answer does not begin with the tokens of the prompt alone.
    case boundaryMismatch(answerStart: String)
    /// The template ends the answer without an end-of-turn token.
    case noEndOfTurn
  }

  /// What is wrong.
  public let reason: Reason
  /// The row of the data, counted from 0, where there is one.
  public var row: Int?
  /// Where the row was read, if that is known.
  public var rowPlace: RowPlace?
  /// Whether the limit is all that the model has room for, so that nothing can raise it.
  package var isContextFull = false

  /// The row, where there is one: its file and line where they are known, its number in its file.
  public var place: String {
    [rowPlace?.description, (rowPlace?.row ?? row).map { "row \($0)" }].compactMap { $0 }.joined(separator: ": ")
  }

  /// What was expected, what was found and what to do.
  public var detail: String {
    switch reason {
    case .promptTooLong(let tokens, let limit):
      "the prompt has \(tokens) tokens, which leaves no room for an answer within the maximum length of \(limit)"
        + (isContextFull ? ", which is all the model has room for: " : "; raise the maximum length or ")
        + "shorten the prompt (it is never cut: it carries the configuration)"
    case .template(let error): error.description
    case .promptRewritten(let prompt, let whole):
      "the chat template writes the conversation with its answer otherwise than the prompt that asks for the answer: "
        + "\(TokenizerError.quote(prompt)) in the prompt is \(TokenizerError.quote(whole)) in the whole; let the answer "
        + "begin with what the prompt opens (such as a thought), or train on a template that keeps the prompt"
    case .boundaryMismatch(let answerStart):
      "the tokens of prompt and answer together do not begin with the tokens of the prompt; the answer begins "
        + "\"\(answerStart)\": remove leading white space from it"
    case .noEndOfTurn: "the chat template renders an answer without an end-of-turn token"
    }
  }

  /// One line: the row and the detail.
  public var description: String { [place, detail].filter { !$0.isEmpty }.joined(separator: ": ") }
}
