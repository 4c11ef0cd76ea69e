import CKernels
import TestSupport
import Testing

/// Products with weights read from their stored blocks: sums of an oracle in Double, and the very bits of the product
/// with packed weights.
@Suite struct StoredGemmTests {
  /// One row, tiles of every height, more rows than are multiplied at a time.
  static let rows = [0, 1, 2, 3, 5, 9, 14, 75]

  /// Lengths of sums: whole blocks around the 576 products that are summed in registers.
  static func lengths(_ format: CKFormat) -> [Int] {
    switch BlockDecoder.blockSize(format).weights {
    case 1: [1, 7, 31, 32, 33, 100, 577]
    case 32: [32, 96, 576, 608]
    default: [256, 768, 1280]
    }
  }

  /// Fewer columns than a vector holds, a strip and its neighbours, more than one strip.
  static func columns(_ variant: CKVariant) -> [Int] {
    [0, 1, variant.lanes + 1, 4 * variant.lanes, 8 * variant.lanes + 3]
  }

  @Test(arguments: CKVariant.runnable, CKFormat.every)
  func bitsOfThePackedProduct(_ variant: CKVariant, format: CKFormat) {
    for k in Self.lengths(format) {
      for n in Self.columns(variant) {
        for m in Self.rows {
          let product = StoredGemmCase(variant, format, m: m, n: n, k: k)
          let stored = Operand(rows: m, width: n, padding: 2)
          product.multiply(stored)
          #expect(
            Mismatch.firstInBits(stored.values, product.packedProduct()) == nil, "\(m) x \(n) x \(k)")
          let added = Operand(rows: m, width: n, fill: 0.75)
          product.multiply(added, .add)
          #expect(
            Mismatch.firstInBits(added.values, product.packedProduct(initial: 0.75)) == nil, "\(m) x \(n) x \(k)")
          #expect(stored.isIntact && added.isIntact && product.isIntact)
        }
      }
    }
  }

  @Test(arguments: CKVariant.runnable, CKFormat.every)
  func bitsOfThePackedProductBF16(_ variant: CKVariant, format: CKFormat) {
    for k in Self.lengths(format) {
      for (m, n) in [(1, 3), (2, 4 * variant.lanes), (7, 4 * variant.lanes + 5), (75, variant.lanes)] {
        let product = StoredGemmCase(variant, format, m: m, n: n, k: k)
        let stored = Operand(rows: m, width: n, padding: 2)
        product.multiplyBF16(stored)
        #expect(Mismatch.firstInBits(stored.values, product.packedProductBF16()) == nil, "\(m) x \(n) x \(k)")
        let added = Operand(rows: m, width: n, fill: -1.5)
        product.multiplyBF16(added, .add)
        #expect(
          Mismatch.firstInBits(added.values, product.packedProductBF16(initial: -1.5)) == nil, "\(m) x \(n) x \(k)")
        #expect(stored.isIntact && added.isIntact && product.isIntact)
      }
    }
  }

  @Test(arguments: CKVariant.runnable, CKFormat.every)
  func sumsOfTheOracle(_ variant: CKVariant, format: CKFormat) {
    for k in Self.lengths(format) {
      for (m, n) in [(1, 37), (3, 9), (8, 2 * variant.lanes)] {
        let product = StoredGemmCase(variant, format, m: m, n: n, k: k)
        let c = Operand(rows: m, width: n)
        product.multiply(c)
        #expect(product.mismatch(c.values) == nil, "\(m) x \(n) x \(k)")
      }
    }
  }

  /// Scales of zero of either sign, subnormals, infinities and NaNs; NaNs need not have the same payload.
  @Test(arguments: CKVariant.runnable, CKFormat.every)
  func specialScales(_ variant: CKVariant, format: CKFormat) {
    let block = BlockDecoder.blockSize(format)
    let (n, blocks) = (DequantizeTests.specialHalves.count, max(1, 512 / block.weights))
    let bytes = (0..<n).flatMap { row in
      let all = DequantizeTests.blocks(n * n, format, special: true, seed: UInt64(row))
      return (0..<blocks).flatMap { _ in all[(row * n * block.bytes)..<((row * n + 1) * block.bytes)] }
    }
    for m in [1, 4] {
      let product = StoredGemmCase(variant, format, bytes: bytes, m: m, n: n, k: blocks * block.weights)
      let c = Operand(rows: m, width: n)
      product.multiply(c)
      #expect(Mismatch.firstInBits(c.values, product.packedProduct()) == nil)
    }
  }

  /// Stored row j gives column order[j].
  @Test(arguments: CKVariant.runnable, [CKFormat.F32, .Q4_1, .Q6_K])
  func rowsStoredInAnotherOrder(_ variant: CKVariant, format: CKFormat) {
    let (n, k) = (5 * variant.lanes + 3, 768)
    for m in [1, 6] {
      let product = StoredGemmCase(variant, format, m: m, n: n, k: k)
      let (straight, reversed) = (Operand(rows: m, width: n), Operand(rows: m, width: n))
      product.multiply(straight)
      product.multiply(reversed, order: (0..<n).map { UInt32(n - 1 - $0) })
      let expected = (0..<m).flatMap { row in straight.values[(row * n)..<((row + 1) * n)].reversed() }
      #expect(Mismatch.firstInBits(reversed.values, expected) == nil)
      #expect(reversed.isIntact)
    }
  }

  /// A caller may give rows of A and of W to different threads: the bits must not change.
  @Test(arguments: CKVariant.runnable, [CKFormat.F16, .Q8_0, .Q4_K])
  func splits(_ variant: CKVariant, format: CKFormat) {
    let (m, n, k) = (11, 9 * variant.lanes + 1, 768)
    let product = StoredGemmCase(variant, format, m: m, n: n, k: k)
    let whole = Operand(rows: m, width: n)
    product.multiply(whole)
    for (rowsAtOnce, columnsAtOnce) in [(1, n), (m, 1), (2, 5), (4, 4 * variant.lanes)] {
      let split = Operand(rows: m, width: n)
      for i in stride(from: 0, to: m, by: rowsAtOnce) {
        for j in stride(from: 0, to: n, by: columnsAtOnce) {
          product.multiply(
            split, rows: i..<min(m, i + rowsAtOnce), storedRows: j..<min(n, j + columnsAtOnce))
        }
      }
      #expect(Mismatch.firstInBits(split.values, whole.values) == nil, "\(rowsAtOnce) rows, \(columnsAtOnce) columns")
      #expect(split.isIntact)
    }
  }

  @Test(arguments: CKVariant.runnable)
  func zeroReductionStoresZerosAndAddsNothing(_ variant: CKVariant) {
    let product = StoredGemmCase(variant, .F32, m: 2, n: 3, k: 0)
    let (stored, added) = (Operand(rows: 2, width: 3), Operand(rows: 2, width: 3, fill: 5))
    product.multiply(stored)
    product.multiply(added, .add)
    #expect(stored.values.allSatisfy { $0 == 0 } && added.values.allSatisfy { $0 == 5 })
  }
}
