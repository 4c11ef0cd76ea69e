import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Runs with adapters of every form: they start as the base model, resume to the bit, and their files say what was learnt.
@Suite struct AdapterFormTrainingTests {
  enum Form: String, CaseIterable {
    case patterns, rslora, layers, dora, pissa, olora

    var configuration: LoRAConfiguration {
      let start: LoRAInitialization = self == .pissa ? .pissa : self == .olora ? .olora : .kaimingUniform
      // Dropout would change what PiSSA and OLoRA start with.
      var configuration = LoRAConfiguration(
        rank: 2, dropout: start == .kaimingUniform ? 0.1 : 0, initialization: start)
      switch self {
      case .patterns:
        configuration.rankPattern = ["q_proj": 3, #".*\.0\.mlp\..*"#: 1]
        configuration.alphaPattern = ["down_proj": 7]
      case .rslora: configuration.usesRSLoRA = true
      case .layers: configuration.modules = TargetModules(.list(["q_proj", "up_proj"]), layers: [1])
      case .dora: configuration.usesDoRA = true
      case .pissa, .olora: break
      }
      return configuration
    }
  }

  private func trainer(_ form: Form, _ fixture: RunFixture) -> DPOTrainer {
    DPOTrainer(
      model: fixture.model, loss: DPOLoss(beta: 0.5), adapter: form.configuration, optimizer: AdamW(learningRate: 1e-2))
  }

  @Test(arguments: Form.allCases) func runs(form: Form) async throws {
    let fixture = try await RunFixture()
    let trainer = trainer(form, fixture)
    // A fresh adapter is the base model.
    let groups = fixture.pairs.map(\.group)
    let fresh = try trainer.initialAdapter(seed: 3)
    #expect(fresh.fits(fixture.model.configuration))
    let base = try await fixture.model.logProbabilities(of: groups)
    let start = try await fixture.model.adapted(by: fresh).logProbabilities(of: groups)
    #expect(zip(base.joined(), start.joined()).allSatisfy { abs($0 - $1) < 1e-3 })
    // A run, and the same with a break.
    var finished: LoRAAdapter?
    try await fixture.run("whole", .fresh, trainer) { progress in
      if case .finished(let adapter) = progress.event { finished = adapter }
      if case .step(let report) = progress.event, report.step == 1 { #expect(abs(report.loss - 0.6931) < 0.05) }
    }
    try await fixture.run("broken", .fresh, trainer, stoppingAfterStep: 2)
    try await fixture.run("broken", .resuming, trainer)
    for name in ["adapter_model.safetensors", "adapter_config.json", "checkpoint.safetensors"] {
      #expect(try fixture.bytes("broken")[name] == fixture.bytes("whole")[name], "\(form) \(name)")
    }
    // What is in the files is what was learnt.
    let adapter = try #require(finished)
    let written = try LoRAAdapter(contentsOf: fixture.folder["whole"], for: fixture.model.configuration)
    #expect(written.parameters.map(\.scalars) == adapter.parameters.map(\.scalars))
    #expect(written.modules == adapter.modules)
    let raw = try fixture.checkpoint("whole").adapter
    let scores = try await fixture.model.adapted(by: written).logProbabilities(of: groups)
    let batch = CompletionBatch(groups, switchLength: fixture.model.transformer.rotary.switchLength)
    let trained = CompletionScores.sums(
      of: fixture.model.transformer.tokenLogProbabilities(of: batch, adaptation: .init(adapter: raw), precision: .f32),
      over: batch.completionRanges)
    #expect(zip(scores.joined(), trained.joined()).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(zip(scores.joined(), base.joined()).contains { abs($0 - $1) > 0.1 })
    if form == .pissa || form == .olora {
      #expect(written.configuration.rank == 4 && written.configuration.alpha == 8 && raw.configuration.rank == 2)
    }
  }

  /// Layers that are computed again give the same bits.
  @Test(arguments: [Form.dora, .pissa, .layers]) func recomputedLayers(form: Form) async throws {
    let fixture = try await RunFixture()
    var bits: [[[UInt32]]] = []
    for activations in [LayerActivations.kept, .recomputed] {
      var plan = fixture.plan
      plan.activations = activations
      try await fixture.run("\(activations)", .fresh, trainer(form, fixture), plan) { progress in
        if case .finished(let adapter) = progress.event {
          bits.append(adapter.parameters.map { $0.scalars.map(\.bitPattern) })
        }
      }
    }
    #expect(bits.count == 2 && bits[0] == bits[1])
  }

  @Test func anotherFormIsAnotherRun() async throws {
    let fixture = try await RunFixture()
    try await fixture.run("run", stoppingAfterStep: 1)
    for change in ["form", "ratio"] {
      var trainer = fixture.trainer()
      if change == "form" {
        var configuration = trainer.adapterConfiguration
        configuration.usesRSLoRA = true
        trainer = DPOTrainer(
          model: fixture.model, loss: trainer.loss, adapter: configuration, optimizer: trainer.optimizer)
      } else {
        trainer.loraPlusRatio = 16
      }
      let error = await #expect(throws: TrainingError.self) { try await fixture.run("run", .resuming, trainer) }
      guard case .checkpointMismatch(let what, _, _)? = error?.reason else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(what == (change == "form" ? "adapter" : "LoRA+ ratio"))
    }
  }

  /// AdamW's first update moves every element by the learning rate, whatever the gradient's size.
  @Test func loraPlusMovesBFaster() async throws {
    let fixture = try await RunFixture()
    var moved: [[Float]] = []
    for ratio in [1.0, 16] {
      var trainer = fixture.trainer(learningRate: 1e-4)
      trainer.loraPlusRatio = ratio
      let start = try trainer.initialAdapter(seed: 42)
      try await fixture.run("ratio \(ratio)", .fresh, trainer, TrainingPlan(length: .steps(1), batchSize: 2)) {
        progress in
        guard case .finished(let adapter) = progress.event else { return }
        let changes = zip(adapter.parameters, start.parameters).map { new, old in
          zip(new.scalars, old.scalars).map { abs($0 - $1) }.max() ?? 0
        }
        let fast = adapter.isFast
        moved.append([false, true].map { kind in zip(changes, fast).filter { $0.1 == kind }.map(\.0).max() ?? 0 })
      }
    }
    #expect(abs(moved[0][1] - 1e-4) < 1e-6 && abs(moved[1][1] - 16e-4) < 16e-6)
    #expect(moved[0][0] == moved[1][0])
  }

  @Test func readersThatKnowOneRankOnly() async throws {
    let fixture = try await RunFixture()
    var folder = try RunFolder(fixture.folder["plain"])
    folder.writesPlainAdapter = true
    for try await _ in try await folder.run(
      trainer(.patterns, fixture), on: fixture.pairs, plan: fixture.plan, from: fixture.source)
    {}
    let adapter = try LoRAAdapter(contentsOf: fixture.folder["plain"], for: fixture.model.configuration)
    #expect(adapter.configuration.forms.isEmpty && adapter.configuration.rank == 3)
  }
}
