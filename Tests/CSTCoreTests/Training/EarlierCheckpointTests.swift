import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

/// Checkpoints of an earlier version resume, and the run ends with the bits it ended with then.
@Suite(
  .enabled(
    if: CheckpointFixture.hasRecord(of: Kernels.current.name),
    "no bits were recorded for these kernels; CLITests compare those of the scalar ones"))
struct EarlierCheckpointTests {
  private func model(_ name: String) async throws -> LanguageModel {
    let folder = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/models/\(name)")
    return try await LanguageModel(contentsOf: folder, precision: .f32)
  }

  private func pairs(_ file: String) throws -> [PreferencePair] {
    try [PreferencePair](contentsOf: CheckpointFixture.folder.appending(path: file))
  }

  /// Goes on to the end, and compares what it gives with what is recorded.
  private func expectRecord(
    _ fixture: CheckpointFixture, _ trainer: DPOTrainer, _ pairs: [ConfiguredPair], _ plan: TrainingPlan
  ) async throws {
    let checkpoint = try TrainingCheckpoint(
      contentsOf: fixture.run.appending(path: "checkpoint.safetensors"), for: trainer.model.configuration)
    #expect(checkpoint.step == 6)
    let recorded = try fixture.metrics(kernels: Kernels.current.name)
    let folder = try TemporaryFolder()
    var steps = checkpoint.step
    for try await event in trainer.run(on: pairs, plan: plan, resuming: checkpoint) {
      switch event {
      case .step(let report):
        let metrics = try JSONDecoder().decode([String: Double].self, from: JSONEncoder().encode(report))
        #expect(metrics.filter { $0.key != "seconds" } == recorded[steps])
        steps += 1
      case .checkpoint, .alarm: break
      case .finished(let adapter):
        try adapter.write(to: folder["adapter"], baseModelName: "")
        let digest = try SHA256.digest(ofFile: folder["adapter/adapter_model.safetensors"])
        #expect(try digest == fixture.adapterDigest(kernels: Kernels.current.name))
      }
    }
    #expect(steps == 12)
  }

  /// Every setting that is not the usual one, and labels from judges.
  @Test func withEverySetting() async throws {
    let policy = try SafetyPolicy(contentsOf: CheckpointFixture.folder.appending(path: "policy.json"))
    let trainer = DPOTrainer(
      model: try await model("llama3"), loss: DPOLoss(beta: 0.2, rpoAlpha: 0.5),
      adapter: LoRAConfiguration(rank: 2, alpha: 3, dropout: 0.1, targets: [.query, .value, .down]),
      optimizer: AdamW(learningRate: 0.01, weightDecay: 0.01),
      schedule: LearningRateSchedule(.cosine, warmupRatio: 0.2), maximumLength: 200)
    let plan = TrainingPlan(epochs: 3, batchSize: 2, gradientAccumulation: 2, maximumGradientNorm: 0.5, seed: 7)
    try await expectRecord(
      CheckpointFixture("labels"), trainer, pairs("answers.jsonl").configured(by: policy, labels: .fromJudge), plan)
  }

  /// Rows as they are, in their order, for a number of steps.
  @Test func withRowsAsTheyAre() async throws {
    let trainer = DPOTrainer(
      model: try await model("phi3"), adapter: LoRAConfiguration(rank: 2), optimizer: AdamW(learningRate: 0.01))
    let plan = TrainingPlan(length: .steps(12), batchSize: 3, order: .asGiven, maximumGradientNorm: nil)
    try await expectRecord(CheckpointFixture("rows"), trainer, pairs("rows.jsonl").asWritten(), plan)
  }
}
