import CKernels
import TestSupport
import Testing

@Suite struct AdamWTests {
  /// The oracle takes the float32 values of the scalars. 1 - beta is then exact in both (betas are above 1/2), a moment
  /// has at most four roundings of its terms, the update eight more relative to its own size.
  @Test(arguments: LengthCase.all)
  func step(_ test: LengthCase) {
    var generator = test.generator
    let count = test.length
    let p = Operand(generator.floats(count), slack: test.slack)
    let m = Operand(generator.floats(count, in: -0.1...0.1), slack: test.slack)
    let v = Operand(generator.floats(count, in: 0...0.01), slack: test.slack)
    let g = Operand(generator.floats(count), slack: test.slack)
    let (scale, rate, beta1, beta2): (Float, Float, Float, Float) = (0.7, 3e-3, 0.9, 0.999)
    let (epsilon, decay, correction1, correction2): (Float, Float, Float, Float) = (1e-8, 0.1, 0.271, 0.002997)
    let oracle = AdamWOracle(
      learningRate: Double(rate), beta1: Double(beta1), beta2: Double(beta2), epsilon: Double(epsilon),
      weightDecay: Double(decay), correction1: Double(correction1), correction2: Double(correction2))
    let before = (p: p.values.doubles, m: m.values.doubles, v: v.values.doubles, g: g.values.doubles)
    let after = (0..<count).map {
      oracle.step(before.p[$0], m: before.m[$0], v: before.v[$0], gradient: Double(scale) * before.g[$0])
    }
    test.kernels.adamw_f32(
      p.pointer, m.pointer, v.pointer, g.pointer, count, scale, rate, beta1, beta2, epsilon, decay, correction1,
      correction2)
    let firstMoment = Mismatch.first(m.values, after.map(\.m)) {
      4 * roundoff * (before.m[$0].magnitude + before.g[$0].magnitude)
    }
    #expect(firstMoment == nil)
    #expect(Mismatch.first(v.values, after.map(\.v)) { 5 * roundoff * after[$0].v } == nil)
    let parameter = Mismatch.first(p.values, after.map(\.p)) {
      // The update, were the terms of m not to cancel.
      let m = Double(beta1) * before.m[$0].magnitude + (1 - Double(beta1)) * before.g[$0].magnitude
      let update = Double(rate) * m / Double(correction1) / (after[$0].v / Double(correction2)).squareRoot()
      return roundoff * (12 * update + 3 * before.p[$0].magnitude)
    }
    #expect(parameter == nil)
    #expect(p.isIntact && m.isIntact && v.isIntact && g.isIntact)
  }

  /// The first step moves every parameter by the learning rate against its gradient's sign, whatever its size.
  @Test(arguments: CKVariant.runnable)
  func firstStepIsTheSign(_ variant: CKVariant) {
    let p = Operand([Float](repeating: 1, count: 4))
    let (m, v) = (Operand(width: 4, fill: 0), Operand(width: 4, fill: 0))
    let g = Operand([1e-3, -1e-3, 10, -10])
    variant.kernels.adamw_f32(
      p.pointer, m.pointer, v.pointer, g.pointer, 4, 1, 0.25, 0.9, 0.999, 0, 0, 1 - 0.9, 1 - 0.999)
    #expect(Mismatch.first(p.values, [0.75, 1.25, 0.75, 1.25]) { _ in 12 * roundoff } == nil)
  }

  @Test(arguments: CKVariant.runnable)
  func zeroGradientOnlyDecays(_ variant: CKVariant) {
    let p = Operand([2, -3])
    let (m, v, g) = (Operand(width: 2, fill: 0), Operand(width: 2, fill: 0), Operand(width: 2, fill: 0))
    variant.kernels.adamw_f32(
      p.pointer, m.pointer, v.pointer, g.pointer, 2, 1, 0.5, 0.9, 0.999, 1e-8, 0.5, 0.1, 0.001)
    #expect(p.values == [1.5, -2.25])
    #expect(m.values == [0, 0] && v.values == [0, 0])
  }
}
