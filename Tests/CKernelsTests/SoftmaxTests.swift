import CKernels
import Foundation
import TestSupport
import Testing

/// Softmax, log-softmax and the log-probability of a target, by rows.
@Suite struct SoftmaxTests {
  /// Rows that break what does not subtract the maximum, masks with -infinity, or is ruled by one logit.
  static func rows(_ width: Int, _ generator: inout SplitMix64) -> [[Float]] {
    let mixed = generator.floats(width)
    var masked = generator.floats(width, in: -5...5)
    for j in masked.indices where j % 3 == 1 { masked[j] = -.infinity }
    var giant = generator.floats(width)
    if width > 0 { giant[width - 1] = 3e4 }
    return [
      mixed, generator.floats(width, in: 90...100), generator.floats(width, in: -100 ... -90), masked, giant,
      generator.floats(width, in: -60...60), [Float](repeating: 7, count: width),
    ]
  }

  @Test(arguments: LengthCase.all)
  func softmax(_ test: LengthCase) {
    var generator = test.generator
    let rows = Self.rows(test.length, &generator)
    let x = Operand(rows.flatMap { $0 }, rows: rows.count, padding: 2, slack: test.slack)
    let out = Operand(rows: rows.count, width: test.length, padding: 1, slack: test.slack)
    let kernel = test.kernels.softmax_rows_f32!
    kernel(out.pointer, out.stride, x.pointer, x.stride, rows.count, test.length)
    for (row, values) in rows.enumerated() {
      let oracle = SoftmaxOracle(values.doubles)
      let found = Array(out.values.row(row, width: test.length))
      #expect(Mismatch.first(found, oracle.softmax, within: oracle.softmaxTolerance) == nil, "row \(row)")
      let place = x.pointer + row * x.stride
      kernel(place, x.stride, place, x.stride, 1, test.length)
    }
    #expect(Mismatch.firstInBits(x.values, out.values) == nil, "rows alone, out is x")
    #expect(out.isIntact && x.isIntact)
  }

  @Test(arguments: LengthCase.all)
  func logSoftmax(_ test: LengthCase) {
    var generator = test.generator
    let rows = Self.rows(test.length, &generator)
    let x = Operand(rows.flatMap { $0 }, rows: rows.count, padding: 2, slack: test.slack)
    let out = Operand(rows: rows.count, width: test.length, padding: 1, slack: test.slack)
    let kernel = test.kernels.log_softmax_rows_f32!
    kernel(out.pointer, out.stride, x.pointer, x.stride, rows.count, test.length)
    for (row, values) in rows.enumerated() {
      let oracle = SoftmaxOracle(values.doubles)
      let found = Array(out.values.row(row, width: test.length))
      #expect(Mismatch.first(found, oracle.logSoftmax, within: oracle.logSoftmaxTolerance) == nil, "row \(row)")
      let place = x.pointer + row * x.stride
      kernel(place, x.stride, place, x.stride, 1, test.length)
    }
    #expect(Mismatch.firstInBits(x.values, out.values) == nil, "rows alone, out is x")
    #expect(out.isIntact && x.isIntact)
  }

  @Test(arguments: LengthCase.all)
  func logProbability(_ test: LengthCase) {
    guard test.length > 0 else { return }
    var generator = test.generator
    let rows = Self.rows(test.length, &generator)
    let targets = rows.indices.map { Int32(($0 * 5 + test.length - 1) % test.length) }
    let x = Operand(rows.flatMap { $0 }, rows: rows.count, padding: 2, slack: test.slack)
    let (logp, logSum) = (Operand(width: rows.count), Operand(width: rows.count))
    let kernels = test.kernels
    kernels.logprob_rows_f32(
      logp.pointer, logSum.pointer, x.pointer, x.stride, targets, rows.count, test.length)
    let alone = Operand(width: rows.count)
    for (row, values) in rows.enumerated() {
      let oracle = SoftmaxOracle(values.doubles)
      let target = Int(targets[row])
      let expected = oracle.logSoftmax[target]
      let mismatch = Mismatch.first([logp.values[row]], [expected]) { _ in oracle.logSoftmaxTolerance(target) }
      #expect(mismatch == nil, "row \(row)")
      let total = oracle.maximum + oracle.logSum
      let sumMismatch = Mismatch.first([logSum.values[row]], [total]) { _ in
        oracle.sumError + roundoff * (4 * oracle.logSum.magnitude + total.magnitude)
      }
      #expect(sumMismatch == nil, "log_sum of row \(row)")
      let place = x.pointer + row * x.stride
      kernels.logprob_rows_f32(alone.pointer + row, nil, place, x.stride, [targets[row]], 1, test.length)
    }
    #expect(Mismatch.firstInBits(alone.values, logp.values) == nil, "rows alone, without log_sum")
    #expect(logp.isIntact && logSum.isIntact && x.isIntact)
  }

