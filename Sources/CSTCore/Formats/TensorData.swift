import Foundation

/// A named tensor's content, ready to be written to a file.
public struct TensorData: Sendable, Hashable {
  /// The tensor's name.
  public let name: String
  /// The dimensions in row-major order, the fastest last; empty for a scalar.
  public let shape: [Int]
  /// How the elements are stored in ``bytes``.
  public let format: WeightFormat
  /// The elements, row after row, little-endian.
  public let bytes: Data

  /// Takes elements that are already stored as `format`.
  ///
  /// - Precondition: `bytes` has exactly the size that `shape` and `format` need, and the rows are whole blocks.
  public init(name: String, shape: [Int], format: WeightFormat, bytes: Data) {
    let count = shape.reduce(1, *)
    require(shape.allSatisfy { $0 >= 0 }, "tensor '\(name)': shape \(shape) has a negative dimension")
    require(
      (shape.last ?? 1).isMultiple(of: format.blockLength),
      "tensor '\(name)': rows of shape \(shape) are no whole blocks of \(format)"
    )
    require(
      format.byteCount(for: count) == bytes.count,
      "tensor '\(name)': \(bytes.count) bytes for shape \(shape) of \(format)"
    )
    self.name = name
    self.shape = shape
    self.format = format
    self.bytes = bytes
  }

  /// Takes numbers to be stored as ``WeightFormat/f32``.
  ///
  /// - Precondition: There are as many `floats` as `shape` has elements.
  public init(name: String, shape: [Int], floats: [Float]) {
    var bytes = Data(capacity: floats.count * 4)
    #if _endian(little)
      floats.withUnsafeBytes { bytes.append(contentsOf: $0) }
    #else
      for value in floats { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    #endif
    self.init(name: name, shape: shape, format: .f32, bytes: bytes)
  }
}
