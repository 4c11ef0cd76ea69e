import CKernels
import TestSupport
import Testing

/// A caller may give rows and whole panels to different threads: the bits must not change.
@Suite struct GemmSplitTests {
  @Test(arguments: CKVariant.runnable, [CKStore.store, .add])
  func rowsAndPanels(variant: CKVariant, store: CKStore) {
    let kernels = variant.kernels
    let width = kernels.panel_width_f32
    let (m, n, k) = (29, 2 * width + 3, 1153)
    let oracle = GemmOracle(m: m, n: n, k: k)
    let whole = GemmOperands(oracle, variant, initial: 0.5)
    whole.multiply(store)
    for rowsAtOnce in [1, 2, 5, 7, 14, 15] {
      for panelsAtOnce in [1, 2, 3] {
        let split = GemmOperands(oracle, variant, initial: 0.5)
        for i in stride(from: 0, to: m, by: rowsAtOnce) {
          for j in stride(from: 0, to: n, by: panelsAtOnce * width) {
            kernels.gemm_f32(
              split.c.pointer + i * n + j, n, split.a.pointer + i * k, k, 1, split.packedB.pointer + j * k,
              min(rowsAtOnce, m - i), min(panelsAtOnce * width, n - j), k, store)
          }
        }
        #expect(bits(of: split.c) == bits(of: whole.c), "\(rowsAtOnce) rows, \(panelsAtOnce) panels at once")
      }
    }
  }

  @Test(arguments: CKVariant.runnable)
  func rowsAndPanelsBF16(variant: CKVariant) {
    let kernels = variant.kernels
    let width = kernels.panel_width_bf16
    let (m, n, k) = (29, 2 * width + 3, 1153)
    let oracle = GemmOracle(m: m, n: n, k: k, bfloat16: true)
    let whole = GemmBF16Operands(oracle, variant, initial: .nan)
    whole.multiply(.store)
    for rowsAtOnce in [1, 2, 5, 14] {
      let split = GemmBF16Operands(oracle, variant, initial: .nan)
      for i in stride(from: 0, to: m, by: rowsAtOnce) {
        for j in stride(from: 0, to: n, by: width) {
          kernels.gemm_bf16_f32(
            split.c.pointer + i * n + j, n, split.a.pointer + i * k, k, split.packedB.pointer + j * (k + 1),
            min(rowsAtOnce, m - i), min(width, n - j), k, .store)
        }
      }
      #expect(bits(of: split.c) == bits(of: whole.c), "\(rowsAtOnce) rows at once")
    }
  }

  /// Parts along the sums, cut at multiples of the kernels' own block, the later ones added.
  @Test(arguments: CKVariant.runnable, [CKStore.store, .add])
  func blocksOfSums(variant: CKVariant, store: CKStore) {
    let kernels = variant.kernels
    let block = kernels.gemm_block
    let width = kernels.panel_width_f32
    let (m, n, k) = (29, width, 3 * block + 5)
    #expect(block > 0 && block.isMultiple(of: 2))
    let oracle = GemmOracle(m: m, n: n, k: k)
    let whole = GemmOperands(oracle, variant, initial: 0.5)
    whole.multiply(store)
    for blocksAtOnce in [1, 2, 3] {
      let split = GemmOperands(oracle, variant, initial: 0.5)
      for p in stride(from: 0, to: k, by: blocksAtOnce * block) {
        kernels.gemm_f32(
          split.c.pointer, n, split.a.pointer + p, k, 1, split.packedB.pointer + p * width, m, n,
          min(blocksAtOnce * block, k - p), p == 0 ? store : .add)
      }
      #expect(bits(of: split.c) == bits(of: whole.c), "\(blocksAtOnce) blocks at once")
    }
  }

  @Test(arguments: CKVariant.runnable)
  func blocksOfSumsBF16(variant: CKVariant) {
    let kernels = variant.kernels
    let (block, width) = (kernels.gemm_block, kernels.panel_width_bf16)
    let (m, n, k) = (29, width, 2 * block + 5)
    let oracle = GemmOracle(m: m, n: n, k: k, bfloat16: true)
    let whole = GemmBF16Operands(oracle, variant, initial: .nan)
    whole.multiply(.store)
    let split = GemmBF16Operands(oracle, variant, initial: .nan)
    for p in stride(from: 0, to: k, by: block) {
      kernels.gemm_bf16_f32(
        split.c.pointer, n, split.a.pointer + p, k, split.packedB.pointer + p * width, m, n, min(block, k - p),
        p == 0 ? .store : .add)
    }
    #expect(bits(of: split.c) == bits(of: whole.c))
  }

  @Test(arguments: CKVariant.runnable)
  func layoutsOfA(variant: CKVariant) {
    let oracle = GemmOracle(m: 29, n: 2 * variant.kernels.panel_width_f32 + 3, k: 577)
    let results = ALayout.allCases.map { layout in
      let operands = GemmOperands(oracle, variant, a: layout, initial: .nan)
      operands.multiply(.store)
      return bits(of: operands.c)
    }
    #expect(Set(results).count == 1)
  }

  private func bits(of c: GuardedBuffer<Float>) -> [UInt32] { c.elements.map(\.bitPattern) }
}