  /// One exponential of a rounded argument, and the 1 of the target: relative errors u|x - log_sum| + 4 u and one
  /// rounding of the difference.
  @Test(arguments: LengthCase.all)
  func logProbabilityGradient(_ test: LengthCase) {
    guard test.length > 0 else { return }
    var generator = test.generator
    let rows = Self.rows(test.length, &generator)
    let targets = rows.indices.map { Int32(($0 * 5 + test.length - 1) % test.length) }
    let x = Operand(rows.flatMap { $0 }, rows: rows.count, padding: 2, slack: test.slack)
    let sums = rows.map { row in
      let oracle = SoftmaxOracle(row.doubles)
      return Float(oracle.maximum + oracle.logSum)
    }
    let logSum = Operand(sums)
    test.kernels.logprob_rows_gradient_f32(
      x.pointer, x.stride, logSum.pointer, targets, rows.count, test.length)
    for (row, values) in rows.enumerated() {
      let arguments = values.map { Double($0) - Double(sums[row]) }
      let expected = arguments.enumerated().map { ($0.offset == targets[row] ? 1 : 0) - exp($0.element) }
      let mismatch = Mismatch.first(Array(x.values.row(row, width: test.length)), expected) { j in
        let p = exp(arguments[j])
        return (p == 0 ? 0 : roundoff * p * (arguments[j].magnitude + 4)) + roundoff * expected[j].magnitude + 0x1p-149
      }
      #expect(mismatch == nil, "row \(row)")
    }
    #expect(x.isIntact && logSum.isIntact)
  }

  /// A dot product of `width` terms, then two roundings.
  @Test(arguments: LengthCase.all, [CKStore.store, .add])
  func softmaxBackward(_ test: LengthCase, store: CKStore) {
    let (rows, width) = (3, test.length)
    var generator = test.generator
    let dy = Operand(generator.floats(rows * width), rows: rows, padding: 1, slack: test.slack)
    let logits = (0..<rows).map { _ in generator.floats(width, in: -3...3).doubles }
    let y = Operand(logits.flatMap { SoftmaxOracle($0).softmax.map { Float($0) } }, rows: rows, padding: 2)
    let dx = Operand(rows: rows, width: width, slack: test.slack, fill: store == .store ? .nan : 0.5)
    test.kernels.softmax_rows_backward_f32(
      dx.pointer, dx.stride, dy.pointer, dy.stride, y.pointer, y.stride, rows, width, store)
    let base = store == .store ? 0 : 0.5
    for row in 0..<rows {
      let (ys, dys) = (Array(y.values.row(row, width: width)).doubles, Array(dy.values.row(row, width: width)).doubles)
      let expected = SoftmaxOracle.gradient(softmax: ys, dys).map { $0 + base }
      let size = zip(ys, dys).reduce(0) { $0 + ($1.0 * $1.1).magnitude }
      let mismatch = Mismatch.first(Array(dx.values.row(row, width: width)), expected) {
        roundoff * (Double(width + 4) * ys[$0] * (dys[$0].magnitude + size) + expected[$0].magnitude)
      }
      #expect(mismatch == nil, "row \(row)")
    }
    #expect(dx.isIntact && dy.isIntact && y.isIntact)
  }

