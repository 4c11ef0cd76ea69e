/// Several sequences decoded together: one pass over the weights gives every one of them its next token.
///
/// Sequences come and go at any step (continuous batching). Prompts are computed in pieces of bounded length beside the
/// tokens of the replies that are under way, and only from where they differ from a conversation whose keys and values
/// are still there. None of that changes a result: a row's bits depend on the tokens before it and on nothing else.
///
/// Not Sendable in spirit: it is used by one computation at a time. `@unchecked Sendable` because a reply hands it from
/// one compute thread to the next, never to two at once, and an engine's loop runs on one thread at a time.
final class BatchDecoding: @unchecked Sendable {
  /// A token of one sequence, or its end.
  enum Event: Sendable {
    case token(sequence: Int, Int32)
    case ended(sequence: Int, DecodingResult)
  }

  private let model: LanguageModel
  private let slots: Int
  private let endTokens: Set<Int32>
  private var nextNumber = 0
  private var waiting: [DecodingSequence] = []
  private var active: [DecodingSequence] = []
  private var retained: RetainedCaches

  /// New tokens of one step, except where there are more replies than that: what a long prompt may hold them up by.
  private static let tokensPerStep = 256
  /// A prompt waits for another's computation to go on where that saves it this many tokens.
  private static let worthwhilePrefix = 16
  /// Of the sequences that wait, how many are looked at for one whose conversation is still in a cache.
  private static let lookahead = 64
  /// How many times the one that has waited longest may be passed over for such a one.
  private static let mostPassedOver = 128

  /// - Parameters:
  ///   - slots: Sequences decoded at the same time; others wait for a place.
  ///   - retainedTokens: Tokens of sequences that have ended whose keys and values are kept for others.
  init(_ model: LanguageModel, slots: Int = 16, retainedTokens: Int = 4096) {
    self.model = model
    self.slots = max(1, slots)
    retained = RetainedCaches(tokenBudget: retainedTokens)
    endTokens = model.stopTokenIDs
  }

  var isFinished: Bool { waiting.isEmpty && active.isEmpty }

  /// Lets a sequence wait for its place.
  /// - Returns: The number that its events will carry: 0 for the first, 1 for the second, and so on.
  @discardableResult func add(_ request: DecodingRequest) -> Int {
    defer { nextNumber += 1 }
    waiting.append(DecodingSequence(number: nextNumber, request: request))
    return nextNumber
  }

  /// Ends a sequence before its end; it has no more events. What was computed of it is kept for others.
  func remove(_ number: Int) {
    waiting.removeAll { $0.number == number }
    guard let index = active.firstIndex(where: { $0.number == number }) else { return }
    retain(active.remove(at: index))
  }

  private func retain(_ sequence: DecodingSequence) {
    guard let cache = sequence.cache else { return }
    retained.retain(cache, promptCount: sequence.request.prompt.count)
  }

  /// One token for every sequence whose prompt is done, and more of the prompts of the others.
  func step() -> [Event] {
    while active.count < slots, let sequence = nextWaiting() { active.append(sequence) }
    let pieces = nextPieces()
    guard !pieces.isEmpty else { return [] }
    let hidden = model.transformer.advance(
      pieces.map { ($0.tokens, $0.cache) }, adaptation: model.adaptation, precision: model.precision)
    let ready = pieces.indices.filter { pieces[$0].sequence.isPromptDone }
    guard !ready.isEmpty else { return [] }
    let logits = hidden.rows(at: ready).linear(model.transformer.head, precision: model.precision, access: .stored)
    let vocabulary = model.configuration.vocabularyCount
    ComputePool.shared.forEachItem(count: ready.count) { row in
      let logits = UnsafeBufferPointer(start: logits.start + row * vocabulary, count: vocabulary)
      pieces[ready[row]].sequence.read(logits)
    }
    return ready.flatMap { events(of: pieces[$0].sequence) }
  }

  private func events(of sequence: DecodingSequence) -> [Event] {
    let ending = sequence.advance(endTokens: endTokens, contextLength: model.configuration.contextLength)
    var events: [Event] = []
    if let token = sequence.newToken { events.append(.token(sequence: sequence.number, token)) }
    guard let ending else { return events }
    active.removeAll { $0 === sequence }
    retain(sequence)
    return events + [.ended(sequence: sequence.number, ending)]
  }

  // MARK: Prompts

  /// The sequence that gets the next free place: the one with the most in a cache of the conversation it continues, else
  /// the one that has waited longest, which is not passed over for ever.
  private func nextWaiting() -> DecodingSequence? {
    guard let first = waiting.first else { return nil }
    var best = (index: 0, count: 0)
    if first.passedOver < Self.mostPassedOver {
      for (index, sequence) in waiting.prefix(Self.lookahead).enumerated() {
        let count = retained.continuedCount(of: sequence.request.prompt)
        if count > best.count { best = (index, count) }
      }
    }
    if best.index > 0 { first.passedOver += 1 }
    let sequence = waiting.remove(at: best.index)
    sequence.cache = retained.takeContinued(by: sequence.request.prompt)
    return sequence
  }

  private struct Piece {
    let sequence: DecodingSequence
    let cache: KeyValueCache
    let tokens: [Int32]
  }

  /// What each active sequence computes in this step: its last token, or as much of its prompt as there is room for.
  private func nextPieces() -> [Piece] {
    var pieces: [Piece] = []
    var room = max(1, Self.tokensPerStep - active.count { $0.isPromptDone })
    for sequence in active {
      if !sequence.isStarted {
        guard room > 0, !sharesMoreLater(sequence, beside: pieces) else { continue }
        start(sequence)
      }
      guard let cache = sequence.cache else { continue }
      let isReply = sequence.isPromptDone
      let tokens = sequence.pending(upTo: isReply ? 1 : room)
      guard !tokens.isEmpty else { continue }
      if !isReply { room -= tokens.count }
      pieces.append(Piece(sequence: sequence, cache: cache, tokens: tokens))
    }
    return pieces
  }

  /// Gives a sequence its cache, with what others have computed of its prompt.
  private func start(_ sequence: DecodingSequence) {
    let prompt = sequence.request.prompt
    let cache = sequence.cache ?? KeyValueCache(configuration: model.configuration, capacity: sequence.expectedLength)
    cache.reserve(sequence.expectedLength - cache.count)
    if let (source, count) = longestPrefix(of: prompt) { cache.adopt(min(count, prompt.count - 1), of: source) }
    sequence.begin(with: cache)
  }

  /// The cache, kept or in use, that begins with the most tokens of a prompt.
  private func longestPrefix(of prompt: [Int32]) -> (cache: KeyValueCache, count: Int)? {
    var best = retained.longestPrefix(of: prompt)
    for case let cache? in active.map(\.cache) {
      let count = cache.commonPrefix(with: prompt)
      if count > best?.count ?? 0 { best = (cache, count) }
    }
    return best
  }

  /// Whether a sequence that computes in this step will have more of this one's prompt than there is now.
  private func sharesMoreLater(_ sequence: DecodingSequence, beside pieces: [Piece]) -> Bool {
    let prompt = sequence.request.prompt
    let later = pieces.map { piece in
      min(piece.sequence.request.prompt.commonPrefix(with: prompt), piece.cache.count + piece.tokens.count)
    }
    guard let most = later.max(), most >= Self.worthwhilePrefix else { return false }
    let now = max(sequence.cache?.count ?? 0, longestPrefix(of: prompt)?.count ?? 0)
    return min(most, prompt.count - 1) >= now + Self.worthwhilePrefix
  }
}
