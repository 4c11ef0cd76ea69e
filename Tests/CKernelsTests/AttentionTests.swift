import CKernels
import TestSupport
import Testing

/// The oracle's results for the operands of every case, shared by the variants.
struct AttentionReference: Sendable {
  let forward: (out: AttentionOracle.Bounded, logSum: AttentionOracle.Bounded)
  let gradients: AttentionOracle.Gradients

  static let all = Dictionary(
    uniqueKeysWithValues: AttentionCase.all.map { shape in
      let operands = AttentionOperands(shape)
      let oracle = operands.oracle
      let gradients = oracle.backward(dout: operands.dout.values.doubles)
      return (shape, AttentionReference(forward: oracle.forward(), gradients: gradients))
    })
}

@Suite struct AttentionTests {
  @Test(arguments: CKVariant.runnable, AttentionCase.all)
  func forward(_ variant: CKVariant, shape: AttentionCase) throws {
    let operands = AttentionOperands(shape)
    let found = operands.forward(variant.kernels)
    let (out, logSum) = try #require(AttentionReference.all[shape]).forward
    #expect(Mismatch.first(found.out.values, out.values) { out.errors[$0] } == nil)
    #expect(Mismatch.first(found.logSum.values, logSum.values) { logSum.errors[$0] } == nil)
    #expect(found.isIntact && operands.isIntact)
  }

  /// The kernel gets the oracle's outputs, rounded, so that it is judged alone.
  @Test(arguments: CKVariant.runnable, AttentionCase.all)
  func backward(_ variant: CKVariant, shape: AttentionCase) throws {
    let operands = AttentionOperands(shape)
    let reference = try #require(AttentionReference.all[shape])
    let (out, logSum) = reference.forward
    let expected = reference.gradients
    let found = operands.backward(
      variant.kernels, out: out.values.map { Float($0) }, logSum: logSum.values.map { Float($0) })
    #expect(Mismatch.first(found.q.values, expected.q.values) { expected.q.errors[$0] } == nil, "dq")
    #expect(Mismatch.first(found.k, expected.k.values) { expected.k.errors[$0] } == nil, "dk")
    #expect(Mismatch.first(found.v, expected.v.values) { expected.v.errors[$0] } == nil, "dv")
    #expect(found.isIntact && operands.isIntact)
  }

  /// The prefix is shared by several segments: its gradients are added to. Additions of small multiples of 2^-10 to a
  /// gradient of the same size round once more each.
  @Test(arguments: CKVariant.runnable)
  func keyGradientsAreAdded(_ variant: CKVariant) {
    let operands = AttentionOperands(AttentionCase(rows: 9, prefix: 70, group: 2, headWidth: 16))
    let output = operands.forward(variant.kernels)
    let from0 = operands.backward(variant.kernels, out: output.out.values, logSum: output.logSum.values)
    let from3 = operands.backward(variant.kernels, out: output.out.values, logSum: output.logSum.values, initial: 3)
    for (stored, added) in [(from0.k, from3.k), (from0.v, from3.v)] {
      // 18 additions to a sum below 8.
      let mismatch = Mismatch.first(added, stored.doubles.map { $0 + 3 }) { _ in 18 * 8 * roundoff }
      #expect(mismatch == nil)
    }
    #expect(Mismatch.firstInBits(from3.q.values, from0.q.values) == nil)
  }

  /// A row's output and query gradient are the same bits whatever rows come after it.
  @Test(arguments: CKVariant.runnable, AttentionCase.all)
  func bitsDoNotDependOnLaterRows(_ variant: CKVariant, shape: AttentionCase) {
    let operands = AttentionOperands(shape)
    let all = operands.forward(variant.kernels)
    let gradients = operands.backward(variant.kernels, out: all.out.values, logSum: all.logSum.values)
    for rows in Set([1, 2, shape.rows / 2, shape.rows - 1]) where rows > 0 && rows < shape.rows {
      let some = operands.forward(variant.kernels, rows: rows)
      let count = rows * shape.queryWidth
      #expect(Mismatch.firstInBits(some.out.values, Array(all.out.values[..<count])) == nil, "\(rows) rows")
      #expect(Mismatch.firstInBits(some.logSum.values, Array(all.logSum.values[..<(rows * shape.group)])) == nil)
      let few = operands.backward(variant.kernels, out: all.out.values, logSum: all.logSum.values, rows: rows)
      #expect(Mismatch.firstInBits(few.q.values, Array(gradients.q.values[..<count])) == nil, "\(rows) rows, dq")
    }
  }

