import TestSupport
import Testing

@testable import CSTCore

/// The same bits whatever the number of threads: rows are split, sums never are.
///
/// Serialised, and the only tests that set the shared pool's number of threads. Other tests may run meanwhile; their
/// results do not depend on it. Work is partitioned by the set number even where the pool is busy with them.
@Suite("Results do not depend on the number of threads", .serialized)
struct ThreadCountTests {
  /// Results of `compute` with 1, 2, 3 and 7 threads must have the same bits.
  func expectSameBits(_ compute: () -> [Tensor], sourceLocation: SourceLocation = #_sourceLocation) {
    let pool = ComputePool.shared
    let before = pool.threadCount
    defer { pool.threadCount = before }
    pool.threadCount = 1
    let expected = compute()
    for threads in [2, 3, 7] {
      pool.threadCount = threads
      let found = compute()
      #expect(found.map(\.shape) == expected.map(\.shape), sourceLocation: sourceLocation)
      for (index, (x, y)) in zip(found, expected).enumerated() {
        #expect(
          Mismatch.firstInBits(x.scalars, y.scalars) == nil, "result \(index) with \(threads) threads",
          sourceLocation: sourceLocation)
      }
    }
  }

  /// Results and gradients at inputs, with a seeded cotangent.
  func valueAndGradients(_ inputs: [Tensor], _ function: ([Tensor]) -> Tensor) -> [Tensor] {
    let (value, pullback) = valueWithPullback(at: inputs, of: function)
    return [value] + pullback(.random(value.shape, seed: 99))
  }

  /// Large enough to be split by panels, by rows, and not at all.
  @Test("Matrix products", arguments: [(130, 300, 70), (64, 512, 1000), (257, 130, 16), (5, 7, 9)])
  func products(m: Int, k: Int, n: Int) {
    let inputs = [Tensor.random([m, k]), Tensor.random([k, n], seed: 2)]
    expectSameBits { valueAndGradients(inputs) { $0[0].matmul($0[1]) } }
  }

  @Test("Frozen weights", arguments: Precision.allCases)
  func weights(precision: Precision) {
    let (x, factors) = (
      Tensor.random([67, 160], seed: 2), [Tensor.random([8, 160]), Tensor.random([260, 8], seed: 4)]
    )
    // A new matrix each time, so that packing is split in each way, too.
    expectSameBits {
      let weight = WeightMatrix.random(260, 160, .q8_0)
      return valueAndGradients([x] + factors) {
        $0[0].linear(weight, adding: LoRAFactors(a: $0[1], b: $0[2]), scale: 2, precision: precision)
      }
    }
  }

  /// One row and several, rows in their order and not.
  @Test("Stored weights", arguments: [1, 2, 67], Precision.allCases)
  func storedWeights(m: Int, precision: Precision) {
    let factors = LoRAFactors(a: .random([8, 160]), b: .random([2000, 8], seed: 4))
    let x = Tensor.random([m, 160], seed: 2)
    for order in [WeightMatrix.RowOrder.asStored, .interleavedHalves(headWidth: 50)] {
      let weight = WeightMatrix.random(2000, 160, .q4_1, rowOrder: order)
      expectSameBits {
        [
          x.linear(weight, adding: factors, scale: 2, adapterInput: nil, precision: precision, access: .stored)
        ]
      }
    }
  }

  @Test("Attention")
  func attention() {
    var sequences = PackedSequences()
    sequences.append(prefixLength: 40, continuationLengths: [21, 33])
    sequences.append(prefixLength: 9, continuationLengths: [0, 5, 7])
    sequences.append(prefixLength: 12)
    let heads = AttentionHeads(queryHeads: 6, keyValueHeads: 2, headWidth: 16)
    let inputs = [
      Tensor.random([sequences.rowCount, 96]), .random([sequences.rowCount, 32], seed: 2),
      .random([sequences.rowCount, 32], seed: 3),
    ]
    expectSameBits {
      valueAndGradients(inputs) { $0[0].attention(keys: $0[1], values: $0[2], heads: heads, over: sequences) }
    }
  }

  @Test("Log-probabilities of tokens", arguments: Precision.allCases)
  func tokenLogProbabilities(precision: Precision) {
    let (x, targets, head) = TokenLogProbabilityTests.operands((150, 64, 600))
    expectSameBits {
      valueAndGradients([x]) { $0[0].tokenLogProbabilities(of: targets, head: head, precision: precision) }
    }
  }

  @Test("Everything else that is split")
  func others() {
    let (x, weight) = (Tensor.random([400, 300]), Tensor.random([300], seed: 2))
    let table = RotaryTable(headWidth: 30, base: 10_000, positionCount: 400)
    let positions = (0..<400).map(Int32.init)
    expectSameBits { valueAndGradients([x, weight]) { $0[0].rmsNorm(weight: $0[1], epsilon: 1e-5) } }
    expectSameBits { valueAndGradients([x]) { $0[0].softmax() } }
    expectSameBits { valueAndGradients([x]) { $0[0].logSoftmax() } }
    expectSameBits { valueAndGradients([x]) { $0[0].rotated(by: table, positions: positions) } }
    expectSameBits { valueAndGradients([x]) { $0[0].siluMultiplied(by: $0[0]) } }
    expectSameBits { valueAndGradients([x]) { $0[0].dropout(probability: 0.3, seed: 1, stream: 2) } }
    expectSameBits { valueAndGradients([x]) { ($0[0] * $0[0] + 1).log().tanh().sigmoid() } }
    expectSameBits { valueAndGradients([x, weight]) { (($0[0] * $0[1] - $0[1]) / 3).sum() } }
  }
}
