/// Several sequences decoded together: one pass over the weights gives every one of them its next token.
///
/// Not Sendable in spirit: it is used by one computation at a time. `@unchecked Sendable` because a reply hands it from
/// one compute thread to the next, never to two at once.
final class BatchDecoding: @unchecked Sendable {
  /// One sequence being decoded.
  private final class Sequence {
    let index: Int
    let cache: KeyValueCache
    var pending: [Int32]
    var sampler: Sampler
    var generated = 0

    init(index: Int, prompt: [Int32], sampler: Sampler, configuration: ModelConfiguration) {
      self.index = index
      pending = prompt
      self.sampler = sampler
      cache = KeyValueCache(configuration: configuration, capacity: prompt.count + 64)
    }
  }

  private let model: LanguageModel
  private let sampling: Sampling
  private let maximumTokens: Int
  private let capacity: Int
  private let endTokens: Set<Int32>
  private var waiting: ArraySlice<(index: Int, prompt: [Int32])>
  private var active: [Sequence] = []

  /// - Parameters:
  ///   - prompts: What each sequence continues, at least one token each.
  ///   - maximumTokens: Most new tokens of each.
  ///   - capacity: Sequences decoded at the same time; others wait for a place.
  init(
    _ model: LanguageModel, prompts: [[Int32]], sampling: Sampling, maximumTokens: Int, capacity: Int = 16
  ) {
    self.model = model
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.capacity = max(1, capacity)
    endTokens = Set([model.chatTemplate.endOfTurnID, model.tokenizer.eosID].compactMap { $0 })
    waiting = prompts.enumerated().map { ($0, $1) }[...]
  }

  /// A token of one sequence, or its end.
  enum Event {
    case token(sequence: Int, Int32)
    case ended(sequence: Int, isComplete: Bool)
  }

  /// Whether every sequence has ended.
  var isFinished: Bool { waiting.isEmpty && active.isEmpty }

  /// One token for every active sequence.
  func step() -> [Event] {
    while active.count < capacity, let (index, prompt) = waiting.popFirst() {
      active.append(
        Sequence(
          index: index, prompt: prompt, sampler: Sampler(sampling, stream: UInt64(index)),
          configuration: model.configuration))
    }
    guard !active.isEmpty else { return [] }
    let hidden = model.transformer.advance(
      active.map { ($0.pending, $0.cache) }, adaptation: model.adaptation, precision: model.precision)
    let logits = hidden.linear(model.transformer.head, precision: model.precision)
    let vocabulary = model.configuration.vocabularyCount
    var events: [Event] = []
    var stillActive: [Sequence] = []
    for (row, sequence) in active.enumerated() {
      let token = sequence.sampler.next(UnsafeBufferPointer(start: logits.start + row * vocabulary, count: vocabulary))
      if endTokens.contains(token) {
        events.append(.ended(sequence: sequence.index, isComplete: true))
        continue
      }
      events.append(.token(sequence: sequence.index, token))
      sequence.generated += 1
      sequence.pending = [token]
      if sequence.generated >= maximumTokens || sequence.cache.count >= model.configuration.contextLength {
        events.append(.ended(sequence: sequence.index, isComplete: false))
      } else {
        stillActive.append(sequence)
      }
    }
    active = stillActive
    return events
  }
}
