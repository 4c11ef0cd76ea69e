import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Layers that the backward pass computes again give the bits of layers that were kept.
@Suite struct RecomputedLayersTests {
  private func pairs(_ count: Int = 4) -> [ConfiguredPair] {
    (0..<count).map { row in
      ConfiguredPair(
        prompt: [.system("Be kind"), .user("Question \(row)?")], chosen: "An answer, number \(row).",
        rejected: "Another one \(row * 7).", configuration: nil, source: row, preference: 1)
    }
  }

  private func model(_ precision: Precision = .f32, panels: WeightPanels? = nil) async throws -> LanguageModel {
    let folder = try TemporaryFolder()
    try TinyModel.write(to: folder["tiny.gguf"])
    return try await LanguageModel(contentsOf: folder["tiny.gguf"], precision: precision, panels: panels)
  }

  private struct Outcome: Equatable {
    var losses: [UInt64] = []
    var adapter: [[UInt32]] = []
  }

  /// A run of four steps with dropout, from random factors.
  private func outcome(
    _ model: LanguageModel, _ activations: LayerActivations, targets: Set<Projection> = Set(Projection.allCases)
  ) async throws -> Outcome {
    var generator = SeededGenerator(seed: 5)
    let configuration = LoRAConfiguration(rank: 3, dropout: 0.3, targets: targets)
    let adapter = LoRAAdapter(for: model.configuration, configuration, using: &generator).mapParameters {
      Tensor((0..<$0.count).map { _ in Float(generator.uniform() - 0.5) * 0.2 }, shape: $0.shape)
    }
    let trainer = DPOTrainer(model: model, startingFrom: adapter, optimizer: AdamW(learningRate: 1e-2))
    let plan = TrainingPlan(epochs: 2, batchSize: 2, activations: activations)
    var outcome = Outcome()
    for try await event in trainer.run(on: pairs(), plan: plan) {
      switch event {
      case .step(let report): outcome.losses += [report.loss.bitPattern, report.gradientNorm.bitPattern]
      case .finished(let adapter): outcome.adapter = adapter.parameters.map { $0.scalars.map(\.bitPattern) }
      case .checkpoint, .alarm: break
      }
    }
    return outcome
  }

  @Test(arguments: Precision.allCases) func sameBits(precision: Precision) async throws {
    let model = try await model(precision)
    let kept = try await outcome(model, .kept)
    #expect(kept.losses.count == 8)
    #expect(try await outcome(model, .recomputed) == kept)
    let streaming = try await self.model(precision, panels: .streamed)
    #expect(streaming.panels == .streamed && model.panels == .kept)
    #expect(try await outcome(streaming, .recomputed) == kept)
  }

  /// The first layer's input needs no gradient, and most projections have no factors.
  @Test func sameBitsWithFewTargets() async throws {
    let model = try await model()
    let kept = try await outcome(model, .kept, targets: [.value])
    #expect(try await outcome(model, .recomputed, targets: [.value]) == kept)
  }

  @Test func functionsAreComputedAgainFromTheirInputsOnly() {
    final class Watch {
      weak var storage: TensorStorage?
      var calls = 0
    }
    let (watch, x, w) = (Watch(), Tensor.random([3, 4]), Tensor.random([4, 5], seed: 2))
    let (value, pullback) = valueWithPullback(at: x, w) { x, w in
      recomputedInBackwardPass([x, w]) { inputs in
        let product = inputs[0].matmul(inputs[1])
        watch.calls += 1
        watch.storage = product.storage
        return product * product + inputs[0].sum()
      }
    }
    #expect(watch.calls == 1 && watch.storage == nil)
    let (dx, dw) = pullback(.ones(value.shape))
    #expect(watch.calls == 2 && watch.storage == nil)
    let (expected, direct) = valueWithPullback(at: x, w) { x, w in
      let product = x.matmul(w)
      return product * product + x.sum()
    }
    let gradients = direct(.ones(value.shape))
    #expect(value.scalars == expected.scalars)
    #expect(dx.scalars == gradients.0.scalars && dw.scalars == gradients.1.scalars)
  }

  @Test func anInputWithoutAGradientGetsNone() {
    let (x, constant) = (Tensor.random([3, 4]), Tensor.random([3, 4], seed: 2))
    let (value, pullback) = valueWithPullback(at: x) { x in
      recomputedInBackwardPass([constant, x]) { $0[0] * $0[1] }
    }
    #expect(pullback(.ones(value.shape)).scalars == constant.scalars)
    #expect(recomputedInBackwardPass([constant]) { $0[0] * 2 }.node == nil)
  }

  @Test func memoryIsLinearInTokensAndSmallerRecomputed() async throws {
    let model = try await model(panels: .streamed)
    func memory(_ tokens: Int, _ activations: LayerActivations?) -> TrainingMemory {
      TrainingMemory(
        model: model, adapter: LoRAConfiguration(rank: 2), tokensPerBatch: tokens, activations: activations)
    }
    for activations in LayerActivations.allCases {
      #expect(memory(2000, activations).activations == 2 * memory(1000, activations).activations)
      #expect(memory(10, activations).activationChoice == activations)
    }
    #expect(memory(10, .recomputed).activationsPerToken <= memory(10, .kept).activationsPerToken)
    #expect(memory(10, nil).activationChoice == .kept)
    #expect(memory(1 << 40, nil).activationChoice == .recomputed)
    #expect(memory(10, nil).packedWeights <= WeightMatrix.streamedBytes)
    #expect(LayerActivations.chosen(activationBytes: 1 << 30, physicalMemory: 4 << 30) == .kept)
    #expect(LayerActivations.chosen(activationBytes: 1 << 30 + 1, physicalMemory: 4 << 30) == .recomputed)
  }
}
