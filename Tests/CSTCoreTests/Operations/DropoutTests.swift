import TestSupport
import Testing

@testable import CSTCore

@Suite("Dropout")
struct DropoutTests {
  /// 100 000 draws: the standard deviation of the rate is below 0.0016; five of them once in two million.
  @Test("The rate is the probability and survivors are scaled", arguments: [Float(0), 0.1, 0.5, 0.9])
  func rate(probability: Float) {
    let count = 100_000
    let kept = Tensor.ones([count]).dropout(probability: probability, seed: 3, stream: 4).scalars
    let zeros = kept.count { $0 == 0 }
    #expect(abs(Double(zeros) / Double(count) - Double(probability)) < 0.008)
    #expect(kept.allSatisfy { $0 == 0 || $0 == 1 / (1 - probability) })
    if probability == 0 { #expect(zeros == 0) }
  }

  /// Neighbours are independent: the share of pairs that are both dropped is the squared probability.
  @Test("Neighbours are independent")
  func pairs() {
    let kept = Tensor.ones([100_000]).dropout(probability: 0.5, seed: 3, stream: 4).scalars
    let both = zip(kept, kept.dropFirst()).count { $0 == 0 && $1 == 0 }
    #expect(abs(Double(both) / 100_000 - 0.25) < 0.01)
  }

  @Test("Seed and stream decide the mask, and nothing else does")
  func determinism() {
    let x = Tensor.random([50_000])
    let first = x.dropout(probability: 0.3, seed: 1, stream: 2)
    #expect(Mismatch.firstInBits(x.dropout(probability: 0.3, seed: 1, stream: 2).scalars, first.scalars) == nil)
    #expect(x.dropout(probability: 0.3, seed: 1, stream: 3).scalars != first.scalars)
    #expect(x.dropout(probability: 0.3, seed: 2, stream: 2).scalars != first.scalars)
    #expect(x.dropout(probability: 0.3, seed: 2, stream: 1).scalars != first.scalars)
  }

  @Test("Gradients go where values went", arguments: [[], [0], [37], [3, 5]] as [Shape])
  func gradients(shape: Shape) {
    let x = Tensor.random(shape)
    #expect(GradientCheck.mismatch(at: x) { $0.dropout(probability: 0.4, seed: 1, stream: 2) } == nil)
  }

  @Test("Closed form: the derivative is the scaled mask")
  func closedForm() {
    let x = Tensor.ones([64])
    let (value, pullback) = valueWithPullback(at: x) { $0.dropout(probability: 0.5, seed: 1, stream: 2) }
    #expect(pullback(.ones([64])).scalars == value.scalars)
  }
}
