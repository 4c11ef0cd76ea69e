import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// The whole model on a tiny file: one path for training, scoring and decoding, whatever the batch and the threads.
@Suite struct TinyModelTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "tiny-\(UUID().uuidString)")

  private func model(_ precision: Precision = .f32) async throws -> LanguageModel {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: "tiny.gguf")
    try TinyModel.write(to: file)
    return try await LanguageModel(contentsOf: file, precision: precision)
  }

  private func randomAdapter(_ model: LanguageModel, rank: Int = 4) -> LoRAAdapter {
    var generator = SeededGenerator(seed: 1)
    return LoRAAdapter(for: model.configuration, LoRAConfiguration(rank: rank), using: &generator).mapParameters {
      Tensor((0..<$0.count).map { _ in Float(generator.uniform() - 0.5) * 0.2 }, shape: $0.shape)
    }
  }

  private let groups = [
    CompletionGroup(prompt: [5, 6, 7, 8], completions: [[9, 10, 11], [12]]),
    CompletionGroup(prompt: [20, 21], completions: [[22, 23], [24, 25, 26, 27, 28]]),
    CompletionGroup(prompt: [40], completions: [[41]]),
  ]

  @Test(arguments: Precision.allCases) func scoresDoNotDependOnTheBatchOrOnSharingThePrompt(
    precision: Precision
  ) async throws {
    let model = try await model(precision).adapted(by: nil)
    let together = try await model.logProbabilities(of: groups)
    let alone = try await model.logProbabilities(of: groups, tokensPerBatch: 1)
    #expect(together == alone)
    let unshared = try await model.logProbabilities(
      of: groups.flatMap { group in group.completions.map { CompletionGroup(prompt: group.prompt, completions: [$0]) } }
    )
    // The shared prompt's keys come first either way, so even the bits are the same.
    #expect(together.flatMap { $0 } == unshared.flatMap { $0 })
  }

  /// Decoding through the cache gives the same distribution as scoring the whole sequence: log-probabilities of
  /// greedily decoded tokens, scored again, are the largest of their rows.
  @Test func decodingAgreesWithScoring() async throws {
    let model = try await model()
    let tuned = model.adapted(by: randomAdapter(model))
    let prompt: [Int32] = [5, 6, 7, 8, 9]
    let decoding = BatchDecoding(tuned)
    for prompt in [prompt, [30, 31]] {
      decoding.add(DecodingRequest(prompt: prompt, goal: .reply(maximumTokens: 6), sampler: Sampler(.greedy)))
    }
    var first: Int32?
    var tokens: [Int32]?
    while !decoding.isFinished {
      for event in decoding.step() {
        switch event {
        case .token(0, let token): first = first ?? token
        case .ended(0, let result): tokens = result.tokens
        default: break
        }
      }
    }
    let chosen = try #require(first)
    let candidates = (0..<Int32(model.configuration.vocabularyCount)).map { [$0] }
    let scores = try await tuned.logProbabilities(of: [CompletionGroup(prompt: prompt, completions: candidates)])
    let best = try #require(scores[0].max())
    #expect(abs(scores[0][Int(chosen)] - best) < 1e-4)
    // One sequence decoded alone gives what it gave beside another.
    let alone = BatchDecoding(tuned)
    alone.add(DecodingRequest(prompt: prompt, goal: .reply(maximumTokens: 6), sampler: Sampler(.greedy)))
    var again: [Int32]?
    while !alone.isFinished { for case .ended(_, let result) in alone.step() { again = result.tokens } }
    #expect(again == tokens)
  }

  @Test func freshAdapterChangesNothing() async throws {
    let model = try await model()
    var generator = SeededGenerator(seed: 9)
    let fresh = LoRAAdapter(for: model.configuration, LoRAConfiguration(rank: 3), using: &generator)
    #expect(
      try await model.logProbabilities(of: groups)
        == model.adapted(by: fresh).logProbabilities(of: groups))
  }

  @Test func adaptersSurviveTheirFiles() async throws {
    let model = try await model()
    let adapter = randomAdapter(model)
    let place = folder.appending(path: "adapter")
    try adapter.write(to: place, baseModelName: "tiny")
    let read = try LoRAAdapter(contentsOf: place, for: model.configuration)
    #expect(read.configuration == adapter.configuration)
    #expect(read.parameters.map(\.scalars) == adapter.parameters.map(\.scalars))
    #expect(read.namedParameters.map(\.name) == adapter.namedParameters.map(\.name))
  }

  /// A message's `<|im_start|>` is text; the prompt begins where the answer's tokens end it.
  @Test func conversationsAreSplitInTokenSpace() async throws {
    let model = try await model()
    let encoder = model.encoder(maximumLength: 200)
    let messages = [Message.system("Be <|im_start|>kind"), .user("Hello <|im_end|>")]
    let prompt = try encoder.prompt(messages)
    let answer = try encoder.completion("Hi there", to: messages, prompt: prompt)
    #expect(!answer.isTruncated)
    #expect(answer.tokens.contains(model.chatTemplate.endOfTurnID))
    let controls = (prompt + answer.tokens).filter(model.tokenizer.isControl)
    let plain = try encoder.prompt([.system("Be kind"), .user("Hello")])
    #expect(controls.count == plain.filter(model.tokenizer.isControl).count + 1)
    let short = model.encoder(maximumLength: prompt.count + 2)
    let cut = try short.completion("Hi there", to: messages, prompt: prompt)
    #expect(cut.isTruncated && cut.tokens.count == 2)
    #expect(throws: ConversationError.self) { try model.encoder(maximumLength: prompt.count).prompt(messages) }
  }
}
