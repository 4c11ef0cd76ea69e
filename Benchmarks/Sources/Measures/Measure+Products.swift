import CKernels
import CSTCore

extension Measure {
  /// Matrix products: the shapes of training with a model of 135 million parameters, its head, LoRA's, one cube, and
  /// one row against the head, as decoding needs it. One thread and two.
  static func products(threads: Int) -> [Measure] {
    var shapes: [[Int]] = []
    for m in [512, 1024, 2048] {
      for n in [576, 1536] { for k in [576, 1536] { shapes.append([m, n, k]) } }
    }
    shapes += [[512, 49152, 576], [512, 24, 576], [512, 576, 24], [1024, 1024, 1024], [1, 49152, 576]]
    return ["f32", "bf16"].flatMap { precision in
      shapes.flatMap { shape in
        (threads > 1 ? [1, threads] : [1]).map { threads in
          let size = shape.map(String.init).joined(separator: "x")
          let work = Work(
            name: "gemm \(precision) \(size), \(threads) thread\(threads == 1 ? "" : "s")",
            section: "gemm-\(precision)", operation: "gemm", sizes: shape, precision: precision, threads: threads,
            unit: .gigaflops, limit: precision == "f32" ? .multiplyAdd : .dot)
          return Measure(work: work) {
            let product = try Product(m: shape[0], n: shape[1], k: shape[2], isBF16: precision == "bf16")
            let team = Team(threads: threads)
            return .kernel(
              amount: 2 * Double(shape[0] * shape[1] * shape[2]) / 1e9, team: team,
              check: {
                team.during { product.run(team) }
                try product.check()
              }, run: { product.run(team) })
          }
        }
      }
    }
  }
}

/// C = A·Bᵀ with B packed beforehand, as frozen weights are.
private final class Product: Sendable {
  private let (m, n, k): (Int, Int, Int)
  private let isBF16: Bool
  private let table: CKKernels
  private let a, b, c: Floats
  private let packed: Floats
  private let halves: Memory<UInt16>
  private let packedHalves: Memory<UInt16>

  init(m: Int, n: Int, k: Int, isBF16: Bool) throws {
    (self.m, self.n, self.k, self.isBF16) = (m, n, k, isBF16)
    table = try kernelTable()
    a = Floats(count: m * k, in: -1...1, seed: 1)
    b = Floats(count: n * k, in: -1...1, seed: 2)
    c = Floats(count: m * n) { _ in .nan }
    let width = isBF16 ? table.panel_width_bf16 : table.panel_width_f32
    let padded = (n + width - 1) / width * width
    let packedCount = padded * (isBF16 ? (k + 1) / 2 * 2 : k)
    packed = Floats(count: isBF16 ? 0 : packedCount)
    packedHalves = Memory(count: isBF16 ? packedCount : 0) { _ in 0 }
    halves = Memory(count: isBF16 ? m * k : 0) { _ in 0 }
    if isBF16 {
      table.convert_f32_bf16(halves.start, a.start, m * k)
      table.pack_nt_f32_bf16(packedHalves.start, b.start, k, n, k)
    } else {
      table.pack_nt_f32(packed.start, b.start, k, n, k)
    }
  }

  /// Splits as CSTCore does: whole panels where there are enough, else rows; two parts a thread.
  func run(_ team: Team) {
    let width = isBF16 ? table.panel_width_bf16 : table.panel_width_f32
    let panels = (n + width - 1) / width
    if team.threads == 1 { return multiply(0..<m, 0..<n) }
    if panels >= 2 * team.threads {
      let parts = 2 * team.threads
      team.forEach(parts) { part in
        let range = panels * part / parts..<panels * (part + 1) / parts
        self.multiply(0..<self.m, range.lowerBound * width..<min(self.n, range.upperBound * width))
      }
    } else {
      let parts = min(m, 2 * team.threads)
      team.forEach(parts) { part in self.multiply(self.m * part / parts..<self.m * (part + 1) / parts, 0..<self.n) }
    }
  }

  private func multiply(_ rows: Range<Int>, _ columns: Range<Int>) {
    let out = c.start + rows.lowerBound * n + columns.lowerBound
    if isBF16 {
      table.gemm_bf16_f32(
        out, n, halves.start + rows.lowerBound * k, k, packedHalves.start + columns.lowerBound * ((k + 1) / 2 * 2),
        rows.count, columns.count, k, .store)
    } else {
      table.gemm_f32(
        out, n, a.start + rows.lowerBound * k, k, 1, packed.start + columns.lowerBound * k, rows.count, columns.count,
        k, .store)
    }
  }

  /// Inputs are exact in bf16, so only the sums round: k terms, each sum off by at most half an ulp.
  func check() throws {
    for row in sampled(m) {
      for column in sampled(n) {
        var (sum, magnitude) = (0.0, 0.0)
        for p in 0..<k {
          let term = Double(a[row * k + p]) * Double(b[column * k + p])
          sum += term
          magnitude += abs(term)
        }
        try compare(
          c[row * n + column], sum, within: 0x1p-24 * Double(k) * magnitude, "product element [\(row), \(column)]")
      }
    }
  }
}
