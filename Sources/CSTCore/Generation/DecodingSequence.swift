/// What is to be decoded: a prompt, and what is wanted behind it.
struct DecodingRequest: Sendable {
  enum Goal: Sendable {
    /// A reply of at most this many tokens.
    case reply(maximumTokens: Int)
    /// The logits of these tokens, each as the first token of a reply.
    case logits(of: [Int32])
  }

  /// At least one token, and fewer than the model's context holds.
  let prompt: [Int32]
  let goal: Goal
  var sampler: Sampler
}

/// What came of a request.
struct DecodingResult: Sendable {
  /// The reply, without the token that ended it.
  let tokens: [Int32]
  /// Whether the model ended the reply; otherwise it was cut.
  let isComplete: Bool
  let promptTokens: Int
  /// Tokens of the prompt whose keys and values were there already.
  let reusedTokens: Int
  let logits: [Float]
}

/// One sequence of a batch: its request, its cache and what it has come to.
final class DecodingSequence {
  let number: Int
  let request: DecodingRequest
  /// Keys and values; not there before it is started, unless it took over those of the conversation it continues.
  var cache: KeyValueCache?
  /// How often another was given a place although this one had waited longest.
  var passedOver = 0
  /// Tokens of the prompt that were in the cache when it was started.
  private(set) var reusedTokens = 0
  private(set) var isStarted = false
  /// What the last ``read(_:)`` and ``advance(endTokens:contextLength:)`` added to the reply.
  private(set) var newToken: Int32?
  private var sampler: Sampler
  private var drawn: Int32 = 0
  private var tokens: [Int32] = []
  private var logits: [Float] = []

  init(number: Int, request: DecodingRequest) {
    self.number = number
    self.request = request
    sampler = request.sampler
  }

  /// Tokens it is likely to come to: memory for more is made when they come.
  var expectedLength: Int {
    switch request.goal {
    case .reply(let maximumTokens): request.prompt.count + min(max(0, maximumTokens), 128)
    case .logits: request.prompt.count
    }
  }

  /// Whether the whole prompt is in the cache.
  var isPromptDone: Bool { cache.map { $0.count >= request.prompt.count } ?? false }

  func begin(with cache: KeyValueCache) {
    self.cache = cache
    reusedTokens = cache.count
    isStarted = true
  }

  func pending(upTo limit: Int) -> [Int32] {
    guard let cache else { return [] }
    if cache.count < request.prompt.count { return Array(request.prompt[cache.count...].prefix(limit)) }
    return Array(tokens[(cache.count - request.prompt.count)...].prefix(limit))
  }

  /// Takes from the logits after its last token what the goal needs.
  func read(_ row: UnsafeBufferPointer<Float>) {
    switch request.goal {
    case .reply: drawn = sampler.next(row)
    case .logits(let candidates): logits = candidates.map { row[Int($0)] }
    }
  }

  /// Adds what was read; the result where it was the last.
  func advance(endTokens: Set<Int32>, contextLength: Int) -> DecodingResult? {
    newToken = nil
    guard case .reply(let maximumTokens) = request.goal else { return result(isComplete: true) }
    if endTokens.contains(drawn) { return result(isComplete: true) }
    newToken = drawn
    tokens.append(drawn)
    let isFull = (cache?.count ?? 0) >= contextLength
    return tokens.count >= maximumTokens || isFull ? result(isComplete: false) : nil
  }

  private func result(isComplete: Bool) -> DecodingResult {
    DecodingResult(
      tokens: tokens, isComplete: isComplete, promptTokens: request.prompt.count, reusedTokens: reusedTokens,
      logits: logits)
  }
}
