import Dispatch
import Synchronization

/// Replies to many conversations that are asked for independently, decoded together.
///
/// ```swift
/// let engine = ReplyEngine(model: model)
/// async let first = engine.respond(to: [.user("How do I descale a kettle?")])
/// async let second = engine.respond(to: [.user("Why is bread stale so soon?")])
/// print(try await first.text, try await second.text)
/// ```
///
/// Calls join the batch that is being decoded as soon as there is a place, and leave it when they are done or cancelled
/// (continuous batching). The keys and values of conversations that have ended are kept within a budget, and a
/// conversation that begins like one of them is computed only from where it differs.
///
/// A reply depends on its conversation, its sampling and the model: not on other calls, on their order, on what was
/// reused, on the places or on the threads; the bits of the logits are the same.
///
/// The computation runs on a thread of its own, which is there only while there are calls.
public final class ReplyEngine: Sendable {
  /// The model that replies.
  public let model: LanguageModel
  /// Conversations decoded at the same time.
  public let slots: Int

  private struct State {
    var arrivals: [ReplyCall] = []
    var isRunning = false
  }

  private let state = Mutex(State())
  /// Used by `run` alone, of which there is one at a time.
  private let decoding: BatchDecoding
  private let queue = DispatchQueue(label: "cst replies", qos: .userInitiated)

  /// An engine without any conversation.
  ///
  /// - Parameters:
  ///   - model: The model that replies, with its adapter if it has one.
  ///   - slots: Conversations decoded at the same time, at least 1; further ones wait for a place. More give more tokens
  ///     a second and slower single replies.
  ///   - cachedTokens: Tokens of conversations that have ended for which keys and values are kept; a token takes
  ///     8 · layers · key-value width bytes, 46 kB in a model of 135 million parameters.
  public init(model: LanguageModel, slots: Int = 16, cachedTokens: Int = 8192) {
    require(slots >= 1, "an engine needs at least one slot, not \(slots)")
    require(cachedTokens >= 0, "a number of tokens is not negative: \(cachedTokens)")
    self.model = model
    self.slots = slots
    decoding = BatchDecoding(model, slots: slots, retainedTokens: cachedTokens)
  }

  /// The model's reply to a conversation.
  ///
  /// - Parameters:
  ///   - messages: The conversation, oldest first; the last message is usually the user's.
  ///   - sampling: How tokens are chosen.
  ///   - maximumTokens: Where the reply is cut, at least 1.
  /// - Throws: ``ConversationError`` where the conversation does not fit the model's context; `CancellationError` where
  ///   the task is cancelled, which makes its place free.
  public func respond(
    to messages: [Message], sampling: Sampling = .greedy, maximumTokens: Int = 256
  ) async throws -> Reply {
    try await begin(messages, sampling: sampling, maximumTokens: maximumTokens, isStreamed: false).whole()
  }

  /// The same reply as it is written, asked for once its first piece is. Parameters and errors are those of
  /// ``respond(to:sampling:maximumTokens:)``.
  public func stream(to messages: [Message], sampling: Sampling = .greedy, maximumTokens: Int = 256) -> ReplyStream {
    ReplyStream { try self.begin(messages, sampling: sampling, maximumTokens: maximumTokens) }
  }

  /// Replies to many conversations, in their order.
  ///
  /// - Parameters:
  ///   - conversations: What to reply to.
  ///   - sampling: How tokens are chosen; every conversation has its own stream of draws.
  ///   - maximumTokens: Where a reply is cut, at least 1.
  ///   - progress: Told as replies are completed.
  /// - Throws: ``ConversationError`` where a conversation does not fit the model's context; nothing is decoded then.
  ///   `CancellationError`.
  public func replies(
    to conversations: [[Message]], sampling: Sampling = .greedy, maximumTokens: Int = 256,
    progress: WorkProgress.Report = { _ in }
  ) async throws -> [Reply] {
    let encoder = model.encoder()
    return try await replies(
      to: try conversations.map { try encoder.prompt($0) }, sampling: sampling, maximumTokens: maximumTokens,
      progress: progress)
  }

