import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Labels reach the loss, and a run's identity.
@Suite struct SoftLabelTrainingTests {
  private func pairs(_ preferences: [Double]) -> [ConfiguredPair] {
    preferences.enumerated().map { row, preference in
      ConfiguredPair(
        prompt: [.system("Be kind"), .user("Question \(row)?")], chosen: "An answer, number \(row).",
        rejected: "Another one \(row * 7).", configuration: nil, source: row, preference: preference)
    }
  }

  private func model() async throws -> LanguageModel {
    let folder = try TemporaryFolder()
    try TinyModel.write(to: folder["tiny.gguf"])
    return try await LanguageModel(contentsOf: folder["tiny.gguf"], precision: .f32)
  }

  private func run(
    _ trainer: DPOTrainer, _ pairs: [ConfiguredPair], resuming checkpoint: TrainingCheckpoint? = nil
  ) async throws -> (losses: [Double], checkpoint: TrainingCheckpoint?) {
    var (losses, last): ([Double], TrainingCheckpoint?) = ([], nil)
    let plan = TrainingPlan(epochs: 2, batchSize: 2, order: .asGiven)
    for try await event in trainer.run(on: pairs, plan: plan, resuming: checkpoint) {
      switch event {
      case .step(let report): losses.append(report.loss)
      case .checkpoint(let checkpoint): last = checkpoint
      case .finished, .alarm: break
      }
    }
    return (losses, last)
  }

  @Test func labelsDecideTheLossAndTheIdentity() async throws {
    let trainer = DPOTrainer(
      model: try await model(), loss: DPOLoss(beta: 0.5), adapter: LoRAConfiguration(rank: 2),
      optimizer: AdamW(learningRate: 1e-2))
    let hard = try await run(trainer, pairs([1, 1, 1, 1]))
    let soft = try await run(trainer, pairs([1, 0.5, 0.25, 0]))
    #expect(hard.losses[0] == soft.losses[0], "the first step's model is the reference: log 2 whatever the label")
    #expect(hard.losses[2] != soft.losses[2])

    let (hardEnd, softEnd) = (try #require(hard.checkpoint), try #require(soft.checkpoint))
    #expect(hardEnd.identity.fields["labels"] == nil)
    #expect(softEnd.identity.fields["labels"]?.hasPrefix("soft, ") == true)
    #expect(hardEnd.identity.fields["data"] == softEnd.identity.fields["data"])
    for (checkpoint, labels) in [
      (hardEnd, [1, 0.5, 0.25, 0.0]), (softEnd, [1, 1, 1, 1]), (softEnd, [1, 0.5, 0.25, 0.1]),
    ] {
      let error = await #expect(throws: TrainingError.self) {
        try await run(trainer, pairs(labels), resuming: checkpoint)
      }
      #expect(error?.description.contains("labels") == true, "\(String(describing: error))")
    }
    #expect(try await run(trainer, pairs([1, 0.5, 0.25, 0]), resuming: softEnd).losses.isEmpty)
  }
}
