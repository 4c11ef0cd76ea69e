import TestSupport
import Testing

@testable import CSTCore

@Suite("Feed-forward gate")
struct FeedForwardGateTests {
  static let shapes: [Shape] = [[], [0], [5], [3, 17], [2, 3, 4]]

  @Test("Values", arguments: shapes)
  func values(shape: Shape) {
    let (gate, up) = (Tensor.random(shape, in: -6...6), Tensor.random(shape, seed: 2))
    let expected = zip(gate.doubles, up.doubles).map { ElementwiseOracle.silu($0) * $1 }
    #expect(gate.siluMultiplied(by: up).mismatch(shape, expected, terms: 8) == nil)
  }

  @Test("Gradients of gate and up", arguments: shapes)
  func gradients(shape: Shape) {
    let (gate, up) = (Tensor.random(shape, in: -3...3), Tensor.random(shape, seed: 2))
    #expect(GradientCheck.mismatch(at: gate, up) { $0.siluMultiplied(by: $1) } == nil)
    #expect(GradientCheck.mismatch(at: gate) { $0.siluMultiplied(by: up) } == nil)
    #expect(GradientCheck.mismatch(at: up) { gate.siluMultiplied(by: $0) } == nil)
    #expect(GradientCheck.mismatch(at: gate) { $0.siluMultiplied(by: $0) } == nil)
  }

  @Test("Closed form at gate 0: slope 1/2 for the gate, 0 for up")
  func closedForm() {
    let (dGate, dUp) = valueWithGradient(at: Tensor(0), Tensor(3)) { $0.siluMultiplied(by: $1) }.gradient
    #expect(dGate.item == 1.5)
    #expect(dUp.item == 0)
  }
}