  /// The same for conversations as tokens.
  package func replies(
    to prompts: [[Int32]], sampling: Sampling, maximumTokens: Int, progress: WorkProgress.Report
  ) async throws -> [Reply] {
    let flights = prompts.enumerated().map { index, prompt in
      inFlight(
        DecodingRequest(
          prompt: prompt, goal: .reply(maximumTokens: maximumTokens),
          sampler: Sampler(sampling, stream: UInt64(index))), isStreamed: false)
    }
    submit(flights.map(\.call))
    return try await withThrowingTaskGroup(of: (Int, Reply).self) { group in
      for (index, flight) in flights.enumerated() { group.addTask { (index, try await flight.whole()) } }
      var replies: [Int: Reply] = [:]
      progress(WorkProgress(.generating, 0, of: flights.count))
      for try await (index, reply) in group {
        replies[index] = reply
        progress(WorkProgress(.generating, replies.count, of: flights.count))
      }
      return flights.indices.compactMap { replies[$0] }
    }
  }

  // MARK: The loop

  func begin(
    _ messages: [Message], sampling: Sampling, maximumTokens: Int, isStreamed: Bool = true
  ) throws -> ReplyInFlight {
    require(maximumTokens >= 1, "a reply has at least one token, not \(maximumTokens)")
    let flight = inFlight(
      DecodingRequest(
        prompt: try model.encoder().prompt(messages), goal: .reply(maximumTokens: maximumTokens),
        sampler: Sampler(sampling)), isStreamed: isStreamed)
    submit([flight.call])
    return flight
  }

  /// - Parameter isStreamed: Whether its tokens are told as they come; otherwise only its end is.
  func inFlight(_ request: DecodingRequest, isStreamed: Bool) -> ReplyInFlight {
    let (events, continuation) = AsyncThrowingStream.makeStream(of: BatchDecoding.Event.self)
    return ReplyInFlight(
      call: ReplyCall(request, isStreamed: isStreamed, continuation), events: events, tokenizer: model.tokenizer)
  }

  /// Hands calls to the loop, which decodes them in this order as places become free.
  func submit(_ calls: [ReplyCall]) {
    guard !calls.isEmpty else { return }
    let starts = state.withLock { state in
      state.arrivals += calls
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if starts { queue.async { self.run() } }
  }

  /// Steps until no call is left. The queue is serial, so that the next run begins after this one has returned.
  private func run() {
    var calls: [Int: ReplyCall] = [:]
    while let arrivals = nextArrivals(isIdle: calls.isEmpty) {
      for call in arrivals where !call.isOver { calls[decoding.add(call.request)] = call }
      for (number, call) in calls where call.isOver {
        decoding.remove(number)
        calls[number] = nil
      }
      for event in decoding.step() {
        switch event {
        case .token(let number, _): calls[number]?.send(event)
        case .ended(let number, _): calls.removeValue(forKey: number)?.end(event)
        }
      }
    }
  }

  /// The calls that have come since the last time; `nil` ends the run, since there is none left.
  private func nextArrivals(isIdle: Bool) -> [ReplyCall]? {
    state.withLock { state in
      if isIdle, state.arrivals.isEmpty {
        state.isRunning = false
        return nil
      }
      defer { state.arrivals = [] }
      return state.arrivals
    }
  }
}

/// A call in flight: what it asks for, and where what comes of it goes.
final class ReplyCall: Sendable {
  let request: DecodingRequest
  private let isStreamed: Bool
  private let continuation: AsyncThrowingStream<BatchDecoding.Event, any Error>.Continuation
  private let over = Atomic(false)

  init(
    _ request: DecodingRequest, isStreamed: Bool,
    _ continuation: AsyncThrowingStream<BatchDecoding.Event, any Error>.Continuation
  ) {
    self.request = request
    self.isStreamed = isStreamed
    self.continuation = continuation
    // Also where whoever reads is cancelled, or reads no more.
    continuation.onTermination = { [weak self] _ in self?.over.store(true, ordering: .relaxed) }
  }

  /// Whether nobody waits for more.
  var isOver: Bool { over.load(ordering: .relaxed) }

  func send(_ event: BatchDecoding.Event) {
    if isStreamed { continuation.yield(event) }
  }

  func end(_ event: BatchDecoding.Event) {
    continuation.yield(event)
    continuation.finish()
  }

  func cancel() { continuation.finish(throwing: CancellationError()) }
}
