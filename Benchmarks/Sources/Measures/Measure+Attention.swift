import CKernels
import CSTCore
import Foundation

extension Measure {
  /// One KV head with three query heads of width 64 over 512 rows behind a prefix of 128, as in the model of training.
  /// Forward counts two products a pair of query and key, backward five: the scores must be computed again, for they are
  /// never kept.
  static func attention() -> [Measure] {
    ["attention", "attention-backward"].map { operation in
      let isBackward = operation == "attention-backward"
      let work = Work(
        name: "\(operation) 512+128x3x64, 1 thread", section: "kernels", operation: operation,
        sizes: [512, 128, 3, 64],
        precision: "f32", threads: 1, unit: .gigaflops, limit: .multiplyAdd)
      return Measure(work: work) {
        let attention = AttentionMeasure(try kernelTable())
        let pairs = Double(512 * 128 + 512 * 513 / 2) * 3
        return .kernel(
          amount: pairs * 64 * (isBackward ? 10 : 4) / 1e9,
          check: {
            attention.forward()
            attention.backward()
            try isBackward ? attention.checkBackward() : attention.checkForward()
          },
          run: { isBackward ? attention.backward() : attention.forward() })
      }
    }
  }
}

private final class AttentionMeasure {
  private let (rows, prefix, group, width) = (512, 128, 3, 64)
  private let table: CKKernels
  private var shape: CKAttentionShape
  private let q, k, v, out, logSum, dOut, dq, dk, dv, scratch: Floats
  /// Probabilities in Double of one query head, [rows, prefix + rows].
  private lazy var probabilities = (0..<group).map { head in (0..<rows).map { self.probabilities(row: $0, head: head) }
  }

  init(_ table: CKKernels) {
    self.table = table
    shape = CKAttentionShape(rows: 512, prefix_rows: 128, group: 3, head_width: 64, scale: 0.125, window: 0)
    q = Floats(count: 512 * 192, in: -2...2, seed: 11)
    k = Floats(count: 640 * 64, in: -2...2, seed: 12)
    v = Floats(count: 640 * 64, in: -1...1, seed: 13)
    dOut = Floats(count: 512 * 192, in: -1...1, seed: 14)
    (out, dq) = (Floats(count: 512 * 192), Floats(count: 512 * 192))
    (dk, dv) = (Floats(count: 640 * 64), Floats(count: 640 * 64))
    logSum = Floats(count: 512 * 3)
    let count = max(table.attention_scratch_f32(&shape), table.attention_backward_scratch_f32(&shape))
    scratch = Floats(count: count)
  }

  func forward() {
    let own = prefix * width
    table.attention_f32(
      out.start, group * width, logSum.start, group, q.start, group * width, k.start, v.start, width, k.start + own,
      v.start + own, width, &shape, scratch.start)
  }

  func backward() {
    let own = prefix * width
    dk.start.update(repeating: 0, count: dk.count)
    dv.start.update(repeating: 0, count: dv.count)
    table.attention_backward_f32(
      dq.start, group * width, dk.start, dv.start, width, dk.start + own, dv.start + own, width, dOut.start,
      group * width, out.start, group * width, logSum.start, group, q.start, group * width, k.start, v.start, width,
      k.start + own, v.start + own, width, &shape, scratch.start)
  }

  private func probabilities(row: Int, head: Int) -> [Double] {
    let scores = (0...prefix + row).map { key in
      (0..<width).reduce(0.0) { $0 + Double(q[(row * group + head) * width + $1]) * Double(k[key * width + $1]) } / 8
    }
    let largest = scores.max() ?? 0
    let weights = scores.map { exp($0 - largest) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Outputs are means of values below 1; scores below 32 round to 2^-19, which the exponential makes relative, and so
  /// do 64 products each.
  func checkForward() throws {
    for row in sampled(rows, 6) {
      for head in 0..<group {
        let weights = probabilities[head][row]
        for column in sampled(width, 8) {
          let expected = weights.indices.reduce(0.0) { $0 + weights[$1] * Double(v[$1 * width + column]) }
          try compare(
            out[(row * group + head) * width + column], expected, within: 0x1p-14, "attention [\(row), \(head)]")
        }
      }
    }
  }

  /// As forward; sums over up to 512 rows and 3 heads of gradients below 64 make the bound that much wider.
  func checkBackward() throws {
    let keys = sampled(prefix + rows, 6)
    var (expectedK, expectedV) = ([Int: Double](), [Int: Double]())
    for head in 0..<group {
      for row in 0..<rows {
        let weights = probabilities[head][row]
        let base = (row * group + head) * width
        let products = weights.indices.map { key in
          (0..<width).reduce(0.0) { $0 + Double(dOut[base + $1]) * Double(v[key * width + $1]) }
        }
        let mean = zip(weights, products).reduce(0.0) { $0 + $1.0 * $1.1 }
        for key in keys where key < weights.count {
          expectedV[key, default: 0] += weights[key] * Double(dOut[base])
          expectedK[key, default: 0] += weights[key] * (products[key] - mean) / 8 * Double(q[base])
        }
        guard row % 101 == 0 else { continue }
        let expected = weights.indices.reduce(0.0) {
          $0 + weights[$1] * (products[$1] - mean) / 8 * Double(k[$1 * width])
        }
        try compare(dq[base], expected, within: 0x1p-12, "dq [\(row), \(head)]")
      }
    }
    for key in keys {
      try compare(dk[key * width], expectedK[key] ?? 0, within: 0x1p-10, "dk [\(key)]")
      try compare(dv[key * width], expectedV[key] ?? 0, within: 0x1p-10, "dv [\(key)]")
    }
  }
}
