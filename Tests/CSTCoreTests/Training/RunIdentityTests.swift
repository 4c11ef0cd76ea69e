import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// A checkpoint is resumed by the run it is of, and by no other.
@Suite struct RunIdentityTests {
  @Test func whatDiffersIsNamedWithBothValues() async throws {
    let fixture = try await RunFixture()
    let (trainer, plan) = (fixture.trainer(), fixture.plan)
    let identity = RunIdentity(trainer: trainer, plan: plan, data: TrainingData(fixture.pairs))
    func expectMismatch(
      _ what: String, _ found: String, _ expected: String, pairs: [EncodedPair]? = nil,
      _ change: (inout DPOTrainer, inout TrainingPlan) -> Void = { _, _ in }
    ) {
      var (trainer, plan) = (trainer, plan)
      change(&trainer, &plan)
      let pairs = pairs ?? fixture.pairs
      let other = RunIdentity(trainer: trainer, plan: plan, data: TrainingData(pairs))
      let error = #expect(throws: TrainingError.self) {
        try SavedIdentity.values(identity).check(against: other, pairs: pairs)
      }
      let reason = TrainingError.Reason.checkpointMismatch(what: what, expected: expected, found: found)
      #expect(error?.reason == reason, "\(String(describing: error))")
    }
    try SavedIdentity.values(identity).check(against: identity, pairs: fixture.pairs)
    expectMismatch("beta", "0.5", "0.1") { trainer, _ in trainer.loss = DPOLoss() }
    expectMismatch("RPO alpha", "0.0", "1.0") { trainer, _ in trainer.loss = DPOLoss(beta: 0.5, rpoAlpha: 1) }
    expectMismatch("learning rate", "0.01", "0.02") { trainer, _ in trainer.optimizer.learningRate = 0.02 }
    expectMismatch("beta 2", "0.999", "0.99") { trainer, _ in trainer.optimizer.beta2 = 0.99 }
    expectMismatch("schedule", "linear", "cosine") { trainer, _ in trainer.schedule = LearningRateSchedule(.cosine) }
    expectMismatch("warm-up ratio", "0.0", "0.5") { trainer, _ in
      trainer.schedule = LearningRateSchedule(warmupRatio: 0.5)
    }
    expectMismatch("epochs", "2", "3") { _, plan in plan.length = .epochs(3) }
    expectMismatch("epochs", "2", "not given") { _, plan in plan.length = .steps(6) }
    expectMismatch("batch size", "2", "3") { _, plan in plan.batchSize = 3 }
    expectMismatch("gradient accumulation", "1", "2") { _, plan in plan.gradientAccumulation = 2 }
    expectMismatch("order", "shuffled", "asGiven") { _, plan in plan.order = .asGiven }
    expectMismatch("maximum gradient norm", "1.0", "none") { _, plan in plan.maximumGradientNorm = nil }
    expectMismatch("seed", "42", "7") { _, plan in plan.seed = 7 }
    let swapped = Array(fixture.pairs.reversed())
    let digest = RunIdentity(trainer: trainer, plan: plan, data: TrainingData(swapped)).data
    expectMismatch("data", "6 pairs, \(identity.data)", "6 pairs, \(digest)", pairs: swapped)
    // What decides no number.
    var timed = plan
    (timed.checkpointInterval, timed.checkpointSeconds, timed.activations) = (1, 0, .recomputed)
    #expect(RunIdentity(trainer: trainer, plan: timed, data: TrainingData(fixture.pairs)) == identity)
  }

  @Test func itIsKeptInTheCheckpoint() async throws {
    let fixture = try await RunFixture()
    try await fixture.run("run", stoppingAfterStep: 1)
    let checkpoint = try fixture.checkpoint("run")
    let identity = RunIdentity(trainer: fixture.trainer(), plan: fixture.plan, data: TrainingData(fixture.pairs))
    guard case .values(let kept) = checkpoint.identity else {
      Issue.record("texts")
      return
    }
    #expect(kept == identity && kept.version == 1)
  }

  @Test func aNewerVersionIsRefused() async throws {
    let fixture = try await RunFixture()
    try await fixture.run("run", stoppingAfterStep: 1)
    let file = fixture.folder["run/checkpoint.safetensors"]
    var bytes = try Data(contentsOf: file)
    let version = try #require(bytes.range(of: Data(#"\"version\":1"#.utf8)))
    bytes[version.upperBound - 1] = UInt8(ascii: "2")
    try bytes.write(to: file)
    let error = #expect(throws: FormatError.self) { try fixture.checkpoint("run") }
    #expect(error?.reason == .unsupportedVersion && error?.found == "version 2")
  }
}
