import CKernels
import TestSupport
import Testing

@Suite struct ElementwiseTests {
  /// The four operations are IEEE-754's, so Swift's own give the bits, special values included.
  @Test(arguments: LengthCase.all)
  func arithmeticIsExact(_ test: LengthCase) {
    var generator = test.generator
    var a = generator.floats(test.length, in: -1e3...1e3)
    var b = generator.floats(test.length, in: -1e3...1e3)
    let specials: [(Float, Float)] = [
      (.nan, 1), (.infinity, .infinity), (1, 0), (0, 0), (-.infinity, 0), (.leastNonzeroMagnitude, 0.5), (3e38, 3e38),
    ]
    for (index, pair) in specials.enumerated() where index < test.length { (a[index], b[index]) = pair }
    let kernels = test.kernels
    typealias Kernel =
      @convention(c) (
        UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int
      ) -> Void
    let cases: [(Kernel, (Float, Float) -> Float)] = [
      (kernels.add_f32, { $0 + $1 }), (kernels.subtract_f32, { $0 - $1 }), (kernels.multiply_f32, { $0 * $1 }),
      (kernels.divide_f32, { $0 / $1 }),
    ]
    for (kernel, operation) in cases {
      let expected = zip(a, b).map(operation)
      let (x, y) = (Operand(a, slack: test.slack), Operand(b, slack: test.slack))
      let out = Operand(width: test.length, slack: test.slack)
      kernel(out.pointer, x.pointer, y.pointer, test.length)
      #expect(Mismatch.firstInBits(out.values, expected) == nil)
      #expect(Mismatch.firstInBits(x.values, a) == nil)
      #expect(out.isIntact && x.isIntact && y.isIntact)
      kernel(x.pointer, x.pointer, y.pointer, test.length)
      #expect(Mismatch.firstInBits(x.values, expected) == nil, "out is a")
      let again = Operand(a, slack: test.slack)
      kernel(y.pointer, again.pointer, y.pointer, test.length)
      #expect(Mismatch.firstInBits(y.values, expected) == nil, "out is b")
      #expect(x.isIntact && y.isIntact)
    }
  }

  @Test(arguments: LengthCase.all)
  func scaleIsExact(_ test: LengthCase) {
    var generator = test.generator
    let x = Operand(generator.floats(test.length), slack: test.slack)
    let out = Operand(width: test.length, slack: test.slack)
    let expected = x.values.map { -1.7 * $0 }
    test.kernels.scale_f32(out.pointer, x.pointer, -1.7, test.length)
    #expect(Mismatch.firstInBits(out.values, expected) == nil)
    test.kernels.scale_f32(x.pointer, x.pointer, -1.7, test.length)
    #expect(Mismatch.firstInBits(x.values, expected) == nil, "out is x")
    #expect(out.isIntact && x.isIntact)
  }

  /// One rounding where the variant fuses, two where it does not: each by at most u of what it rounds.
  @Test(arguments: LengthCase.all)
  func addScaled(_ test: LengthCase) {
    var generator = test.generator
    let x = Operand(generator.floats(test.length), slack: test.slack)
    let y = Operand(generator.floats(test.length), slack: test.slack)
    let (xs, ys, scale) = (x.values.doubles, y.values.doubles, Double(Float(0.3)))
    let expected = zip(xs, ys).map { $1 + scale * $0 }
    test.kernels.add_scaled_f32(y.pointer, x.pointer, 0.3, test.length)
    let mismatch = Mismatch.first(y.values, expected) {
      1.01 * roundoff * ((scale * xs[$0]).magnitude + expected[$0].magnitude)
    }
    #expect(mismatch == nil)
    #expect(x.isIntact && y.isIntact)
  }

  /// Products of floats are exact in Double; `count` additions round by at most 2^-53 of the partial sums.
  @Test(arguments: LengthCase.all)
  func sumAndDot(_ test: LengthCase) {
    var generator = test.generator
    let a = Operand(generator.floats(test.length, in: -1e4...1e4), slack: test.slack)
    let b = Operand(generator.floats(test.length), slack: test.slack)
    let (x, y) = (a.values.doubles, b.values.doubles)
    let products = zip(x, y).map { $0 * $1 }
    let bound = Double(test.length) * 0x1p-52
    let sum = test.kernels.sum_f32(a.pointer, test.length)
    #expect((sum - x.reduce(0, +)).magnitude <= bound * x.reduce(0) { $0 + $1.magnitude })
    let dot = test.kernels.dot_f32(a.pointer, b.pointer, test.length)
    #expect((dot - products.reduce(0, +)).magnitude <= bound * products.reduce(0) { $0 + $1.magnitude })
    #expect(a.isIntact && b.isIntact)
  }

  /// 2^24 + 1 + ... + 1 stays at 2^24 in float32; float64 must count every one.
  @Test(arguments: CKVariant.runnable)
  func sumIsWide(_ variant: CKVariant) {
    let x = Operand([0x1p24] + [Float](repeating: 1, count: 1000))
    #expect(variant.kernels.sum_f32(x.pointer, 1001) == 0x1p24 + 1000)
    let ones = Operand([Float](repeating: 1, count: 1001))
    #expect(variant.kernels.dot_f32(x.pointer, ones.pointer, 1001) == 0x1p24 + 1000)
  }

