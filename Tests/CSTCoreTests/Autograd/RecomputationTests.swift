import TestSupport
import Testing

@testable import CSTCore

/// What the backward pass keeps, seen through weak references to the memory of intermediate results.
@Suite("What is kept for the backward pass")
struct RecomputationTests {
  final class Watch {
    weak var storage: TensorStorage?
    var isKept: Bool { storage != nil }
  }

  static let weight = WeightMatrix.random(6, 4)
  static let factors = LoRAFactors(a: .random([2, 4]), b: .random([6, 2]))

  struct Pipeline: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let intermediate: @Sendable (Tensor) -> Tensor
  }

  static let recomputed = [
    Pipeline(testDescription: "rmsNorm") { $0.rmsNorm(weight: .ones([4]), epsilon: 1e-5) },
    Pipeline(testDescription: "siluMultiplied") { $0.siluMultiplied(by: $0) },
    Pipeline(testDescription: "dropout") { $0.dropout(probability: 0.5, seed: 1, stream: 1) },
  ]

  @Test("A normalised, gated or dropped-out input of a linear layer is computed again, not kept", arguments: recomputed)
  func dropped(pipeline: Pipeline) {
    let watch = Watch()
    let x = Tensor.random([3, 4])
    let (value, pullback) = valueWithPullback(at: x, Self.factors.a) { x, a in
      let input = pipeline.intermediate(x)
      watch.storage = input.storage
      return input.linear(Self.weight, adding: LoRAFactors(a: a, b: Self.factors.b), scale: 1)
    }
    #expect(!watch.isKept)
    _ = pullback(.ones(value.shape))
    #expect(
      GradientCheck.mismatch(at: x, Self.factors.a, noise: 64) { x, a in
        pipeline.intermediate(x).linear(Self.weight, adding: LoRAFactors(a: a, b: Self.factors.b), scale: 1)
      } == nil)
  }

  @Test("Dropout of a norm keeps neither, and two layers that read it agree")
  func chained() {
    let (normWatch, dropWatch) = (Watch(), Watch())
    let x = Tensor.random([3, 4])
    func network(_ x: Tensor, _ a: Tensor, watch: Bool) -> Tensor {
      let norm = x.rmsNorm(weight: .ones([4]), epsilon: 1e-5)
      let dropped = norm.dropout(probability: 0.5, seed: 1, stream: 1)
      if watch { (normWatch.storage, dropWatch.storage) = (norm.storage, dropped.storage) }
      let factors = LoRAFactors(a: a, b: Self.factors.b)
      return norm.linear(Self.weight, adding: factors, scale: 1, adapterInput: dropped)
        + norm.linear(Self.weight, adding: factors, scale: 2)
    }
    let (value, pullback) = valueWithPullback(at: x, Self.factors.a) { network($0, $1, watch: true) }
    #expect(!normWatch.isKept && !dropWatch.isKept)
    _ = pullback(.ones(value.shape))
    #expect(GradientCheck.mismatch(at: x, Self.factors.a, noise: 64) { network($0, $1, watch: false) } == nil)
  }

  @Test("Sums and differences keep nothing")
  func sums() {
    let watch = Watch()
    let (value, pullback) = valueWithPullback(at: Tensor.random([3, 4])) { x in
      let branch = x * 2
      watch.storage = branch.storage
      return (x + branch) - branch
    }
    #expect(!watch.isKept)
    #expect(pullback(.ones(value.shape)).scalars == [Float](repeating: 1, count: 12))
  }

  @Test("A product with a constant keeps the constant only")
  func constantFactor() {
    let (watch, constant) = (Watch(), Tensor.random([3, 4], seed: 2))
    let (value, pullback) = valueWithPullback(at: Tensor.random([3, 4])) { x in
      let branch = x * 2
      watch.storage = branch.storage
      return branch * constant
    }
    #expect(!watch.isKept)
    #expect(pullback(.ones(value.shape)).scalars == constant.scalars.map { $0 * 2 })
  }

  @Test("The backward pass lets go of everything")
  func released() {
    let watch = Watch()
    let (value, pullback) = valueWithPullback(at: Tensor.random([3, 4])) { x in
      let branch = x * 2
      watch.storage = branch.storage
      return branch.exp().log() * branch
    }
    #expect(watch.isKept)
    _ = pullback(.ones(value.shape))
    #expect(!watch.isKept)
  }

  @Test("Outside of a gradient nothing is recorded")
  func constants() {
    let x = Tensor.random([3, 4])
    let y = x.rmsNorm(weight: .ones([4]), epsilon: 1e-5).linear(Self.weight, adding: Self.factors, scale: 1)
    #expect(y.node == nil && (x + x).node == nil && x.attentionFree.node == nil)
  }
}

extension Tensor {
  fileprivate var attentionFree: Tensor { softmax().logSoftmax().sumOfRows().mean() }
}
