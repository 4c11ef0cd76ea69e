import CKernels
import TestSupport
import Testing

/// How A lies in memory.
enum ALayout: CaseIterable {
  case dense, padded, transposed, strided
}

/// A case of the oracle laid out for one variant: every operand ends at an unmapped page.
struct GemmOperands {
  let oracle: GemmOracle
  let kernels: CKKernels
  let aRowStride: Int
  let aColumnStride: Int
  let a: GuardedBuffer<Float>
  let packedB: GuardedBuffer<Float>
  let cStride: Int
  let c: GuardedBuffer<Float>
  /// Lies between the rows of C and must stay there.
  static let canary: Float = 12345.75

  init(_ oracle: GemmOracle, _ variant: CKVariant, a layout: ALayout = .dense, cPadding: Int = 0, initial: Float) {
    self.oracle = oracle
    kernels = variant.kernels
    let (m, n, k) = (oracle.m, oracle.n, oracle.k)
    (aRowStride, aColumnStride) =
      switch layout {
      case .dense: (k, 1)
      case .padded: (k + 5, 1)
      case .transposed: (1, m + 3)
      case .strided: (2 * k + 7, 2)
      }
    let aCount = m == 0 || k == 0 ? 0 : (m - 1) * aRowStride + (k - 1) * aColumnStride + 1
    a = GuardedBuffer(count: aCount, fill: .nan)
    for i in 0..<m {
      for p in 0..<k { a.elements[i * aRowStride + p * aColumnStride] = oracle.a[i * k + p] }
    }
    let width = kernels.panel_width_f32
    packedB = GuardedBuffer(count: (n + width - 1) / width * width * k, fill: .nan)
    let b = GuardedBuffer(count: n * k, fill: Float.nan)
    _ = b.elements.update(fromContentsOf: oracle.b)
    kernels.pack_nt_f32(packedB.pointer, b.pointer, k, n, k)
    cStride = n + cPadding
    c = Self.destination(m: m, n: n, stride: cStride, initial: initial)
  }

  /// C `[m, n]` full of `initial`, with canaries between its rows.
  static func destination(m: Int, n: Int, stride: Int, initial: Float) -> GuardedBuffer<Float> {
    let c = GuardedBuffer(count: m == 0 || n == 0 ? 0 : (m - 1) * stride + n, fill: canary)
    for i in 0..<m {
      for j in 0..<n { c.elements[i * stride + j] = initial }
    }
    return c
  }

  /// The place of the first canary of `c` that is gone, in words, or nil.
  static func damage(to c: GuardedBuffer<Float>, n: Int, stride: Int) -> String? {
    guard c.isIntactInFront else { return "written in front of C" }
    return c.elements.indices.first { $0 % stride >= n && c.elements[$0] != canary }.map { "written at C + \($0)" }
  }

  func multiply(_ store: CKStore) {
    kernels.gemm_f32(
      c.pointer, cStride, a.pointer, aRowStride, aColumnStride, packedB.pointer, oracle.m, oracle.n, oracle.k, store)
  }

  func expectProduct(initial: Float = 0, sourceLocation: SourceLocation = #_sourceLocation) {
    let mismatch = oracle.mismatch(c.pointer, stride: cStride, initial: initial)
    #expect(mismatch == nil, sourceLocation: sourceLocation)
    #expect(Self.damage(to: c, n: oracle.n, stride: cStride) == nil, sourceLocation: sourceLocation)
    #expect(a.isIntactInFront && packedB.isIntactInFront, sourceLocation: sourceLocation)
  }
}

/// The sizes at which tiles, panels and blocks end.
enum GemmSizes {
  static let rows = [0, 1, 2, 13, 14, 15, 29]
  static let shortReductions = [0, 1, 2, 3]
  /// Around one and two blocks of a sum, for the block lengths used (CK_GEMM_BLOCK).
  static let longReductions = [575, 576, 577, 1153]

  static func columns(width: Int) -> [Int] { [0, 1, width / 2, width - 1, width, width + 1, 2 * width + 3] }
}
