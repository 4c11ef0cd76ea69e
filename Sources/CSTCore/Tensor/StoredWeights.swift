/// Rows of weights as a file or a tensor holds them, for products that unpack them where they are used.
struct StoredWeights {
  /// The first stored row.
  var start: UnsafeRawPointer
  let bytesPerRow: Int
  /// The column of the product that each stored row gives; in their order where `nil`.
  var order: UnsafePointer<UInt32>?
  var rows: Int
  let columns: Int
  let format: WeightFormat

  /// The stored rows of a range.
  fileprivate subscript(range: Range<Int>) -> StoredWeights {
    var part = self
    part.start += range.lowerBound * bytesPerRow
    part.order = order.map { $0 + range.lowerBound }
    part.rows = range.count
    return part
  }
}

/// Where a product finds frozen weights. Both give the same bits.
enum WeightAccess: Sendable {
  /// In panels that are packed at the first use and kept: the fastest for many rows again and again, as in training.
  case packed
  /// In the file's blocks, unpacked where they are used: nothing is kept, and one row costs little more than reading
  /// them. For generation.
  case stored
}

extension Gemm {
  /// Stored rows that a thread takes at least: a whole number of what the kernels unpack side by side.
  private static let storedRowsPerRange = 64

  /// C (=, +=) A·Wᵀ with W unpacked from its blocks, split by rows of W. The bits are those of the product with packed
  /// weights.
  static func multiply(
    _ c: MatrixDestination, _ a: MatrixSource, stored weights: StoredWeights, m: Int, _ precision: Precision,
    _ mode: StoreMode
  ) {
    switch precision {
    case .f32:
      splitStored(c, weights, m: m) { c, part in Kernels.current.gemmStored(c, a: a, part, m: m, mode) }
    case .bf16:
      withBF16(a, rows: m, columns: weights.columns) { converted in
        splitStored(c, weights, m: m) { c, part in
          Kernels.current.gemmStoredBF16(c, a: converted, aStride: weights.columns, part, m: m, mode)
        }
      }
    }
  }

  private static func splitStored(
    _ c: MatrixDestination, _ weights: StoredWeights, m: Int, _ body: (MatrixDestination, StoredWeights) -> Void
  ) {
    guard m > 0, weights.rows > 0 else { return }
    let rows = storedRowsPerRange
    let smallest = smallestStoredWork / max(1, m * weights.columns * rows)
    ComputePool.shared.forEachRange(count: (weights.rows + rows - 1) / rows, grain: max(1, smallest)) { range in
      let range = range.lowerBound * rows..<min(weights.rows, range.upperBound * rows)
      let start = weights.order == nil ? c.start + range.lowerBound : c.start
      body(MatrixDestination(start: start, stride: c.stride), weights[range])
    }
  }

  /// Below this many multiply-adds a thread a fork-join costs more than it saves.
  private static let smallestStoredWork = 1 << 16
}

extension WeightMatrix {
  /// y (=, +=) x·Wᵀ as ``multiply(_:_:m:_:_:)``, bit for bit, with nothing packed.
  func multiplyStored(_ y: MatrixDestination, _ x: MatrixSource, m: Int, _ precision: Precision, _ mode: StoreMode) {
    guard let start = bytes.baseAddress else { return }
    storedOrder.withUnsafeBufferPointer { order in
      let weights = StoredWeights(
        start: start, bytesPerRow: bytesPerRow, order: order.isEmpty ? nil : order.baseAddress, rows: rows,
        columns: columns, format: format)
      Gemm.multiply(y, x, stored: weights, m: m, precision, mode)
    }
  }
}
