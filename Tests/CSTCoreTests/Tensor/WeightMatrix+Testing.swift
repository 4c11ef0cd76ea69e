import TestSupport

@testable import CSTCore

/// Bytes that a weight matrix can look at.
///
/// `@unchecked Sendable`: written in the initialiser only.
final class WeightBytes: @unchecked Sendable {
  let buffer: UnsafeMutableRawBufferPointer

  init(_ bytes: [UInt8]) {
    buffer = .allocate(byteCount: bytes.count, alignment: 32)
    buffer.copyBytes(from: bytes)
  }

  deinit { buffer.deallocate() }
}

extension WeightMatrix {
  /// Random weights in this format.
  static func random(
    _ rows: Int, _ columns: Int, _ format: WeightFormat = .f32, seed: UInt64 = 1, rowOrder: RowOrder = .asStored,
    panels: WeightPanels = .kept, streamedBytes: Int = WeightMatrix.streamedBytes
  ) -> WeightMatrix {
    let weights = EncodedWeights(format, count: rows * columns, seed: seed)
    let bytes = WeightBytes(weights.bytes)
    return WeightMatrix(
      rows: rows, columns: columns, format: format, bytes: UnsafeRawBufferPointer(bytes.buffer), owner: bytes,
      rowOrder: rowOrder, panels: panels,
      streamedBytes: streamedBytes)
  }

  /// These weights, row by row, in Float32.
  convenience init(_ values: [Float], rows: Int, columns: Int) {
    let bytes = WeightBytes(values.flatMap { withUnsafeBytes(of: $0) { Array($0) } })
    self.init(
      rows: rows, columns: columns, format: .f32, bytes: UnsafeRawBufferPointer(bytes.buffer), owner: bytes)
  }
}