  /// The last row of a segment alone, its earlier rows being a prefix: decoding gives the numbers that scoring gives.
  @Test(arguments: CKVariant.runnable, [0, 33])
  func decodingGivesTheSameBits(_ variant: CKVariant, window: Int) {
    let whole = AttentionOperands(AttentionCase(rows: 40, prefix: 50, group: 3, headWidth: 64, window: window))
    let all = whole.forward(variant.kernels)
    let step = AttentionOperands(AttentionCase(rows: 1, prefix: 89, group: 3, headWidth: 64, window: window))
    func fill(_ operand: Operand, _ values: [Float]) {
      for row in 0..<operand.rows {
        for j in 0..<operand.width { operand.pointer[row * operand.stride + j] = values[row * operand.width + j] }
      }
    }
    fill(step.q, Array(whole.q.values.suffix(3 * 64)))
    fill(step.prefixK, whole.prefixK.values + whole.ownK.values.dropLast(64))
    fill(step.prefixV, whole.prefixV.values + whole.ownV.values.dropLast(64))
    fill(step.ownK, Array(whole.ownK.values.suffix(64)))
    fill(step.ownV, Array(whole.ownV.values.suffix(64)))
    let last = step.forward(variant.kernels)
    #expect(Mismatch.firstInBits(last.out.values, Array(all.out.values.suffix(3 * 64))) == nil)
    #expect(Mismatch.firstInBits(last.logSum.values, Array(all.logSum.values.suffix(3))) == nil)
  }

  /// What a row may not see cannot reach it, not even as 0 * NaN.
  @Test(arguments: CKVariant.runnable, [Float.nan, .infinity])
  func laterRowsCannotReachEarlierOnes(_ variant: CKVariant, poison: Float) {
    let shape = AttentionCase(rows: 30, prefix: 50, group: 3, headWidth: 20)
    let clean = AttentionOperands(shape)
    let output = clean.forward(variant.kernels)
    let gradients = clean.backward(variant.kernels, out: output.out.values, logSum: output.logSum.values)
    for row in [1, 13, 14, 29] {
      let poisoned = AttentionOperands(shape)
      for operand in [poisoned.q, poisoned.ownK, poisoned.ownV, poisoned.dout] {
        for j in 0..<operand.width { operand.pointer[row * operand.stride + j] = poison }
      }
      let before = row * shape.queryWidth
      let found = poisoned.forward(variant.kernels)
      #expect(Mismatch.firstInBits(Array(found.out.values[..<before]), Array(output.out.values[..<before])) == nil)
      #expect(found.out.values[before..<(before + shape.queryWidth)].allSatisfy { !$0.isFinite })
      let backward = poisoned.backward(variant.kernels, out: output.out.values, logSum: output.logSum.values)
      #expect(Mismatch.firstInBits(Array(backward.q.values[..<before]), Array(gradients.q.values[..<before])) == nil)
    }
  }

  /// A poisoned query reaches the gradients of the keys it sees and of no later one.
  @Test(arguments: CKVariant.runnable)
  func queriesOnlyReachKeysTheySee(_ variant: CKVariant) {
    let shape = AttentionCase(rows: 30, prefix: 5, group: 3, headWidth: 20)
    let clean = AttentionOperands(shape)
    let output = clean.forward(variant.kernels)
    let gradients = clean.backward(variant.kernels, out: output.out.values, logSum: output.logSum.values)
    for row in [0, 7, 8, 28] {
      let poisoned = AttentionOperands(shape)
      for j in 0..<shape.queryWidth { poisoned.dout.pointer[row * poisoned.dout.stride + j] = .nan }
      let found = poisoned.backward(variant.kernels, out: output.out.values, logSum: output.logSum.values)
      let seen = (shape.prefix + row + 1) * shape.headWidth
      #expect(found.k[..<seen].allSatisfy { $0.isNaN } && found.v[..<seen].allSatisfy { $0.isNaN })
      #expect(Mismatch.firstInBits(Array(found.k[seen...]), Array(gradients.k[seen...])) == nil)
      #expect(Mismatch.firstInBits(Array(found.v[seen...]), Array(gradients.v[seen...])) == nil)
    }
  }

