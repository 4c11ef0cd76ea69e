import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Losses in a run: what they remember is kept, what they do not need is not computed, what they do not know is refused.
@Suite struct LossTrainingTests {
  private func trainer(_ fixture: RunFixture, _ loss: DPOLoss) -> DPOTrainer {
    var trainer = fixture.trainer()
    trainer.loss = loss
    return trainer
  }

  /// β-DPO's moving mean is in the checkpoint: without it the losses after the interruption differ.
  @Test func anInterruptedRunRemembersItsBatches() async throws {
    let fixture = try await RunFixture()
    let trainer = trainer(fixture, DPOLoss(.betaDPO, beta: 0.5))
    try await fixture.run("whole", .fresh, trainer)
    try await fixture.run("parts", .fresh, trainer, stoppingAfterStep: 3)
    #expect(try fixture.checkpoint("parts").lossMemory.meanGap != 0)
    try await fixture.run("parts", .resuming, trainer)
    #expect(try fixture.metrics("parts") == fixture.metrics("whole"))
    let adapter = "adapter_model.safetensors"
    #expect(try fixture.bytes("parts")[adapter] == fixture.bytes("whole")[adapter])
  }

  @Test(arguments: [LossType.simpo, .cpo, .orpo, .sft, .sigmoid]) func theReferenceIsScoredWhereItIsNeeded(
    type: LossType
  ) async throws {
    let fixture = try await RunFixture()
    let trainer = trainer(fixture, DPOLoss(type))
    try await fixture.run("run", .fresh, trainer)
    var missing = 0
    _ = trainer.reference.values(of: fixture.pairs.map(\.group)) { groups in
      missing = groups.count
      return CompletionScores(groups, transformer: fixture.model.transformer, adaptation: nil, precision: .f32)
    }
    #expect(missing == (type == .sigmoid ? 0 : fixture.pairs.count))
  }

  /// With every kind of loss a step learns: the same pairs have a lower loss after it.
  @Test(arguments: LossType.allCases) func everyLossFalls(type: LossType) async throws {
    let fixture = try await RunFixture()
    var loss = DPOLoss(type, beta: 0.5)
    if !type.isPerToken { loss.ldAlpha = 0.5 }
    let plan = TrainingPlan(length: .steps(8), batchSize: 6, order: .asGiven)
    try await fixture.run(
      "run", .fresh,
      DPOTrainer(
        model: fixture.model, loss: loss, adapter: LoRAConfiguration(rank: 2), optimizer: AdamW(learningRate: 1e-2)),
      plan)
    let losses = try fixture.metrics("run").compactMap { $0["loss"] }
    let (first, last) = (try #require(losses.first), try #require(losses.last))
    #expect(losses.count == 8 && last < first, "\(losses)")
  }

  @Test func aRunGoesOnWithItsOwnLossOnly() async throws {
    let fixture = try await RunFixture()
    try await fixture.run("run", .fresh, trainer(fixture, DPOLoss(.hinge, beta: 0.5)), stoppingAfterStep: 2)
    let error = await #expect(throws: TrainingError.self) {
      try await fixture.run("run", .resuming, trainer(fixture, DPOLoss(.ipo, beta: 0.5)))
    }
    #expect(error?.detail.contains("checkpoint's loss is hinge") == true, "\(String(describing: error))")
    #expect(try fixture.record("run").options["loss_type"] == .list(["hinge"]))
  }

  @Test func rowsWithMarginsAreForTheLossThatKnowsThem() async throws {
    let fixture = try await RunFixture()
    var pair = fixture.pairs[0].pair
    pair.margin = 0.7
    let pairs = try [pair].encoded(with: fixture.model.encoder())
    let plan = TrainingPlan(length: .steps(1))
    for try await event in trainer(fixture, DPOLoss(beta: 0.5)).run(on: pairs, plan: plan) {
      // Policy and reference are equal before the first step: the margin is 0, and 0.7 is asked.
      if case .step(let report) = event { #expect(abs(report.loss - log(1 + exp(0.7))) < 1e-6) }
    }
    let error = await #expect(throws: TrainingError.self) {
      for try await _ in trainer(fixture, DPOLoss(.hinge)).run(on: pairs, plan: plan) {}
    }
    #expect(error?.reason == .unsupportedByLoss(problem: "hinge knows no margins", row: 0))
    let row = try JSONDecoder().decode(
      PreferencePair.self, from: Data(#"{"prompt": "a", "chosen": "b", "rejected": "c", "margin": 1.5}"#.utf8))
    #expect(row.margin == 1.5 && row.columns.isEmpty)
    #expect(try [row].asWritten()[0].margin == 1.5)
  }

  /// log Σ p² against a Double oracle; sums of 300 exponentials in Float32 are within 2e-6 of it.
  @Test func logSquaresAreThoseOfTheDistribution() throws {
    var generator = SplitMix64(seed: 7)
    let (rows, width, vocabulary) = (5, 16, 300)
    let hidden = (0..<rows * width).map { _ in Float.random(in: -2...2, using: &generator) }
    let weights = (0..<vocabulary * width).map { _ in Float.random(in: -1...1, using: &generator) }
    let head = WeightMatrix(weights, rows: vocabulary, columns: width)
    let squares = Tensor(shape: [rows]) { _ in }
    let targets = (0..<Int32(rows)).map { $0 * 7 }
    let x = Tensor(hidden, shape: [rows, width])
    let plain = x.tokenLogProbabilities(of: targets, head: head)
    #expect(x.tokenLogProbabilities(of: targets, head: head, logSquares: squares).scalars == plain.scalars)
    for row in 0..<rows {
      let logits = (0..<vocabulary).map { token in
        (0..<width).reduce(0.0) { $0 + Double(hidden[row * width + $1]) * Double(weights[token * width + $1]) }
      }
      let sum = logits.reduce(0) { $0 + exp($1) }
      let expected = log(logits.reduce(0) { $0 + (exp($1) / sum) * (exp($1) / sum) })
      #expect(abs(Double(squares.scalars[row]) - expected) < 1e-5 * max(1, abs(expected)))
    }
  }
}
