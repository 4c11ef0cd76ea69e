import CKernels
import TestSupport
import Testing

/// The layouts of packed B as the header writes them, element by element.
@Suite struct GemmPackTests {
  private static let reductions = [0, 1, 2, 3, 4, 5, 7, 8, 9, 33]

  /// B as a guarded [rows, columns] with NaN between the rows, element (r, c) = r + c/64 (exact, and distinct in bf16
  /// only where it needs no rounding; rounding has its own test).
  private func source(rows: Int, columns: Int, padding: Int) -> (buffer: GuardedBuffer<Float>, stride: Int) {
    let stride = columns + padding
    let count = rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns
    let buffer = GuardedBuffer(count: count, fill: Float.nan)
    for r in 0..<rows {
      for c in 0..<columns { buffer.elements[r * stride + c] = value(r, c) }
    }
    return (buffer, stride)
  }

  private func value(_ r: Int, _ c: Int) -> Float { Float(r + 1) + Float(c + 1) / 64 }

  @Test(arguments: CKVariant.runnable, [true, false])
  func float32(variant: CKVariant, transposed: Bool) {
    let kernels = variant.kernels
    let width = kernels.panel_width_f32
    for n in GemmSizes.columns(width: width) {
      for k in Self.reductions {
        let (b, stride) = source(rows: transposed ? n : k, columns: transposed ? k : n, padding: 3)
        let packed = GuardedBuffer(count: (n + width - 1) / width * width * k, fill: Float.nan)
        if transposed {
          kernels.pack_nt_f32(packed.pointer, b.pointer, stride, n, k)
        } else {
          kernels.pack_nn_f32(packed.pointer, b.pointer, stride, k, n)
        }
        let wrong = packed.elements.indices.first { index in
          let (panel, p, j) = (index / (width * k), index / width % k, index % width)
          let column = panel * width + j
          let expected = column >= n ? 0 : transposed ? value(column, p) : value(p, column)
          return packed.elements[index] != expected
        }
        #expect(wrong == nil, "n \(n), k \(k)")
        #expect(packed.isIntactInFront)
      }
    }
  }

  @Test(arguments: CKVariant.runnable, [true, false])
  func bfloat16Pairs(variant: CKVariant, transposed: Bool) {
    let kernels = variant.kernels
    let width = kernels.panel_width_bf16
    for n in GemmSizes.columns(width: width) {
      for k in Self.reductions {
        let (b, stride) = source(rows: transposed ? n : k, columns: transposed ? k : n, padding: 3)
        let evenK = k + k % 2
        let packed = GuardedBuffer(count: (n + width - 1) / width * width * evenK, fill: UInt16(0x7FC0))
        if transposed {
          kernels.pack_nt_f32_bf16(packed.pointer, b.pointer, stride, n, k)
        } else {
          kernels.pack_nn_f32_bf16(packed.pointer, b.pointer, stride, k, n)
        }
        let wrong = packed.elements.indices.first { index in
          let (panel, pair, inPair) = (index / (width * evenK), index / (2 * width) % (evenK / 2), index % (2 * width))
          let (column, p) = (panel * width + inPair / 2, 2 * pair + inPair % 2)
          let expected = column >= n || p >= k ? 0 : transposed ? value(column, p) : value(p, column)
          return packed.elements[index] != BFloat16Oracle.bits(expected)
        }
        #expect(wrong == nil, "n \(n), k \(k)")
        #expect(packed.isIntactInFront)
      }
    }
  }

  @Test(arguments: CKVariant.runnable)
  func roundingToBFloat16(variant: CKVariant) {
    // Every exponent and sign with the lower halves that decide a rounding, and NaNs that truncation would make infinite.
    let lowerHalves: [UInt32] = [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF]
    let upperHalves = (0..<UInt32(512)).flatMap { exponent in [0, 1, 0x7E, 0x7F].map { exponent << 7 | $0 } }
    let inputs = upperHalves.flatMap { upper in lowerHalves.map { Float(bitPattern: upper << 16 | $0) } }
    for count in [0, 1, 7, 15, 16, 17, 33, inputs.count] {
      let x = GuardedBuffer(count: count, fill: Float.nan)
      _ = x.elements.update(fromContentsOf: inputs.suffix(count))
      let out = GuardedBuffer(count: count, fill: UInt16.max)
      variant.kernels.convert_f32_bf16(out.pointer, x.pointer, count)
      #expect(Array(out.elements) == inputs.suffix(count).map(BFloat16Oracle.bits))
      #expect(out.isIntactInFront)
    }
    // The packing kernels round by the same rule: a matrix [1, k] in either orientation is one column or one row.
    let k = inputs.count
    let width = variant.kernels.panel_width_bf16
    let packed = GuardedBuffer(count: width * k, fill: UInt16.max)
    variant.kernels.pack_nt_f32_bf16(packed.pointer, inputs, k, 1, k)
    #expect((0..<k).map { packed.elements[$0 / 2 * 2 * width + $0 % 2] } == inputs.map(BFloat16Oracle.bits))
    let row = GuardedBuffer(count: (k + width - 1) / width * width * 2, fill: UInt16.max)
    variant.kernels.pack_nn_f32_bf16(row.pointer, inputs, k, 1, k)
    #expect((0..<k).map { row.elements[2 * $0] } == inputs.map(BFloat16Oracle.bits))
  }
}
