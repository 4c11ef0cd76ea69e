import CKernels
import TestSupport
import Testing

/// A case of a bfloat16 oracle laid out for one variant.
struct GemmBF16Operands {
  let oracle: GemmOracle
  let kernels: CKKernels
  let aStride: Int
  let a: GuardedBuffer<UInt16>
  let packedB: GuardedBuffer<UInt16>
  let cStride: Int
  let c: GuardedBuffer<Float>

  init(_ oracle: GemmOracle, _ variant: CKVariant, aPadding: Int = 0, cPadding: Int = 0, initial: Float) {
    self.oracle = oracle
    kernels = variant.kernels
    let (m, n, k) = (oracle.m, oracle.n, oracle.k)
    aStride = k + aPadding
    let quietNaN: UInt16 = 0x7FC0
    a = GuardedBuffer(count: m == 0 || k == 0 ? 0 : (m - 1) * aStride + k, fill: quietNaN)
    for i in 0..<m {
      for p in 0..<k { a.elements[i * aStride + p] = BFloat16Oracle.bits(oracle.a[i * k + p]) }
    }
    let width = kernels.panel_width_bf16
    packedB = GuardedBuffer(count: (n + width - 1) / width * width * (k + k % 2), fill: quietNaN)
    let b = GuardedBuffer(count: n * k, fill: Float.nan)
    _ = b.elements.update(fromContentsOf: oracle.b)
    kernels.pack_nt_f32_bf16(packedB.pointer, b.pointer, k, n, k)
    cStride = n + cPadding
    c = GemmOperands.destination(m: m, n: n, stride: cStride, initial: initial)
  }

  func multiply(_ store: CKStore) {
    kernels.gemm_bf16_f32(
      c.pointer, cStride, a.pointer, aStride, packedB.pointer, oracle.m, oracle.n, oracle.k, store)
  }

  func expectProduct(initial: Float = 0, sourceLocation: SourceLocation = #_sourceLocation) {
    let mismatch = oracle.mismatch(c.pointer, stride: cStride, initial: initial)
    #expect(mismatch == nil, sourceLocation: sourceLocation)
    #expect(GemmOperands.damage(to: c, n: oracle.n, stride: cStride) == nil, sourceLocation: sourceLocation)
    #expect(a.isIntactInFront && packedB.isIntactInFront, sourceLocation: sourceLocation)
  }
}

@Suite struct GemmBF16Tests {
  @Test(arguments: CKVariant.runnable, GemmSizes.rows)
  func shortReductions(variant: CKVariant, m: Int) {
    for n in GemmSizes.columns(width: variant.kernels.panel_width_bf16) {
      for k in GemmSizes.shortReductions + [4, 5] {
        let oracle = GemmOracle(m: m, n: n, k: k, bfloat16: true)
        let stored = GemmBF16Operands(oracle, variant, aPadding: 3, cPadding: 3, initial: .nan)
        stored.multiply(.store)
        stored.expectProduct()
        let added = GemmBF16Operands(oracle, variant, cPadding: 1, initial: 0.75)
        added.multiply(.add)
        added.expectProduct(initial: 0.75)
      }
    }
  }

  @Test(arguments: CKVariant.runnable, GemmSizes.longReductions)
  func longReductions(variant: CKVariant, k: Int) {
    let width = variant.kernels.panel_width_bf16
    for (m, n) in [(1, width), (3, width + 1), (15, 2 * width + 3)] {
      let oracle = GemmOracle(m: m, n: n, k: k, bfloat16: true)
      let stored = GemmBF16Operands(oracle, variant, aPadding: 1, initial: .nan)
      stored.multiply(.store)
      stored.expectProduct()
      let added = GemmBF16Operands(oracle, variant, cPadding: 2, initial: -1.5)
      added.multiply(.add)
      added.expectProduct(initial: -1.5)
    }
  }

  @Test(arguments: CKVariant.runnable)
  func nonFiniteInputsReachTheirRowOnly(variant: CKVariant) {
    let (m, n, k) = (15, variant.kernels.panel_width_bf16 + 3, 7)
    for (value, isExpected) in [
      (Float.nan, { (x: Float) in x.isNaN }), (Float.infinity, { (x: Float) in x.isInfinite }),
    ] {
      for p in [2, k - 1] {  // in a pair, and in the odd tail, whose partner is padding
        let operands = GemmBF16Operands(GemmOracle(m: m, n: n, k: k, bfloat16: true), variant, initial: .nan)
        operands.a.elements[4 * k + p] = BFloat16Oracle.bits(value)
        operands.multiply(.store)
        for i in 0..<m {
          for j in 0..<n {
            let found = operands.c.elements[i * n + j]
            #expect(i == 4 ? isExpected(found) : found.isFinite, "A(4, \(p)) = \(value), c[\(i), \(j)] = \(found)")
          }
        }
      }
    }
  }

  /// An odd k ends in half a pair. Whatever an earlier call left on the stack must not become its other half.
  @Test(arguments: CKVariant.runnable)
  func oddReductionIgnoresEarlierCalls(variant: CKVariant) {
    let width = variant.kernels.panel_width_bf16
    let poison = GemmBF16Operands(GemmOracle(m: 15, n: width, k: 8, bfloat16: true), variant, initial: 0)
    poison.a.elements.update(repeating: BFloat16Oracle.bits(.nan))
    let operands = GemmBF16Operands(GemmOracle(m: 15, n: width, k: 7, bfloat16: true), variant, initial: .nan)
    poison.multiply(.store)
    operands.multiply(.store)
    operands.expectProduct()
  }
}
