import Dispatch
import Foundation
import Synchronization

/// Replies to many conversations that are asked for independently, decoded together.
///
/// ```swift
/// let engine = ReplyEngine(model: model)
/// async let first = engine.reply(to: [.user("How do I descale a kettle?")])
/// async let second = engine.reply(to: [.user("Why is bread stale so soon?")])
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
    var arrivals: [Call] = []
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
  public func reply(
    to messages: [Message], sampling: Sampling = .greedy, maximumTokens: Int = 256
  ) async throws -> GeneratedReply {
    require(maximumTokens >= 1, "a reply has at least one token, not \(maximumTokens)")
    let prompt = try model.encoder().prompt(messages)
    let result = try await decode(
      DecodingRequest(prompt: prompt, goal: .reply(maximumTokens: maximumTokens), sampler: Sampler(sampling)))
    return GeneratedReply(
      text: model.tokenizer.decode(result.tokens, controlTokens: .skipped), isComplete: result.isComplete,
      promptTokens: result.promptTokens, completionTokens: result.tokens.count, reusedTokens: result.reusedTokens)
  }

  /// How likely the model's reply is to begin with each of some choices.
  ///
  /// - Parameters:
  ///   - choices: At least one, no two beginning with the same token: `A` and `B`.
  ///   - messages: The conversation, oldest first.
  /// - Returns: The softmax over the logits of the choices' first tokens.
  /// - Throws: ``ChoiceError``; ``ConversationError`` where the conversation does not fit the model's context, or cannot
  ///   be told from a choice in token space; `CancellationError`.
  public func choiceProbabilities(
    of choices: [String], after messages: [Message]
  ) async throws -> ChoiceProbabilities {
    guard !choices.isEmpty else { throw ChoiceError(reason: .noChoices) }
    let encoder = model.encoder()
    let prompt = try encoder.prompt(messages)
    var firstTokens: [Int32] = []
    for choice in choices {
      let token = try encoder.completion(choice, to: messages, prompt: prompt).tokens[0]
      if let other = firstTokens.firstIndex(of: token) {
        throw ChoiceError(reason: .sameFirstToken(choices[other], choice))
      }
      firstTokens.append(token)
    }
    let result = try await decode(
      DecodingRequest(prompt: prompt, goal: .logits(of: firstTokens), sampler: Sampler(.greedy)))
    let largest = Double(result.logits.max() ?? 0)
    let weights = result.logits.map { exp(Double($0) - largest) }
    let sum = weights.reduce(0, +)
    return ChoiceProbabilities(
      probabilities: weights.map { $0 / sum }, promptTokens: result.promptTokens, reusedTokens: result.reusedTokens)
  }

  // MARK: The loop

  private func decode(_ request: DecodingRequest) async throws -> DecodingResult {
    let call = Call(request)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if call.begin(continuation) { submit(call) }
      }
    } onCancel: {
      call.end(.failure(CancellationError()))
    }
  }

  private func submit(_ call: Call) {
    let starts = state.withLock { state in
      state.arrivals.append(call)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if starts { queue.async { self.run() } }
  }

  /// Steps until no call is left. The queue is serial, so that the next run begins after this one has returned.
  private func run() {
    var calls: [Int: Call] = [:]
    while let arrivals = nextArrivals(isIdle: calls.isEmpty) {
      for call in arrivals where !call.isOver { calls[decoding.add(call.request)] = call }
      for (number, call) in calls where call.isOver {
        decoding.remove(number)
        calls[number] = nil
      }
      for case .ended(let number, let result) in decoding.step() {
        calls.removeValue(forKey: number)?.end(.success(result))
      }
    }
  }

  /// The calls that have come since the last time; `nil` ends the run, since there is none left.
  private func nextArrivals(isIdle: Bool) -> [Call]? {
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

/// A call in flight. Its continuation is resumed once: by the loop, or by whoever cancels it.
private final class Call: Sendable {
  private enum State {
    case starting
    case waiting(CheckedContinuation<DecodingResult, any Error>)
    case over
  }

  let request: DecodingRequest
  private let state = Mutex(State.starting)

  init(_ request: DecodingRequest) { self.request = request }

  var isOver: Bool {
    state.withLock { state in
      if case .over = state { true } else { false }
    }
  }

  /// Whether the call is to be decoded; not where it was cancelled before it began.
  func begin(_ continuation: CheckedContinuation<DecodingResult, any Error>) -> Bool {
    let begins = state.withLock { state in
      guard case .starting = state else { return false }
      state = .waiting(continuation)
      return true
    }
    if !begins { continuation.resume(throwing: CancellationError()) }
    return begins
  }

  func end(_ result: Result<DecodingResult, any Error>) {
    let continuation: CheckedContinuation<DecodingResult, any Error>? = state.withLock { state in
      defer { state = .over }
      if case .waiting(let continuation) = state { return continuation }
      return nil
    }
    continuation?.resume(with: result)
  }
}
