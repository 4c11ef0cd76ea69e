import Foundation

/// A named tensor's content, ready to be written to a file: bytes that are there, or that are made while they are written.
///
///     TensorData(name: "norm", shape: [3], floats: [1, 2, 3])
///     TensorData(name: "embedding", shape: [vocabulary, width], format: .f16) { append in
///       for block in blocks { try append(bytes(of: block)) }
///     }
///
/// Content that is made is made when its turn comes and once for every file it is written to, so that a file may be
/// larger than the memory.
package struct TensorData: Sendable {
  /// Takes the next bytes of a tensor.
  package typealias Append = (UnsafeRawBufferPointer) throws -> Void

  package let name: String
  /// The dimensions in row-major order, the fastest last; empty for a scalar.
  package let shape: [Int]
  package let format: WeightFormat
  package let byteCount: Int
  private let produce: @Sendable (Append) throws -> Void

  /// Takes elements that `produce` hands over in order, in pieces of any size, row after row, little-endian, stored as
  /// `format`.
  ///
  /// Writing traps where that is more or less than `shape` and `format` need.
  /// - Precondition: The rows are whole blocks.
  package init(
    name: String, shape: [Int], format: WeightFormat, producedBy produce: @escaping @Sendable (Append) throws -> Void
  ) {
    require(shape.allSatisfy { $0 >= 0 }, "tensor '\(name)': shape \(shape) has a negative dimension")
    require(
      (shape.last ?? 1).isMultiple(of: format.blockLength),
      "tensor '\(name)': rows of shape \(shape) are no whole blocks of \(format)")
    guard let byteCount = format.byteCount(for: shape.reduce(1, *)) else {
      mistake("tensor '\(name)': the size of shape \(shape) of \(format) does not fit")
    }
    self.name = name
    self.shape = shape
    self.format = format
    self.byteCount = byteCount
    self.produce = produce
  }

  /// Takes elements that are already stored as `format`.
  /// - Precondition: `bytes` has exactly the size that `shape` and `format` need, and the rows are whole blocks.
  package init(name: String, shape: [Int], format: WeightFormat, bytes: Data) {
    self.init(name: name, shape: shape, format: format) { append in try bytes.withUnsafeBytes { try append($0) } }
    require(byteCount == bytes.count, "tensor '\(name)': \(bytes.count) bytes for shape \(shape) of \(format)")
  }

  /// Takes numbers to be stored as ``WeightFormat/f32``.
  /// - Precondition: There are as many `floats` as `shape` has elements.
  package init(name: String, shape: [Int], floats: [Float]) {
    var bytes = Data(capacity: floats.count * 4)
    #if _endian(little)
      floats.withUnsafeBytes { bytes.append(contentsOf: $0) }
    #else
      for value in floats { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    #endif
    self.init(name: name, shape: shape, format: .f32, bytes: bytes)
  }

  /// Hands the content over to `append`, piece by piece.
  package func write(_ append: Append) throws {
    var written = 0
    try produce { bytes in
      written += bytes.count
      require(written <= byteCount, "tensor '\(name)': more than the \(byteCount) bytes of \(shape) \(format)")
      try append(bytes)
    }
    require(written == byteCount, "tensor '\(name)': \(written) bytes, not the \(byteCount) of \(shape) \(format)")
  }
}
