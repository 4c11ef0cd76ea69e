import CKernels
import TestSupport
import Testing

@Suite struct GemmTests {
  @Test(arguments: CKVariant.runnable, GemmSizes.rows)
  func shortReductions(variant: CKVariant, m: Int) {
    for n in GemmSizes.columns(width: variant.kernels.panel_width_f32) {
      for k in GemmSizes.shortReductions {
        let oracle = GemmOracle(m: m, n: n, k: k)
        for layout in ALayout.allCases {
          let stored = GemmOperands(oracle, variant, a: layout, cPadding: 3, initial: .nan)
          stored.multiply(.store)
          stored.expectProduct()
          let added = GemmOperands(oracle, variant, a: layout, cPadding: 1, initial: 0.75)
          added.multiply(.add)
          added.expectProduct(initial: 0.75)
        }
      }
    }
  }

  @Test(arguments: CKVariant.runnable, GemmSizes.longReductions)
  func longReductions(variant: CKVariant, k: Int) {
    let width = variant.kernels.panel_width_f32
    for (m, n) in [(1, width), (3, width + 1), (15, 2 * width + 3)] {
      let oracle = GemmOracle(m: m, n: n, k: k)
      for layout in ALayout.allCases {
        let stored = GemmOperands(oracle, variant, a: layout, initial: .nan)
        stored.multiply(.store)
        stored.expectProduct()
      }
      let added = GemmOperands(oracle, variant, cPadding: 2, initial: -1.5)
      added.multiply(.add)
      added.expectProduct(initial: -1.5)
    }
  }

  @Test(arguments: CKVariant.runnable)
  func moreRowsThanABlock(variant: CKVariant) {
    for layout in [ALayout.dense, .transposed] {
      let operands = GemmOperands(GemmOracle(m: 301, n: 5, k: 23), variant, a: layout, initial: .nan)
      operands.multiply(.store)
      operands.expectProduct()
    }
  }

  @Test(arguments: CKVariant.runnable)
  func zeroReductionStoresZerosAndAddsNothing(variant: CKVariant) {
    let stored = GemmOperands(GemmOracle(m: 3, n: 5, k: 0), variant, cPadding: 2, initial: .nan)
    stored.multiply(.store)
    stored.expectProduct()
    let added = GemmOperands(GemmOracle(m: 3, n: 5, k: 0), variant, cPadding: 2, initial: -0.0)
    added.multiply(.add)
    #expect(added.c.elements[0].sign == .minus)
    added.expectProduct()
  }

  @Test(arguments: CKVariant.runnable)
  func nonFiniteInputsReachTheirRowAndColumnOnly(variant: CKVariant) {
    let width = variant.kernels.panel_width_f32
    let (m, n, k) = (15, width + 3, 7)
    for (value, isExpected) in [
      (Float.nan, { (x: Float) in x.isNaN }), (Float.infinity, { (x: Float) in x.isInfinite }),
    ] {
      let operands = GemmOperands(GemmOracle(m: m, n: n, k: k), variant, initial: .nan)
      operands.a.elements[4 * k + 2] = value
      operands.multiply(.store)
      for i in 0..<m {
        for j in 0..<n {
          let found = operands.c.elements[i * n + j]
          #expect(i == 4 ? isExpected(found) : found.isFinite, "A(4, 2) = \(value), c[\(i), \(j)] = \(found)")
        }
      }
      let column = GemmOperands(GemmOracle(m: m, n: n, k: k), variant, initial: .nan)
      column.packedB.elements[width * k + 2 * width + 1] = value  // B(2, width + 1)
      column.multiply(.store)
      for i in 0..<m {
        for j in 0..<n {
          let found = column.c.elements[i * n + j]
          #expect(j == width + 1 ? isExpected(found) : found.isFinite, "B(2, \(width + 1)) = \(value), c[\(i), \(j)]")
        }
      }
    }
  }
}