  /// A sum of `width` terms and an exponential within 2 ULP (4 u), then two roundings.
  @Test(arguments: LengthCase.all, [CKStore.store, .add])
  func logSoftmaxBackward(_ test: LengthCase, store: CKStore) {
    let (rows, width) = (3, test.length)
    var generator = test.generator
    let dy = Operand(generator.floats(rows * width), rows: rows, padding: 1, slack: test.slack)
    let logits = (0..<rows).map { _ in generator.floats(width, in: -3...3).doubles }
    let y = Operand(logits.flatMap { SoftmaxOracle($0).logSoftmax.map { Float($0) } }, rows: rows, padding: 2)
    let dx = Operand(rows: rows, width: width, slack: test.slack, fill: store == .store ? .nan : 0.5)
    test.kernels.log_softmax_rows_backward_f32(
      dx.pointer, dx.stride, dy.pointer, dy.stride, y.pointer, y.stride, rows, width, store)
    let base = store == .store ? 0 : 0.5
    for row in 0..<rows {
      let (ys, dys) = (Array(y.values.row(row, width: width)).doubles, Array(dy.values.row(row, width: width)).doubles)
      let expected = SoftmaxOracle.gradient(logSoftmax: ys, dys).map { $0 + base }
      let size = dys.reduce(0) { $0 + $1.magnitude }
      let mismatch = Mismatch.first(Array(dx.values.row(row, width: width)), expected) {
        roundoff * (Double(width + 6) * exp(ys[$0]) * size + dys[$0].magnitude + expected[$0].magnitude)
      }
      #expect(mismatch == nil, "row \(row)")
    }
    #expect(dx.isIntact && dy.isIntact && y.isIntact)
  }

  /// A row of only -infinity, a NaN or +infinity make NaN of their row and of no other.
  @Test(arguments: CKVariant.runnable)
  func specialRows(_ variant: CKVariant) {
    let width = 8 * variant.lanes + 2
    for (value, everywhere) in [(-Float.infinity, true), (.nan, false), (.infinity, false)] {
      for place in everywhere ? [0] : [0, variant.lanes, width - 1] {
        var values = [Float](repeating: 1, count: 2 * width)
        for j in 0..<width where everywhere || j == place { values[j] = value }
        let x = Operand(values, rows: 2)
        let (softmax, logSoftmax) = (Operand(rows: 2, width: width, fill: 0), Operand(rows: 2, width: width, fill: 0))
        let (logp, logSum) = (Operand(width: 2, fill: 0), Operand(width: 2, fill: 0))
        let kernels = variant.kernels
        kernels.softmax_rows_f32(softmax.pointer, width, x.pointer, width, 2, width)
        kernels.log_softmax_rows_f32(logSoftmax.pointer, width, x.pointer, width, 2, width)
        kernels.logprob_rows_f32(logp.pointer, logSum.pointer, x.pointer, width, [0, 0], 2, width)
        #expect(softmax.values[..<width].allSatisfy { $0.isNaN }, "\(value) at \(place)")
        #expect(logSoftmax.values[..<width].allSatisfy { $0.isNaN }, "\(value) at \(place)")
        #expect(logp.values[0].isNaN && logSum.values[0].isNaN, "\(value) at \(place)")
        #expect(softmax.values[width...].allSatisfy { abs($0 * Float(width) - 1) < 1e-5 })
        #expect(logSoftmax.values[width...].allSatisfy { $0.isFinite } && logp.values[1].isFinite)
      }
    }
  }

  /// The width of a vocabulary: 49152 equal logits, whose sum a single float32 chain would get wrong by 1e-3.
  @Test(arguments: CKVariant.runnable)
  func wideRow(_ variant: CKVariant) {
    let width = 49152
    var values = [Float](repeating: 0.1, count: width)
    values[40_000] = 0.3
    let x = Operand(values)
    let logp = Operand(width: 1)
    variant.kernels.logprob_rows_f32(logp.pointer, nil, x.pointer, width, [40_000], 1, width)
    let oracle = SoftmaxOracle(values.doubles)
    let mismatch = Mismatch.first(logp.values, [oracle.logSoftmax[40_000]]) { _ in oracle.logSoftmaxTolerance(40_000) }
    #expect(mismatch == nil)
  }

  @Test func oracleGradients() {
    var generator = SplitMix64(seed: 5)
    let (x, dy) = (generator.floats(12).doubles, generator.floats(12).doubles)
    let oracle = SoftmaxOracle(x)
    let softmaxError = FiniteDifference.relativeError(
      of: SoftmaxOracle.gradient(softmax: oracle.softmax, dy), at: x
    ) { zip(dy, SoftmaxOracle($0).softmax).reduce(0) { $0 + $1.0 * $1.1 } }
    #expect(softmaxError < 1e-8)
    let logSoftmaxError = FiniteDifference.relativeError(
      of: SoftmaxOracle.gradient(logSoftmax: oracle.logSoftmax, dy), at: x
    ) { zip(dy, SoftmaxOracle($0).logSoftmax).reduce(0) { $0 + $1.0 * $1.1 } }
    #expect(logSoftmaxError < 1e-8)
  }
}
