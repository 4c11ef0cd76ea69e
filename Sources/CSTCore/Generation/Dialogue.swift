/// A conversation that goes on, whose system prompt can be switched between turns.
///
/// ```swift
/// var dialogue = Dialogue(with: model)
/// dialogue.systemPrompt = policy["cautious"].systemPrompt
/// try await dialogue.reply(to: question) { show($0); return .goOn }
/// dialogue.systemPrompt = policy["direct"].systemPrompt       // the turns so far stay
/// try await dialogue.reply(to: "And in full?") { show($0); return .goOn }
/// ```
///
/// The keys and values of what was said are kept, so that a turn computes only what it adds. Under another system prompt
/// the whole conversation is computed once more.
///
/// Not Sendable: it belongs to the one task that leads the conversation.
public struct Dialogue {
  /// What whoever reads a reply wants next.
  public enum Wish: Sendable, Hashable {
    /// The rest of the reply.
    case goOn
    /// No more of it.
    case stop
  }

  /// The model that replies.
  public let model: LanguageModel
  /// How tokens are chosen.
  public var sampling: Sampling
  /// Where a reply is cut, at least 1.
  public var maximumTokens: Int
  /// The system prompt of the turns to come; where `nil`, none is given and the model's template decides.
  public var systemPrompt: String?
  /// What was said, the user and the assistant in turns, oldest first.
  public private(set) var turns: [Message] = []

  private let decoding: BatchDecoding

  /// A conversation in which nothing was said yet.
  public init(with model: LanguageModel, sampling: Sampling = .greedy, maximumTokens: Int = 512) {
    require(maximumTokens >= 1, "a reply has at least one token, not \(maximumTokens)")
    self.model = model
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    decoding = BatchDecoding(model, slots: 1, retainedTokens: 2 * model.configuration.contextLength)
  }

  /// Asks the model and adds both turns to the conversation: the reply as far as it was written, where it was stopped.
  ///
  /// - Parameters:
  ///   - question: What the user says.
  ///   - show: Gets the reply piece by piece as it is written, and says whether to go on.
  /// - Throws: ``ConversationError`` where the conversation does not fit the model's context, `CancellationError`, and
  ///   what `show` throws; the conversation is as it was then.
  @discardableResult
  public mutating func reply(
    to question: String, show: (String) throws -> Wish = { _ in .goOn }
  ) async throws -> GeneratedReply {
    let asked = turns + [.user(question)]
    let prompt = try model.encoder().prompt([systemPrompt].compactMap { $0 }.map(Message.system) + asked)
    let decoding = decoding
    let number = decoding.add(
      DecodingRequest(
        prompt: prompt, goal: .reply(maximumTokens: maximumTokens), sampler: Sampler(sampling)))
    defer { decoding.remove(number) }
    var stream = TokenTextStream(model.tokenizer)
    var text = ""
    var written = 0
    var result: DecodingResult?
    var wish = Wish.goOn
    func append(_ piece: String) throws {
      guard !piece.isEmpty else { return }
      text += piece
      wish = try show(piece)
    }
    while result == nil, wish == .goOn {
      try Task.checkCancellation()
      for event in try await onComputeThread({ decoding.step() }) {
        switch event {
        case .token(_, let token):
          written += 1
          try append(stream.append(token))
        case .ended(_, let ending): result = ending
        }
      }
    }
    if result != nil { try append(stream.finish()) }
    turns = asked + [.assistant(text)]
    return GeneratedReply(
      text: text, isComplete: result?.isComplete ?? false, promptTokens: prompt.count,
      completionTokens: result?.tokens.count ?? written, reusedTokens: result?.reusedTokens ?? 0)
  }

  /// Forgets what was said; the system prompt stays.
  public mutating func forget() { turns = [] }
}
