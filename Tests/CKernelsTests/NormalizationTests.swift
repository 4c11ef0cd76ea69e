import CKernels
import TestSupport
import Testing

@Suite struct NormalizationTests {
  static let rows = 3
  static let epsilon: Float = 1e-5

  struct Inputs {
    let x: [Float]
    let dy: [Float]
    let weight: [Float]
    let oracles: [NormalizationOracle]

    init(_ test: LengthCase) {
      var generator = test.generator
      // The second row is so small that epsilon rules, the third so large that a careless square nearly overflows.
      let scales: [Float] = [1, 1e-4, 1e15]
      x = scales.flatMap { scale in generator.floats(test.length).map { $0 * scale } }
      dy = generator.floats(rows * test.length)
      weight = generator.floats(test.length)
      let (xs, ws, width) = (x, weight, test.length)
      oracles = (0..<rows).map {
        NormalizationOracle(x: Array(xs.row($0, width: width)).doubles, weight: ws.doubles, epsilon: Double(epsilon))
      }
    }

    func dy(_ row: Int) -> [Double] { Array(dy.row(row, width: weight.count)).doubles }
  }

  /// The mean square is a chain of `width` additions at most, all of one sign: relative error (width + 3) u; the root
  /// halves it and a few roundings follow.
  @Test(arguments: LengthCase.all)
  func forward(_ test: LengthCase) {
    let inputs = Inputs(test)
    let x = Operand(inputs.x, rows: Self.rows, padding: 2, slack: test.slack)
    let weight = Operand(inputs.weight, slack: test.slack)
    let out = Operand(rows: Self.rows, width: test.length, padding: 1, slack: test.slack)
    let forward = test.kernels.rmsnorm_f32!
    forward(
      out.pointer, out.stride, x.pointer, x.stride, weight.pointer, Self.rows, test.length, Self.epsilon)
    let expected = inputs.oracles.flatMap(\.output)
    let mismatch = Mismatch.first(out.values, expected) {
      Double(test.length + 10) * roundoff * expected[$0].magnitude
    }
    #expect(mismatch == nil)
    #expect(out.isIntact && x.isIntact && weight.isIntact)

    // One row at a time and in place: the same bits.
    for row in 0..<Self.rows {
      let place = x.pointer + row * x.stride
      forward(place, x.stride, place, x.stride, weight.pointer, 1, test.length, Self.epsilon)
    }
    #expect(Mismatch.firstInBits(x.values, out.values) == nil, "rows alone, out is x")
    #expect(x.isIntact)
  }

  /// Two chains of `width` terms (the mean square, the projection) and a few roundings, relative to the terms' sizes.
  @Test(arguments: LengthCase.all, [CKStore.store, .add])
  func backward(_ test: LengthCase, store: CKStore) {
    let inputs = Inputs(test)
    let x = Operand(inputs.x, rows: Self.rows, padding: 2, slack: test.slack)
    let dy = Operand(inputs.dy, rows: Self.rows, padding: 3, slack: test.slack)
    let weight = Operand(inputs.weight, slack: test.slack)
    let initial: Float = store == .store ? .nan : 0.5
    let dx = Operand(rows: Self.rows, width: test.length, padding: 1, slack: test.slack, fill: initial)
    let alone = Operand(rows: Self.rows, width: test.length, fill: initial)
    let backward = test.kernels.rmsnorm_backward_f32!
    backward(
      dx.pointer, dx.stride, dy.pointer, dy.stride, x.pointer, x.stride, weight.pointer, Self.rows, test.length,
      Self.epsilon, store)
    let base = store == .store ? 0 : 0.5
    let expected = inputs.oracles.enumerated().flatMap { row, oracle in
      oracle.gradient(inputs.dy(row)).map { $0 + base }
    }
    let magnitude = inputs.oracles.enumerated().flatMap { row, oracle in oracle.gradientMagnitude(inputs.dy(row)) }
    let mismatch = Mismatch.first(dx.values, expected) {
      roundoff * (Double(2 * test.length + 20) * magnitude[$0] + expected[$0].magnitude)
    }
    #expect(mismatch == nil)
    #expect(dx.isIntact && dy.isIntact && x.isIntact && weight.isIntact)
    for row in 0..<Self.rows {
      backward(
        alone.pointer + row * alone.stride, alone.stride, dy.pointer + row * dy.stride, dy.stride,
        x.pointer + row * x.stride, x.stride, weight.pointer, 1, test.length, Self.epsilon, store)
    }
    #expect(Mismatch.firstInBits(alone.values, dx.values) == nil, "rows alone")
  }

  /// Each row's term has the relative error of `forward`; `rows` additions follow.
  @Test(arguments: LengthCase.all)
  func backwardWeight(_ test: LengthCase) {
    let inputs = Inputs(test)
    let x = Operand(inputs.x, rows: Self.rows, padding: 2, slack: test.slack)
    let dy = Operand(inputs.dy, rows: Self.rows, padding: 3, slack: test.slack)
    let dweight = Operand(width: test.length, slack: test.slack, fill: 0.25)
    test.kernels.rmsnorm_backward_weight_f32(
      dweight.pointer, dy.pointer, dy.stride, x.pointer, x.stride, Self.rows, test.length, Self.epsilon)
    let terms = inputs.oracles.enumerated().map { row, oracle in oracle.weightGradient(inputs.dy(row)) }
    let expected = (0..<test.length).map { j in terms.reduce(0.25) { $0 + $1[j] } }
    let mismatch = Mismatch.first(dweight.values, expected) { j in
      Double(test.length + Self.rows + 10) * roundoff * terms.reduce(0.25) { $0 + $1[j].magnitude }
    }
    #expect(mismatch == nil)
    #expect(dweight.isIntact && dy.isIntact && x.isIntact)
  }

  @Test(arguments: CKVariant.runnable)
  func nanStaysInItsRow(_ variant: CKVariant) {
    let width = 19
    let x = Operand((0..<2 * width).map { $0 == 7 ? .nan : 1 }, rows: 2)
    let weight = Operand([Float](repeating: 1, count: width))
    variant.kernels.rmsnorm_f32(x.pointer, width, x.pointer, width, weight.pointer, 2, width, Self.epsilon)
    #expect(x.values[..<width].allSatisfy { $0.isNaN })
    #expect(x.values[width...].allSatisfy { $0.isFinite })
  }

  @Test func oracleGradients() {
    var generator = SplitMix64(seed: 5)
    let (x, weight, dy) = (generator.floats(12).doubles, generator.floats(12).doubles, generator.floats(12).doubles)
    let oracle = NormalizationOracle(x: x, weight: weight, epsilon: 1e-2)
    let error = FiniteDifference.relativeError(of: oracle.gradient(dy), at: x) { x in
      zip(dy, NormalizationOracle(x: x, weight: weight, epsilon: 1e-2).output).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(error < 1e-8)
    let weightError = FiniteDifference.relativeError(of: oracle.weightGradient(dy), at: weight) { weight in
      zip(dy, NormalizationOracle(x: x, weight: weight, epsilon: 1e-2).output).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(weightError < 1e-8)
  }
}
