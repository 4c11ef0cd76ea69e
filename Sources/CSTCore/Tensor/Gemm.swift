/// Matrix products over the whole pool: packs the right-hand side, splits the work, calls the kernels.
///
/// Work is split along the longer side of the result, into rows or into whole column panels: every part copies its rows
/// of the left-hand side and reads its panels of the right-hand side, and so the smaller of the two is what parts have in
/// common. Neither changes a bit of the result.
enum Gemm {
  /// The left-hand side: element (i, p) is `start[i * rowStride + p * columnStride]`, so a transpose needs no copy.
  struct Left {
    let start: FloatSource
    let rowStride: Int
    let columnStride: Int

    static func rows(_ matrix: MatrixSource) -> Left {
      Left(start: matrix.start, rowStride: matrix.stride, columnStride: 1)
    }

    static func transpose(of matrix: MatrixSource) -> Left {
      Left(start: matrix.start, rowStride: 1, columnStride: matrix.stride)
    }
  }

  /// The right-hand side before packing, with `k` the length of the sums and `n` the columns of the result.
  enum Right {
    /// Row-major `[k, n]`.
    case rows(MatrixSource)
    /// The transpose of a row-major `[n, k]` matrix.
    case transpose(of: MatrixSource)
  }

  struct Size {
    let m: Int
    let n: Int
    let k: Int

    var floatingPointOperations: Double { 2 * Double(m) * Double(n) * Double(k) }
  }

  /// Below this many multiply-adds a fork-join costs more than it saves.
  private static let smallestParallelWork = 1 << 17

  /// C (=, +=) A·B in Float32.
  static func multiply(_ c: MatrixDestination, _ a: Left, _ b: Right, _ size: Size, _ mode: StoreMode) {
    WorkRecorder.measure(.gemm) {
      withPackedPanels(b, size) { multiply(c, a, packed: $0, size, mode) }
    }
  }

  /// Calls `body` with B in panels.
  private static func withPackedPanels(_ b: Right, _ size: Size, _ body: (FloatSource) -> Void) {
    let width = Kernels.current.panelWidthF32
    let panels = (size.n + width - 1) / width
    withScratch(Float.self, count: max(1, panels * width * size.k)) { packed in
      let grain = max(1, (1 << 14) / max(1, width * size.k))
      ComputePool.shared.forEachRange(count: panels, grain: grain) { range in
        let first = range.lowerBound * width
        let columns = min(size.n, range.upperBound * width) - first
        let destination = packed + first * size.k
        switch b {
        case .rows(let b):
          Kernels.current.pack(destination, b.start + first, stride: b.stride, k: size.k, n: columns)
        case .transpose(of: let b):
          Kernels.current.packTransposed(
            destination, b.start + first * b.stride, stride: b.stride, n: columns, k: size.k)
        }
      }
      body(packed)
    }
  }

  static func multiply(_ c: MatrixDestination, _ a: Left, packed: FloatSource, _ size: Size, _ mode: StoreMode) {
    WorkRecorder.measure(.gemm, floatingPointOperations: size.floatingPointOperations) {
      split(size, panelWidth: Kernels.current.panelWidthF32) { rows, columns in
        Kernels.current.gemm(
          c.start + rows.lowerBound * c.stride + columns.lowerBound, stride: c.stride,
          a: a.start + rows.lowerBound * a.rowStride, rowStride: a.rowStride, columnStride: a.columnStride,
          packedB: packed + columns.lowerBound * size.k, m: rows.count, n: columns.count, k: size.k, mode)
      }
    }
  }

  /// C (=, +=) A·B with both rounded to bf16 and Float32 sums, B already packed.
  static func multiplyBF16(
    _ c: MatrixDestination, _ a: MatrixSource, packed: UnsafePointer<UInt16>, _ size: Size, _ mode: StoreMode
  ) {
    WorkRecorder.measure(.gemm, floatingPointOperations: size.floatingPointOperations) {
      multiplyConverted(c, a, packed: packed, size, mode)
    }
  }

  private static func multiplyConverted(
    _ c: MatrixDestination, _ a: MatrixSource, packed: UnsafePointer<UInt16>, _ size: Size, _ mode: StoreMode
  ) {
    let pairedK = (size.k + 1) / 2 * 2
    withBF16(a, rows: size.m, columns: size.k) { converted in
      split(size, panelWidth: Kernels.current.panelWidthBF16) { rows, columns in
        Kernels.current.gemmBF16(
          c.start + rows.lowerBound * c.stride + columns.lowerBound, stride: c.stride,
          a: converted + rows.lowerBound * size.k, aStride: size.k,
          packedB: packed + columns.lowerBound * pairedK, m: rows.count, n: columns.count, k: size.k, mode)
      }
    }
  }

  static func multiply(
    _ c: MatrixDestination, _ a: MatrixSource, packed: UnsafeMutableRawPointer, _ size: Size, _ precision: Precision,
    _ mode: StoreMode
  ) {
    let packed = UnsafeRawPointer(packed)
    switch precision {
    case .f32: multiply(c, .rows(a), packed: packed.assumingMemoryBound(to: Float.self), size, mode)
    case .bf16: multiplyBF16(c, a, packed: packed.assumingMemoryBound(to: UInt16.self), size, mode)
    }
  }

  /// A matrix rounded to bf16, `[rows, columns]` without gaps, for the duration of `body`.
  static func withBF16(_ a: MatrixSource, rows: Int, columns: Int, _ body: (UnsafePointer<UInt16>) -> Void) {
    withScratch(UInt16.self, count: max(1, rows * columns)) { converted in
      ComputePool.shared.forEachRange(count: rows, grain: max(1, (1 << 16) / max(1, columns))) { range in
        for row in range {
          Kernels.current.convertToBF16(converted + row * columns, a.start + row * a.stride, count: columns)
        }
      }
      body(converted)
    }
  }

  /// Calls `body` with blocks (rows, columns) that cover the result, columns in whole panels.
  private static func split(_ size: Size, panelWidth: Int, _ body: (Range<Int>, Range<Int>) -> Void) {
    guard size.m > 0, size.n > 0 else { return }
    let pool = ComputePool.shared
    if size.m * size.n * size.k < smallestParallelWork { return body(0..<size.m, 0..<size.n) }
    let panels = (size.n + panelWidth - 1) / panelWidth
    if size.n > size.m, panels >= 2 * pool.threadCount {
      pool.forEachRange(count: panels) { range in
        body(0..<size.m, range.lowerBound * panelWidth..<min(size.n, range.upperBound * panelWidth))
      }
    } else {
      pool.forEachRange(count: size.m) { body($0, 0..<size.n) }
    }
  }
}

/// What matrix products with frozen weights are computed in. Everything else is Float32 in both.
@nonexhaustive
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
  /// Float32 products and sums.
  case f32
  /// bf16 inputs, Float32 sums: about twice as fast where the CPU has bf16 products, emulated elsewhere.
  case bf16

  /// `bf16` where the CPU has it in hardware, else `f32`.
  public static var automatic: Precision { Kernels.current.hasFastBF16 ? .bf16 : .f32 }
}
