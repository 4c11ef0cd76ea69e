import TestSupport
import Testing

@testable import CSTCore

/// The logits after a prompt have the same bits however the prompt was computed: at once, in pieces, behind what another
/// conversation left in its cache, alone or beside others.
@Suite struct BatchDecodingTests {
  private func tokens(_ count: Int, seed: UInt64) -> [Int32] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Int32(3 + generator.uniform(below: 250)) }
  }

  private func request(_ prompt: [Int32], _ model: LanguageModel) -> DecodingRequest {
    DecodingRequest(
      prompt: prompt, goal: .logits(of: (0..<Int32(model.configuration.vocabularyCount)).map { $0 }),
      sampler: Sampler(.greedy))
  }

  private func results(_ decoding: BatchDecoding, _ requests: [DecodingRequest]) -> [DecodingResult] {
    let numbers = requests.map { decoding.add($0) }
    var results: [Int: DecodingResult] = [:]
    while !decoding.isFinished {
      for case .ended(let sequence, let result) in decoding.step() { results[sequence] = result }
    }
    return numbers.compactMap { results[$0] }
  }

  /// Logits after a prompt that goes through the model in pieces of these lengths.
  private func logits(_ prompt: [Int32], _ model: LanguageModel, pieces: Int) -> [Float] {
    let cache = KeyValueCache(configuration: model.configuration, capacity: 1)
    var hidden = Tensor(0)
    for start in stride(from: 0, to: prompt.count, by: pieces) {
      hidden = model.transformer.advance(
        [(Array(prompt[start...].prefix(pieces)), cache)], adaptation: model.adaptation, precision: model.precision)
    }
    return hidden.linear(model.transformer.head, precision: model.precision).scalars
  }

  @Test(arguments: Precision.allCases) func piecesDoNotMatter(precision: Precision) async throws {
    let model = try await tinyLanguageModel(precision).withRandomAdapter()
    let prompt = tokens(203, seed: 1)
    let whole = logits(prompt, model, pieces: prompt.count)
    for pieces in [1, 2, 7, 63, 64, 65, 100] {
      #expect(logits(prompt, model, pieces: pieces) == whole, "pieces of \(pieces)")
    }
  }

  @Test(arguments: Precision.allCases) func companyAndReuseDoNotMatter(precision: Precision) async throws {
    let model = try await tinyLanguageModel(precision).withRandomAdapter()
    let start = tokens(90, seed: 2)
    let prompts =
      [tokens(400, seed: 3), tokens(5, seed: 4), [7]]
      + [1, 50, 300].map { start + tokens($0, seed: UInt64($0)) } + [start, start, Array(start.prefix(40))]
    let alone = prompts.map { logits($0, model, pieces: $0.count) }
    for slots in [1, 3, 16] {
      let decoding = BatchDecoding(model, slots: slots, retainedTokens: 2000)
      for round in 0..<2 {
        let together = results(decoding, prompts.map { request($0, model) })
        #expect(together.map(\.logits) == alone, "\(slots) slots, round \(round)")
        #expect(together.map(\.promptTokens) == prompts.map(\.count))
        // Of those that begin alike, only one computes the beginning.
        #expect(together[3..<8].count { $0.reusedTokens >= 89 } >= 4)
        if round == 1 { #expect(together.allSatisfy { $0.reusedTokens == $0.promptTokens - 1 }) }
      }
    }
  }

  /// Without a budget nothing is kept, and a step's bounded share of long prompts does not keep replies from going on.
  @Test func repliesGoOnBesideLongPrompts() async throws {
    let model = try await tinyLanguageModel()
    let decoding = BatchDecoding(model, slots: 4, retainedTokens: 0)
    let reply = DecodingRequest(
      prompt: tokens(4, seed: 6), goal: .reply(maximumTokens: 40), sampler: Sampler(Sampling(seed: 2)))
    let first = decoding.add(reply)
    _ = decoding.step()
    for seed in UInt64(7)..<10 { decoding.add(request(tokens(500, seed: seed), model)) }
    var stepsWithoutToken = 0
    var ended: [Int] = []
    while !ended.contains(first) {
      let events = decoding.step()
      let hasToken = events.contains { event in
        switch event {
        case .token(first, _), .ended(first, _): true
        default: false
        }
      }
      if !hasToken { stepsWithoutToken += 1 }
      for case .ended(let sequence, _) in events { ended.append(sequence) }
    }
    #expect(stepsWithoutToken == 0)
    #expect(results(decoding, [request(reply.prompt, model)])[0].reusedTokens == 0)
  }

  /// A conversation that goes on begins where its last reply ended.
  @Test func aConversationThatGoesOnTakesItsCacheOver() async throws {
    let model = try await tinyLanguageModel()
    let decoding = BatchDecoding(model, slots: 2, retainedTokens: 1000)
    let prompt = tokens(30, seed: 11)
    let draw = DecodingRequest(
      prompt: prompt, goal: .reply(maximumTokens: 20), sampler: Sampler(Sampling(temperature: 1, seed: 3)))
    let reply = results(decoding, [draw])[0]
    try #require(reply.tokens.count == 20 && !reply.isComplete)
    let next = prompt + reply.tokens + tokens(9, seed: 12)
    let answer = results(decoding, [request(next, model)])[0]
    // The last token of a reply that was cut has not been computed.
    #expect(answer.reusedTokens == prompt.count + reply.tokens.count - 1)
    #expect(answer.logits == logits(next, model, pieces: next.count))
  }

  /// What the reply went on with is forgotten where the conversation goes on differently.
  @Test func aConversationThatGoesOnDifferentlyKeepsWhatIsTheSame() async throws {
    let model = try await tinyLanguageModel()
    let prompt = tokens(30, seed: 11)
    let draw = DecodingRequest(
      prompt: prompt, goal: .reply(maximumTokens: 20), sampler: Sampler(Sampling(temperature: 1, seed: 3)))
    for kept in [0, 1, 12] {
      let decoding = BatchDecoding(model, slots: 2, retainedTokens: 1000)
      let reply = results(decoding, [draw])[0].tokens
      let next = prompt + reply.prefix(kept) + [reply[kept] == 9 ? 10 : 9] + tokens(9, seed: 12)
      let answer = results(decoding, [request(next, model)])[0]
      #expect(answer.reusedTokens == prompt.count + kept)
      #expect(answer.logits == logits(next, model, pieces: next.count))
    }
  }

  @Test func cachesAreKeptWithinTheBudgetLeastRecentlyUsedFirst() async throws {
    let model = try await tinyLanguageModel()
    func cache(_ tokens: [Int32]) -> KeyValueCache {
      let cache = KeyValueCache(configuration: model.configuration, capacity: tokens.count)
      _ = model.transformer.advance([(tokens, cache)], adaptation: nil, precision: .f32)
      return cache
    }
    let prompts = (20..<24).map { tokens(10, seed: $0) }
    var retained = RetainedCaches(tokenBudget: 30)
    for prompt in prompts.prefix(3) { retained.retain(cache(prompt), promptCount: 10) }
    #expect(retained.longestPrefix(of: prompts[0])?.count == 10)
    retained.retain(cache(prompts[3]), promptCount: 10)
    #expect(prompts.map { retained.longestPrefix(of: $0)?.count } == [10, nil, 10, 10])
    // One that does not fit alone leaves nothing behind.
    retained.retain(cache(tokens(40, seed: 30)), promptCount: 40)
    #expect(prompts.allSatisfy { retained.longestPrefix(of: $0) == nil })
  }
}