  /// What has left the window cannot reach a row, not even as 0 * NaN, nor be reached by its gradient.
  @Test(arguments: CKVariant.runnable)
  func rowsOutsideTheWindowCannotBeReached(_ variant: CKVariant) {
    let shape = AttentionCase(rows: 90, prefix: 70, group: 3, headWidth: 20, window: 11)
    let clean = AttentionOperands(shape)
    let output = clean.forward(variant.kernels)
    let gradients = clean.backward(variant.kernels, out: output.out.values, logSum: output.logSum.values)
    for row in [0, 1, 13, 63, 64] {
      let poisoned = AttentionOperands(shape)
      for operand in [poisoned.ownK, poisoned.ownV] {
        for j in 0..<operand.width { operand.pointer[row * operand.stride + j] = .nan }
      }
      let found = poisoned.forward(variant.kernels)
      let after = (row + shape.window) * shape.queryWidth
      #expect(Mismatch.firstInBits(Array(found.out.values[after...]), Array(output.out.values[after...])) == nil)
      #expect(found.out.values[(row * shape.queryWidth)..<after].allSatisfy { $0.isNaN })
      let backward = poisoned.backward(variant.kernels, out: output.out.values, logSum: output.logSum.values)
      #expect(Mismatch.firstInBits(Array(backward.q.values[after...]), Array(gradients.q.values[after...])) == nil)
      let query = AttentionOperands(shape)
      for j in 0..<shape.queryWidth { query.dout.pointer[row * query.dout.stride + j] = .nan }
      let reached = query.backward(variant.kernels, out: output.out.values, logSum: output.logSum.values)
      let end = (shape.prefix + row + 1) * shape.headWidth
      let begin = end - shape.window * shape.headWidth
      #expect(reached.k[begin..<end].allSatisfy { $0.isNaN } && reached.v[begin..<end].allSatisfy { $0.isNaN })
      #expect(Mismatch.firstInBits(Array(reached.k[..<begin]), Array(gradients.k[..<begin])) == nil)
      #expect(Mismatch.firstInBits(Array(reached.v[end...]), Array(gradients.v[end...])) == nil)
    }
  }

  /// A window that holds all there is changes no bit.
  @Test(arguments: CKVariant.runnable)
  func wideWindowsChangeNothing(_ variant: CKVariant) {
    let plain = AttentionOperands(AttentionCase(rows: 33, prefix: 70, group: 3, headWidth: 20))
    let wide = AttentionOperands(AttentionCase(rows: 33, prefix: 70, group: 3, headWidth: 20, window: 103))
    let (expected, found) = (plain.forward(variant.kernels), wide.forward(variant.kernels))
    #expect(Mismatch.firstInBits(found.out.values, expected.out.values) == nil)
    let gradients = plain.backward(variant.kernels, out: expected.out.values, logSum: expected.logSum.values)
    let others = wide.backward(variant.kernels, out: expected.out.values, logSum: expected.logSum.values)
    #expect(Mismatch.firstInBits(others.q.values, gradients.q.values) == nil)
    #expect(Mismatch.firstInBits(others.k + others.v, gradients.k + gradients.v) == nil)
  }

  @Test(arguments: CKVariant.runnable)
  func zeroSizesAreNoOps(_ variant: CKVariant) {
    for shape in [
      AttentionCase(rows: 0, prefix: 3, group: 2, headWidth: 4),
      AttentionCase(rows: 2, prefix: 3, group: 0, headWidth: 4),
    ] {
      let operands = AttentionOperands(shape)
      #expect(operands.forward(variant.kernels).isIntact)
      let gradients = operands.backward(variant.kernels, out: [], logSum: [], initial: 2)
      #expect(gradients.isIntact && (gradients.k + gradients.v).allSatisfy { $0 == 2 })
    }
  }

  /// Scratch grows with the keys, not with their product with the rows.
  @Test(arguments: CKVariant.runnable)
  func scratchIsLinear(_ variant: CKVariant) {
    var small = CKAttentionShape(rows: 1000, prefix_rows: 0, group: 3, head_width: 64, scale: 1, window: 0)
    var large = CKAttentionShape(rows: 10_000, prefix_rows: 0, group: 3, head_width: 64, scale: 1, window: 0)
    let kernels = variant.kernels
    #expect(kernels.attention_scratch_f32(&large) < 11 * kernels.attention_scratch_f32(&small))
    #expect(kernels.attention_backward_scratch_f32(&large) < 11 * kernels.attention_backward_scratch_f32(&small))
  }

  @Test(arguments: [0, 2, 5]) func oracleGradients(window: Int) {
    var generator = SplitMix64(seed: 8)
    let oracle = AttentionOracle(
      rows: 4, prefixRows: 3, group: 2, headWidth: 3, scale: 0.7, window: window, q: generator.floats(24).doubles,
      k: generator.floats(21).doubles, v: generator.floats(21).doubles)
    let dout = generator.floats(24).doubles
    let gradients = oracle.backward(dout: dout)
    for (path, gradient) in [
      (\AttentionOracle.q, gradients.q), (\AttentionOracle.k, gradients.k), (\AttentionOracle.v, gradients.v),
    ] {
      let error = FiniteDifference.relativeError(of: gradient.values, at: oracle[keyPath: path]) { x in
        var moved = oracle
        moved[keyPath: path] = x
        return zip(dout, moved.forward().out.values).reduce(0) { $0 + $1.0 * $1.1 }
      }
      #expect(error < 1e-8)
    }
  }
}
