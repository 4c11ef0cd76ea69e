import Foundation

/// A file of named tensors, mapped rather than read.
package protocol TensorFile: Sendable {
  associatedtype Tensor: StoredTensor
  /// The mapping that holds all bytes. Keep it (or the file) for as long as pointers from ``bytes(of:)`` are used.
  var mapping: MappedFile { get }
  var tensors: [Tensor] { get }
  /// Positions in ``tensors`` by name.
  var positions: [String: Int] { get }
  /// The mapping that holds a tensor's bytes: ``mapping``, but in a file that goes on in others.
  func mapping(of tensor: Tensor) -> MappedFile

  init(_ mapping: MappedFile) throws
}

/// Where a tensor of a file is, and how it is stored.
package protocol StoredTensor: Sendable, Hashable {
  var name: String { get }
  /// The dimensions in row-major order, the fastest last; empty for a scalar.
  var shape: [Int] { get }
  /// The tensor's bytes, counted from the start of the file.
  var byteRange: Range<Int> { get }
  /// How the elements are stored, where this project computes with it.
  var weightFormat: WeightFormat? { get }
  /// What the file calls that.
  var typeName: String { get }
}

extension TensorFile {
  package init(contentsOf url: URL) throws { try self.init(MappedFile(contentsOf: url)) }

  static func positions(of tensors: [Tensor]) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: zip(tensors.map(\.name), tensors.indices))
  }

  package func tensor(named name: String) throws -> Tensor {
    guard let tensor = tensorIfPresent(named: name) else {
      throw FormatError(
        .missing, file: mapping.path, at: .tensor(name), expected: "a tensor of this name",
        found: "\(tensors.count) others")
    }
    return tensor
  }

  package func mapping(of tensor: Tensor) -> MappedFile { mapping }

  package func tensorIfPresent(named name: String) -> Tensor? { positions[name].map { tensors[$0] } }

  /// The bytes of a tensor *of this file*, row after row, without copying them; valid as long as ``mapping`` lives. They
  /// may end at the last byte of the file; only GGUF aligns their start.
  package func bytes(of tensor: Tensor) -> UnsafeRawBufferPointer {
    let mapping = mapping(of: tensor)
    require(
      tensor.byteRange.upperBound <= mapping.size,
      "bytes \(tensor.byteRange) of tensor '\(tensor.name)' are not in \(mapping.path) (\(mapping.size) bytes)")
    return UnsafeRawBufferPointer(rebasing: mapping.bytes[tensor.byteRange])
  }

  /// The elements of a tensor as `Float`, row after row, copied; exact. For norms, biases and other small tensors.
  package func floats(named name: String) throws -> [Float] {
    let tensor = try tensor(named: name)
    guard let format = tensor.weightFormat, let floats = decodeFloats(bytes(of: tensor), as: format) else {
      throw FormatError(
        .unsupportedType, file: mapping.path, at: .tensor(name), expected: "F32, F16 or BF16", found: tensor.typeName)
    }
    return floats
  }
}