  /// The sigmoid is within 4 ULP and two products follow: 5 ULP, an ULP being at most 2^-23 of the value, and for
  /// gates whose sigmoid is subnormal 4 of the smallest unit times the factors.
  @Test(arguments: LengthCase.all)
  func siluMultiply(_ test: LengthCase) {
    var generator = test.generator
    var gates = generator.floats(test.length, in: -30...30)
    for (index, special) in [Float(-120), -95, 120, 0].enumerated() where index < test.length { gates[index] = special }
    let (gate, up) = (Operand(gates, slack: test.slack), Operand(generator.floats(test.length), slack: test.slack))
    let (g, u) = (gates.doubles, up.values.doubles)
    let expected = zip(g, u).map { ElementwiseOracle.silu($0) * $1 }
    let tolerance = { (i: Int) in
      5 * 0x1p-23 * expected[i].magnitude + 4 * 0x1p-149 * ((g[i] * u[i]).magnitude + 1)
    }
    let out = Operand(width: test.length, slack: test.slack)
    test.kernels.silu_multiply_f32(out.pointer, gate.pointer, up.pointer, test.length)
    #expect(Mismatch.first(out.values, expected, within: tolerance) == nil)
    test.kernels.silu_multiply_f32(gate.pointer, gate.pointer, up.pointer, test.length)
    #expect(Mismatch.firstInBits(gate.values, out.values) == nil, "out is gate")
    let again = Operand(gates, slack: test.slack)
    test.kernels.silu_multiply_f32(up.pointer, again.pointer, up.pointer, test.length)
    #expect(Mismatch.firstInBits(up.values, out.values) == nil, "out is up")
    #expect(out.isIntact && gate.isIntact && up.isIntact)
  }

  /// As above, relative to the two terms of the slope, which may cancel (at a gate of -1.278).
  @Test(arguments: LengthCase.all)
  func siluMultiplyBackward(_ test: LengthCase) {
    var generator = test.generator
    var gates = generator.floats(test.length, in: -30...30)
    for (index, special) in [Float(-1.2784645), -95, 120, 0].enumerated() where index < test.length {
      gates[index] = special
    }
    let (ups, douts) = (generator.floats(test.length), generator.floats(test.length))
    let (g, u, dy) = (gates.doubles, ups.doubles, douts.doubles)
    let expectedGate = g.indices.map { dy[$0] * u[$0] * ElementwiseOracle.siluSlope(g[$0]) }
    let expectedUp = g.indices.map { dy[$0] * ElementwiseOracle.silu(g[$0]) }
    let gateTolerance = { (i: Int) in
      let s = ElementwiseOracle.sigmoid(g[i])
      let terms = s + (g[i] * s * ElementwiseOracle.sigmoid(-g[i])).magnitude
      return 8 * 0x1p-23 * (dy[i] * u[i]).magnitude * terms + 8 * 0x1p-149 * (g[i].magnitude + 2)
    }
    let upTolerance = { (i: Int) in
      5 * 0x1p-23 * expectedUp[i].magnitude + 4 * 0x1p-149 * (g[i].magnitude + 1)
    }
    let gate = Operand(gates, slack: test.slack)
    let up = Operand(ups, slack: test.slack)
    let dout = Operand(douts, slack: test.slack)
    let (dgate, dup) = (Operand(width: test.length, slack: test.slack), Operand(width: test.length, slack: test.slack))
    let backward = test.kernels.silu_multiply_backward_f32!
    backward(dgate.pointer, dup.pointer, dout.pointer, gate.pointer, up.pointer, test.length)
    #expect(Mismatch.first(dgate.values, expectedGate, within: gateTolerance) == nil)
    #expect(Mismatch.first(dup.values, expectedUp, within: upTolerance) == nil)
    #expect(dgate.isIntact && dup.isIntact && gate.isIntact && up.isIntact && dout.isIntact)

    backward(gate.pointer, up.pointer, dout.pointer, gate.pointer, up.pointer, test.length)
    #expect(Mismatch.firstInBits(gate.values, dgate.values) == nil, "dgate is gate")
    #expect(Mismatch.firstInBits(up.values, dup.values) == nil, "dup is up")
    let (gate2, up2) = (Operand(gates, slack: test.slack), Operand(ups, slack: test.slack))
    backward(gate2.pointer, dout.pointer, dout.pointer, gate2.pointer, up2.pointer, test.length)
    #expect(Mismatch.firstInBits(gate2.values, dgate.values) == nil, "dgate is gate, dup is dout")
    #expect(Mismatch.firstInBits(dout.values, dup.values) == nil, "dup is dout")
  }

  /// The oracle's slope against the difference quotient of its silu.
  @Test func siluSlopeIsTheDerivative() {
    let x = stride(from: -20.0, through: 20, by: 0.37).map { $0 }
    let error = FiniteDifference.relativeError(of: x.map(ElementwiseOracle.siluSlope), at: x) {
      $0.reduce(0) { $0 + ElementwiseOracle.silu($1) }
    }
    #expect(error < 1e-8)
  }
}
