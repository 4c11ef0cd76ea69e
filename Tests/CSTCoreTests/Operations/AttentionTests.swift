import Foundation
import TestSupport
import Testing

@testable import CSTCore

@Suite("Attention over packed sequences")
struct AttentionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let heads: AttentionHeads
    let sequences: PackedSequences
    let window: Int?

    init(_ name: String, _ heads: (Int, Int, Int), _ groups: [(Int, [Int])], window: Int? = nil) {
      testDescription = name
      self.window = window
      self.heads = AttentionHeads(queryHeads: heads.0, keyValueHeads: heads.1, headWidth: heads.2)
      var sequences = PackedSequences()
      for group in groups { sequences.append(prefixLength: group.0, continuationLengths: group.1) }
      self.sequences = sequences
    }

    func operands(seed: UInt64 = 1) -> (queries: Tensor, keys: Tensor, values: Tensor) {
      var generator = SplitMix64(seed: seed)
      let (rows, wide, narrow) = (
        sequences.rowCount, heads.queryHeads * heads.headWidth, heads.keyValueHeads * heads.headWidth
      )
      return (generator.tensor([rows, wide]), generator.tensor([rows, narrow]), generator.tensor([rows, narrow]))
    }
  }

  static let cases = [
    Case("one sequence", (1, 1, 4), [(5, [])]),
    Case("one token", (2, 1, 8), [(1, [])]),
    Case("a shared prefix with two continuations", (2, 2, 4), [(4, [3, 5])]),
    Case("an empty continuation", (1, 1, 4), [(3, [0, 2])]),
    Case("an empty prefix", (1, 1, 4), [(0, [3, 2])]),
    Case("several groups and grouped heads", (6, 2, 6), [(3, [2, 4]), (1, []), (5, [1, 0, 2])]),
    Case("more rows than a kernel tile", (3, 1, 64), [(70, [33, 20])]),
    Case("nothing", (2, 1, 4), []),
    Case("a window", (4, 2, 6), [(5, [3, 4]), (2, []), (0, [6])], window: 3),
    Case("a window of one", (2, 1, 4), [(3, [2])], window: 1),
    Case("a window beyond the sequences", (2, 1, 4), [(3, [2, 4])], window: 40),
    Case("a window across kernel tiles", (3, 1, 16), [(70, [33, 20])], window: 30),
  ]

  /// Which rows a row sees: all of its group's prefix up to itself, and of its own continuation up to itself.
  static func visible(_ row: Int, _ sequences: PackedSequences, window: Int?) -> [Int] {
    let all = visible(row, sequences)
    return window.map { Array(all.suffix($0)) } ?? all
  }

  private static func visible(_ row: Int, _ sequences: PackedSequences) -> [Int] {
    for group in sequences.groups {
      if group.prefix.contains(row) { return Array(group.prefix.lowerBound...row) }
      for continuation in group.continuations where continuation.contains(row) {
        return Array(group.prefix) + Array(continuation.lowerBound...row)
      }
    }
    return []
  }

  @Test("Values", arguments: cases)
  func values(example: Case) {
    let (queries, keys, values) = example.operands()
    let heads = example.heads
    let (q, k, v) = (queries.doubles, keys.doubles, values.doubles)
    let (queryWidth, keyWidth) = (queries.shape[1], keys.shape[1])
    var expected = [Double](repeating: 0, count: q.count)
    for row in 0..<example.sequences.rowCount {
      let seen = Self.visible(row, example.sequences, window: example.window)
      for head in 0..<heads.queryHeads {
        let (own, shared) = (
          row * queryWidth + head * heads.headWidth, head / (heads.queryHeads / heads.keyValueHeads) * heads.headWidth
        )
        let scores = seen.map { key in
          (0..<heads.headWidth).reduce(0) { $0 + q[own + $1] * k[key * keyWidth + shared + $1] }
            / Double(heads.headWidth).squareRoot()
        }
        let weights = SoftmaxOracle(scores).softmax
        for (key, weight) in zip(seen, weights) {
          for d in 0..<heads.headWidth { expected[own + d] += weight * v[key * keyWidth + shared + d] }
        }
      }
    }
    let found = queries.attention(
      keys: keys, values: values, heads: heads, over: example.sequences, window: example.window)
    // Scores are sums of headWidth products, results of at most 103 probabilities with values in ±1.
    #expect(found.mismatch(queries.shape, expected, terms: 256) == nil)
  }

  /// Exponentials and sums of up to a hundred terms: more noise than elementwise operations have.
  @Test("Gradients of queries, keys and values", arguments: cases)
  func gradients(example: Case) {
    let (queries, keys, values) = example.operands()
    func attention(_ queries: Tensor, _ keys: Tensor, _ values: Tensor) -> Tensor {
      queries.attention(
        keys: keys, values: values, heads: example.heads, over: example.sequences, window: example.window)
    }
    #expect(GradientCheck.mismatch(at: queries, keys, values, of: attention) == nil)
    #expect(GradientCheck.mismatch(at: queries) { attention($0, keys, values) } == nil)
    #expect(GradientCheck.mismatch(at: keys) { attention(queries, $0, values) } == nil)
    #expect(GradientCheck.mismatch(at: values) { attention(queries, keys, $0) } == nil)
  }

  @Test("One tensor as queries, keys and values")
  func selfReuse() {
    var sequences = PackedSequences()
    sequences.append(prefixLength: 3, continuationLengths: [2])
    let heads = AttentionHeads(queryHeads: 2, keyValueHeads: 2, headWidth: 4)
    #expect(
      GradientCheck.mismatch(at: Tensor.random([5, 8])) {
        $0.attention(keys: $0, values: $0, heads: heads, over: sequences)
      } == nil)
  }

  /// Two keys with equal scores: the second row's result is the mean of the values, the first row's its own value.
  @Test("Closed form")
  func closedForm() {
    var sequences = PackedSequences()
    sequences.append(prefixLength: 2)
    let heads = AttentionHeads(queryHeads: 1, keyValueHeads: 1, headWidth: 1)
    let (queries, keys, values) = (
      Tensor([0, 0], shape: [2, 1]), Tensor([1, 1], shape: [2, 1]), Tensor([2, 6], shape: [2, 1])
    )
    let (value, pullback) = valueWithPullback(at: queries, keys, values) {
      $0.attention(keys: $1, values: $2, heads: heads, over: sequences)
    }
    #expect(value.scalars == [2, 4])
    let (dQueries, dKeys, dValues) = pullback(Tensor([1, 10], shape: [2, 1]))
    #expect(dQueries.scalars == [0, 0])
    #expect(dKeys.scalars == [0, 0])
    #expect(dValues.scalars == [6, 5])
  }

  /// Training packs pairs; scoring may not: both must see the same numbers as separate sequences.
  @Test("A shared prefix gives what separate sequences give", arguments: [nil, 12])
  func sharingIsExact(window: Int?) {
    let example = Case("", (4, 2, 16), [(20, [7, 9])])
    let (queries, keys, values) = example.operands()
    let packed = queries.attention(
      keys: keys, values: values, heads: example.heads, over: example.sequences, window: window)
    for (start, length) in [(20, 7), (27, 9)] {
      let rows = Array(0..<20) + Array(start..<start + length)
      var alone = PackedSequences()
      alone.append(prefixLength: 20 + length)
      let separate = queries.rows(at: rows).attention(
        keys: keys.rows(at: rows), values: values.rows(at: rows), heads: example.heads, over: alone,
        window: window)
      // Another blocking of the same sums of 27 terms at most.
      #expect(packed.rows(at: rows).mismatch(separate.shape, separate.doubles, terms: 64) == nil)
    }
  }

  @Test("NaN in one group does not reach another")
  func notANumber() {
    let example = Case("", (1, 1, 4), [(2, []), (2, [])])
    let (queries, keys, _) = example.operands()
    let values = Tensor([Float](repeating: .nan, count: 8) + [Float](repeating: 1, count: 8), shape: [4, 4])
    let out = queries.attention(keys: keys, values: values, heads: example.heads, over: example.sequences).scalars
    #expect(out[..<8].allSatisfy { $0.isNaN })
    #expect(out[8...].allSatisfy { abs($0 - 1) < 1e-6 })
  }

  /// One attention for sequences that grow and for whole ones: a cache that was filled in pieces gives the same bits, and
  /// its work is counted as that of the whole.
  @Test("Rows that continue a sequence see what those of the whole sequence see", arguments: [nil, 1, 5, 12])
  func continuedRows(window: Int?) {
    let example = Case("", (4, 2, 16), [(20, [])])
    let (queries, keys, values) = example.operands()
    let whole = queries.attention(
      keys: keys, values: values, heads: example.heads, over: example.sequences, window: window)
    var cache = KeyValueRows(width: 32, capacity: 9)
    for rows in [0..<9, 9..<10, 10..<20] {
      if rows.upperBound > 9 { cache = cache.grown(to: 20, keeping: rows.lowerBound) }
      cache.write(keys: keys, values: values, rows: rows, at: rows.lowerBound)
      let segment = cache.segment(queries: rows, after: rows.lowerBound)
      let out = queries.attention(over: [segment], heads: example.heads, window: window)
      let elements = rows.lowerBound * 64..<rows.upperBound * 64
      #expect(out.scalars[elements] == whole.scalars[elements])
      let seen = rows.reduce(0) { $0 + min(window ?? .max, $1 + 1) }
      #expect(example.heads.products([segment, segment], window) == Double(2 * seen * 64))
    }
  }
}
