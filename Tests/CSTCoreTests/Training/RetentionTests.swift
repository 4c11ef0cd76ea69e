import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Retained replies stand beside the pairs as often as asked, with the gradient of their likelihood.
@Suite struct RetentionTests {
  private func policy() throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "p",
      configurations: [
        SafetyConfiguration(name: "a", systemPrompt: "Be kind", paraphrases: ["Be gentle", "Be friendly"]),
        SafetyConfiguration(name: "b", systemPrompt: "Be brief"),
      ], defaultName: "a")
  }

  private let replies = (0..<5).map {
    RetainedReply(prompt: [.user("Weather \($0)?")], configuration: "a", text: "Rain \($0)", isWhole: $0 % 2 == 0)
  }

  private func pairs(by policy: SafetyPolicy) throws -> [ConfiguredPair] {
    try (0..<4).map {
      PreferencePair(
        prompt: [.user("Question \($0)?")], answers: .byConfiguration(["a": "No \($0).", "b": "Yes \($0)!"]))
    }.configured(by: policy)
  }

  private func data(_ trainer: DPOTrainer, ratio: Double = 0.5, variation: PromptVariation? = nil) throws
    -> TrainingData
  {
    let policy = try policy()
    return try TrainingData(
      pairs(by: policy), drawing: variation, from: policy, seed: 5,
      retaining: Retention(replies, ratio: ratio, weight: 0.5), encodedWith: trainer.encoder)
  }

  private func trainer() async throws -> DPOTrainer {
    DPOTrainer(
      model: try await tinyLanguageModel(), loss: DPOLoss(beta: 0.5), adapter: LoRAConfiguration(rank: 2),
      optimizer: AdamW(learningRate: 1e-2))
  }

  /// Over any cut of a run into batches, the same replies come in the same order, each once a round.
  @Test(arguments: [0.3, 1, 1.7]) func everyReplyComesOnceARound(ratio: Double) async throws {
    let data = try data(try await trainer(), ratio: ratio)
    let whole = try data.retained(besidePairs: 0..<40)
    #expect(whole.count == Int((40 * ratio).rounded(.down)))
    for cut in [1, 3, 8] {
      let parts = try stride(from: 0, to: 40, by: cut).flatMap { first in
        try data.retained(besidePairs: first..<min(40, first + cut))
      }
      #expect(parts == whole)
    }
    for round in stride(from: 0, to: whole.count - 4, by: 5) {
      #expect(Set(whole[round..<round + 5].map(\.source)) == Set(0..<5))
    }
  }

  /// A reply that was cut teaches no end; one that is whole does.
  @Test func onlyWholeRepliesEnd() async throws {
    let trainer = try await trainer()
    for reply in try data(trainer).retained(besidePairs: 0..<10) {
      let text = replies[reply.source]
      let whole = try trainer.encoder.completion(
        text.text, to: [.system("Be kind")] + text.prompt, prompt: reply.prompt
      ).tokens
      let end = try #require(whole.lastIndex(of: trainer.model.chatTemplate.endOfTurnID))
      #expect(reply.completion == (text.isWhole ? whole : Array(whole[..<end])))
    }
  }

  /// The gradient of a batch with retained replies is that of the pairs alone plus that of λ times their mean loss.
  @Test func theGradientIsThatOfTheLoss() async throws {
    let trainer = try await trainer()
    let data = try data(trainer, ratio: 0.75)
    let batch = Array(data.pairs.prefix(4))
    let retained = try data.retained(besidePairs: 0..<4)
    #expect(retained.count == 3)
    let adapter = trainer.model.withRandomAdapter(rank: 2).adapter!
    let term = RetentionTerm(data.retention, inStep: retained.count)
    func loss(_ adapter: LoRAAdapter) async throws -> Double {
      let result = try BatchGradient(
        batch, retained: retained, term, trainer: trainer, adapter: adapter, pairsInStep: 4, step: 1, dropoutSeed: 0)
      return result.evaluated.reduce(0) { $0 + $1.value.loss } / 4 + 0.5 * result.retainedLoss
    }
    let result = try BatchGradient(
      batch, retained: retained, term, trainer: trainer, adapter: adapter, pairsInStep: 4, step: 1, dropoutSeed: 0)
    // The mean negative log-likelihood per token, from the model's own scores.
    let scores = try await trainer.model.adapted(by: adapter).logProbabilities(of: retained.map(\.group))
    let mean = zip(scores, retained).map { -$0[0] / Double($1.completion.count) }.reduce(0, +) / 3
    #expect(abs(result.retainedLoss - mean) < 1e-9 * abs(mean))
    // Along the gradient, the loss changes by its squared norm; h is such that float32 rounding of the loss (about 1e-6)
    // and the second-order term both stay below a hundredth of that.
    var squares = 0.0
    for (_, tensor) in result.gradient.namedParameters {
      squares += tensor.scalars.reduce(0) { $0 + Double($1) * Double($1) }
    }
    let h = 1e-2 / squares.squareRoot()
    func moved(_ by: Double) -> LoRAAdapter {
      var others = result.gradient.parameters.makeIterator()
      return adapter.mapParameters { parameter in
        let gradient = others.next()!
        return Tensor(zip(parameter.scalars, gradient.scalars).map { $0 + Float(by) * $1 }, shape: parameter.shape)
      }
    }
    let difference = (try await loss(moved(h)) - (try await loss(moved(-h)))) / (2 * h)
    #expect(abs(difference - squares) < 0.02 * squares, "\(difference) against \(squares)")
  }

  /// A run that is resumed has the numbers of one that was not, prompts drawn anew included.
  @Test func goesOnWhereItWas() async throws {
    let trainer = try await trainer()
    let data = try data(trainer, ratio: 0.6, variation: PromptVariation(reworded: 0.8, unprompted: 0.3, warmup: 0.5))
    let plan = TrainingPlan(epochs: 3, batchSize: 2, order: .shuffledRows, checkpointInterval: 5)
    var (losses, checkpoints): ([[Double]], [TrainingCheckpoint]) = ([], [])
    for try await event in trainer.run(on: data, plan: plan) {
      switch event {
      case .step(let report): losses.append([report.loss, try #require(report.retainedLoss)])
      case .checkpoint(let checkpoint): checkpoints.append(checkpoint)
      case .finished, .alarm: break
      }
    }
    #expect(losses.count == 12)
    var resumed: [[Double]] = []
    for try await event in trainer.run(on: data, plan: plan, resuming: checkpoints[0]) {
      if case .step(let report) = event { resumed.append([report.loss, report.retainedLoss ?? 0]) }
    }
    #expect(resumed == Array(losses[5...]))
    let other = try self.data(
      trainer, ratio: 0.7, variation: PromptVariation(reworded: 0.8, unprompted: 0.3, warmup: 0.5))
    let error = await #expect(throws: TrainingError.self) {
      for try await _ in trainer.run(on: other, plan: plan, resuming: checkpoints[0]) {}
    }
    #expect(error?.description.contains("prompts and retained replies") == true)
  }
}
