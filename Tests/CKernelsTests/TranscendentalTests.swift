import CKernels
import Foundation
import TestSupport
import Testing

/// exp, log, sigmoid and tanh against Foundation's Double functions.
@Suite struct TranscendentalTests {
  typealias Kernel = @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int) -> Void

  /// Every 16411th bit pattern (a prime: all exponents, all signs, NaNs), 260,000 numbers.
  static let sweep = stride(from: UInt32(0), to: .max, by: 16411).map { Float(bitPattern: $0) }

  /// A grid finer than the sweep where the results are neither 0 nor their limits.
  static let grid = stride(from: Float(-110), through: 110, by: 0x1p-10).map { $0 }

  static func apply(_ kernel: Kernel, to x: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: x.count) { out, count in
      kernel(out.baseAddress, x, x.count)
      count = x.count
    }
  }

  /// The input with the largest error beyond the bound, in words, or nil.
  static func excess(
    _ kernel: Kernel, over inputs: [Float], bound: Double, absolute: Double = 0, _ oracle: (Double) -> Double
  ) -> String? {
    let found = apply(kernel, to: inputs)
    var worst: (x: Float, ulps: Double)?
    for (x, y) in zip(inputs, found) {
      let expected = oracle(Double(x))
      let ulps = Mismatch.ulps(y, expected)
      if ulps > bound, ulps > worst?.ulps ?? 0, !((Double(y) - expected).magnitude <= absolute) { worst = (x, ulps) }
    }
    return worst.map { "\($0.ulps) ULP at \($0.x)" }
  }

  @Test(arguments: CKVariant.runnable)
  func exponential(_ variant: CKVariant) {
    #expect(Self.excess(variant.kernels.exp_f32, over: Self.sweep + Self.grid, bound: 2, exp) == nil)
  }

  @Test(arguments: CKVariant.runnable)
  func logarithm(_ variant: CKVariant) {
    let nearOne = (-40_000...40_000).map { 1 + Float($0) * 0x1p-20 }
    #expect(Self.excess(variant.kernels.log_f32, over: Self.sweep + nearOne, bound: 2) { log($0) } == nil)
  }

  @Test(arguments: CKVariant.runnable)
  func sigmoid(_ variant: CKVariant) {
    let inputs = Self.sweep + Self.grid
    #expect(Self.excess(variant.kernels.sigmoid_f32, over: inputs, bound: 4, ElementwiseOracle.sigmoid) == nil)
  }

  @Test(arguments: CKVariant.runnable)
  func hyperbolicTangent(_ variant: CKVariant) {
    let inputs = Self.sweep + Self.grid
    #expect(Self.excess(variant.kernels.tanh_f32, over: inputs, bound: 8, absolute: 1e-7, tanh) == nil)
  }

  @Test(arguments: CKVariant.runnable)
  func limits(_ variant: CKVariant) {
    // 88.72283 and 88.72284 are on either side of the logarithm of the largest Float, -103.97 and -103.98 of that of
    // half the smallest.
    let x: [Float] = [
      -.infinity, .infinity, .nan, 0, -0.0, 88.72283, 88.72284, -103.97, -103.98, -1, .leastNonzeroMagnitude,
    ]
    let kernels = variant.kernels
    let e = Self.apply(kernels.exp_f32, to: x)
    #expect(e[0] == 0 && e[1] == .infinity && e[2].isNaN && e[3] == 1 && e[4] == 1)
    #expect(e[5].isFinite && e[6] == .infinity && e[7] == .leastNonzeroMagnitude && e[8] == 0)
    let l = Self.apply(kernels.log_f32, to: x)
    #expect(l[0].isNaN && l[1] == .infinity && l[2].isNaN && l[3] == -.infinity && l[4] == -.infinity)
    #expect(l[9].isNaN && Mismatch.ulps(l[10], -149 * log(2)) <= 2)
    let s = Self.apply(kernels.sigmoid_f32, to: x)
    #expect(s[0] == 0 && s[1] == 1 && s[2].isNaN && s[3] == 0.5 && s[4] == 0.5)
    let t = Self.apply(kernels.tanh_f32, to: x)
    #expect(t[0] == -1 && t[1] == 1 && t[2].isNaN && t[3] == 0 && t[4].sign == .minus)
  }

  /// A number's result does not depend on its place: the partial vector at the end computes as the whole ones do.
  @Test(arguments: LengthCase.all)
  func lengthsAndAliases(_ test: LengthCase) {
    var generator = test.generator
    let values = generator.floats(test.length, in: 0.01...5)
    let kernels = test.kernels
    for kernel: Kernel in [kernels.exp_f32, kernels.log_f32, kernels.sigmoid_f32, kernels.tanh_f32] {
      let expected = values.flatMap { value in
        Self.apply(kernel, to: [Float](repeating: value, count: test.variant.lanes)).prefix(1)
      }
      let (x, out) = (Operand(values, slack: test.slack), Operand(width: test.length, slack: test.slack))
      kernel(out.pointer, x.pointer, test.length)
      #expect(Mismatch.firstInBits(out.values, expected) == nil)
      kernel(x.pointer, x.pointer, test.length)
      #expect(Mismatch.firstInBits(x.values, expected) == nil, "out is x")
      #expect(out.isIntact && x.isIntact)
    }
  }
}
