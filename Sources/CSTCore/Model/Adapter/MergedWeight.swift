import Foundation
import Synchronization

/// A base weight with an adapter's update added to it, W + s·B·A, its rows of the length that DoRA says, made row by row
/// while it is written.
///
/// A row is computed by one thread, in `Float`, summed over the rank in order and without fused operations: its bits do
/// not depend on how many threads there are. No more than a block of rows is in memory at a time.
struct MergedWeight: Sendable {
  let base: ModelWeight
  /// Factors of the update and its scale; `nil` where the adapter leaves the weight as it is.
  let update: (factors: LoRAFactors, scale: Float)?

  /// Numbers in a block of rows.
  private static let blockLength = 1 << 20

  /// The weight under a name and in a format.
  ///
  /// What is stored in that format already and not updated is copied as it is. Numbers that do not fit the format are an
  /// error when they are written.
  /// - Parameter rowOrder: How a file has the rows.
  func tensorData(named name: String, as format: WeightFormat, rowOrder: WeightMatrix.RowOrder = .asStored)
    -> TensorData
  {
    guard let encoder = WeightEncoder(format) else { mistake("\(format) cannot be written") }
    switch base.content {
    case .vector(let vector):
      return TensorData(name: name, shape: base.shape, format: format) { append in
        let bytes = try vector.withElements { values in
          let ordered = values.indices.map { values[rowOrder.row(storedAt: $0)] }
          guard let bytes = encoder.encode(ordered) else { throw Self.outOfRange(name, format) }
          return bytes
        }
        try bytes.withUnsafeBytes { try append($0) }
      }
    case .matrix(let matrix):
      return TensorData(name: name, shape: base.shape, format: format) { append in
        try write(matrix, named: name, with: encoder, rowOrder, append)
      }
    }
  }

  private func write(
    _ matrix: WeightMatrix, named name: String, with encoder: WeightEncoder, _ rowOrder: WeightMatrix.RowOrder,
    _ append: TensorData.Append
  ) throws {
    let columns = matrix.columns
    let isCopied = update == nil && matrix.format == encoder.format
    let bytesPerRow = columns / encoder.format.blockLength * encoder.format.bytesPerBlock
    let rowsPerBlock = max(1, Self.blockLength / max(1, columns))
    let file = matrix.owner as? MappedFile
    try file?.requireUnchanged()
    for start in stride(from: 0, to: matrix.rows, by: rowsPerBlock) {
      let count = min(rowsPerBlock, matrix.rows - start)
      let misfits = Atomic<Int>(0)
      try withScratch(UInt8.self, count: count * bytesPerRow) { bytes in
        ComputePool.shared.forEachRange(count: count) { range in
          withScratch(Float.self, count: 2 * columns) { values in
            for index in range {
              let row = rowOrder.row(storedAt: start + index)
              let out = UnsafeMutableRawPointer(bytes + index * bytesPerRow)
              if isCopied {
                UnsafeMutableRawBufferPointer(start: out, count: bytesPerRow)
                  .copyMemory(from: matrix.storedBytes(ofRow: row))
                continue
              }
              fill(row, of: matrix, values, scratch: values + columns)
              if !encoder.encode(values, count: columns, into: out) { misfits.add(1, ordering: .relaxed) }
            }
          }
        }
        guard misfits.load(ordering: .relaxed) == 0 else { throw Self.outOfRange(name, encoder.format) }
        try append(UnsafeRawBufferPointer(start: bytes, count: count * bytesPerRow))
      }
    }
    try file?.requireUnchanged()
  }

  /// Writes row `row` of W + s·B·A, scaled to its magnitude if it has one, to `values`.
  private func fill(
    _ row: Int, of matrix: WeightMatrix, _ values: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    matrix.dequantize(row..<row + 1, into: values)
    guard let update else { return }
    let (columns, rank) = (matrix.columns, update.factors.a.shape[0])
    scratch.update(repeating: 0, count: columns)
    for index in 0..<rank {
      let weight = update.factors.b.start[row * rank + index]
      let direction = update.factors.a.start + index * columns
      for column in 0..<columns { scratch[column] += weight * direction[column] }
    }
    for column in 0..<columns { values[column] += update.scale * scratch[column] }
    guard let magnitude = update.factors.magnitude else { return }
    let norm = Float(Kernels.current.dot(values, values, columns).squareRoot())
    let factor = magnitude.start[row] / norm
    for column in 0..<columns { values[column] *= factor }
  }

  private static func outOfRange(_ name: String, _ format: WeightFormat) -> FormatError {
    FormatError(
      .badValue, file: "the model", at: .tensor(name), expected: "finite numbers within the range of \(format)",
      found: "others", advice: "export to F32 or BF16, whose range is wider")
  }
}

extension LanguageModel {
  /// Every base weight with the adapter's update, if the model has one.
  var mergedWeights: [MergedWeight] {
    weights.map { weight in
      guard case .matrix(let layer, let projection) = weight.role else {
        return MergedWeight(base: weight, update: nil)
      }
      return MergedWeight(base: weight, update: adapter?.update(layer: layer, projection))
    }
  }
}
