import Synchronization

/// A conversation that goes on, whose system prompt can be switched between turns.
///
/// ```swift
/// let session = ChatSession(with: model)
/// session.systemPrompt = policy["cautious"].systemPrompt
/// for try await text in session.stream(to: question) { show(text) }
/// session.systemPrompt = policy["direct"].systemPrompt       // the turns so far stay
/// show(try await session.respond(to: "And in full?").text)
/// ```
///
/// The keys and values of what was said are kept, so that a turn computes only what it adds. Under another system prompt
/// the whole conversation is computed once more.
///
/// A turn stays as far as its reply was read; one that fails or is cancelled leaves the conversation as it was. Asking
/// again while a reply is being read ends that reply with a `CancellationError`, and keeps what was read of it.
public final class ChatSession: Sendable {
  private struct State {
    var sampling: Sampling
    var maximumTokens: Int
    var systemPrompt: String?
    var turns: [Message] = []
    var current: ReplyCall?
    var number = 0

    /// Ends the reply that is being read; what it says from now on is nobody's.
    mutating func interrupt() {
      current?.cancel()
      current = nil
      number += 1
    }
  }

  private let engine: ReplyEngine
  private let state: Mutex<State>

  /// A conversation in which nothing was said yet.
  public init(
    with model: LanguageModel, systemPrompt: String? = nil, sampling: Sampling = .greedy, maximumTokens: Int = 512
  ) {
    require(maximumTokens >= 1, "a reply has at least one token, not \(maximumTokens)")
    engine = ReplyEngine(model: model, slots: 1, cachedTokens: 2 * model.configuration.contextLength)
    state = Mutex(State(sampling: sampling, maximumTokens: maximumTokens, systemPrompt: systemPrompt))
  }

  /// The model that replies.
  public var model: LanguageModel { engine.model }

  /// How tokens are chosen in the turns to come.
  public var sampling: Sampling {
    get { state.withLock { $0.sampling } }
    set { state.withLock { $0.sampling = newValue } }
  }

  /// Where a reply of the turns to come is cut, at least 1.
  public var maximumTokens: Int {
    get { state.withLock { $0.maximumTokens } }
    set { state.withLock { $0.maximumTokens = newValue } }
  }

  /// The system prompt of the turns to come; where `nil`, none is given and the model's template decides.
  public var systemPrompt: String? {
    get { state.withLock { $0.systemPrompt } }
    set { state.withLock { $0.systemPrompt = newValue } }
  }

  /// What was said, the user and the assistant in turns, oldest first.
  public var turns: [Message] { state.withLock { $0.turns } }

  /// Asks the model and adds both turns to the conversation.
  ///
  /// - Throws: ``ConversationError`` where the conversation does not fit the model's context; `CancellationError`.
  @discardableResult public func respond(to question: String) async throws -> Reply {
    for try await piece in stream(to: question).pieces {
      if let reply = piece.reply { return reply }
    }
    throw CancellationError()
  }

  /// Asks the model once the stream's first piece is asked for, and adds both turns to the conversation as they are read.
  /// Its iterators throw what ``respond(to:)`` throws.
  public func stream(to question: String) -> ReplyStream { ReplyStream { [self] in try begin(question) } }

  /// Forgets what was said; the system prompt stays.
  public func forget() {
    state.withLock { state in
      state.interrupt()
      state.turns = []
    }
  }

  private func begin(_ question: String) throws -> ReplyInFlight {
    let now = state.withLock { $0 }
    let asked = now.turns + [.user(question)]
    var flight = try engine.begin(
      [now.systemPrompt].compactMap { $0 }.map(Message.system) + asked, sampling: now.sampling,
      maximumTokens: now.maximumTokens)
    let number = state.withLock { state in
      state.interrupt()
      state.current = flight.call
      state.turns = asked + [.assistant("")]
      return state.number
    }
    flight.observer = { [self] piece in
      try state.withLock { state in
        guard state.number == number else { throw CancellationError() }
        guard let piece else {
          state.turns = now.turns
          return state.interrupt()
        }
        let said = state.turns.removeLast().content
        state.turns.append(.assistant(said + piece.text))
        if piece.reply != nil { state.current = nil }
      }
    }
    return flight
  }
}
