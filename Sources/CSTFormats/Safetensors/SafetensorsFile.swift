import Foundation

/// A safetensors file: tensors of plain numbers by name, mapped rather than read.
///
///     let file = try SafetensorsFile(contentsOf: url)
///     let tensor = try file.tensor(named: "model.norm.weight")    // shape [576], element type .bfloat16
///     let norm = try file.floats(named: "model.norm.weight")      // converted to Float, copied
///
/// The file may come from anywhere: everything in it is checked, and what is wrong is a ``FormatError``. Tensors of any
/// element type may be *in* the file; asking for the numbers of one that is not F32, F16 or BF16 is an error.
package struct SafetensorsFile: Sendable {
  /// The mapping that holds all bytes. Keep it (or this value) for as long as pointers from ``bytes(of:)`` are used.
  package let mapping: MappedFile
  /// The file's own key-value pairs.
  package let metadata: [String: String]
  /// All tensors, in the order of their data.
  package let tensors: [SafetensorsTensor]
  private let indices: [String: Int]

  /// Maps the file at `url` and reads its header.
  ///
  /// - Throws: ``FormatError``.
  package init(contentsOf url: URL) throws {
    try self.init(MappedFile(contentsOf: url))
  }

  /// Reads the header of a file that is already mapped.
  ///
  /// - Throws: ``FormatError``.
  package init(_ mapping: MappedFile) throws {
    let header = try SafetensorsHeader(mapping.bytes, file: mapping.path)
    self.mapping = mapping
    metadata = header.metadata
    tensors = header.tensors
    indices = Dictionary(uniqueKeysWithValues: zip(header.tensors.map(\.name), header.tensors.indices))
  }

  /// The tensor called `name`.
  ///
  /// - Throws: ``FormatError`` (`missing`) where the file has none of that name.
  package func tensor(named name: String) throws -> SafetensorsTensor {
    guard let tensor = tensorIfPresent(named: name) else {
      throw FormatError(
        .missing, file: mapping.path, at: .tensor(name), expected: "a tensor of this name",
        found: "\(tensors.count) others"
      )
    }
    return tensor
  }

  /// The tensor called `name`, or nil where the file has none of that name.
  package func tensorIfPresent(named name: String) -> SafetensorsTensor? {
    indices[name].map { tensors[$0] }
  }

  /// The bytes of a tensor *of this file*, row after row, without copying them; valid as long as ``mapping`` lives.
  ///
  /// They need not be aligned, and may end at the last byte of the file.
  ///
  /// - Precondition: The tensor's bytes lie inside this file.
  package func bytes(of tensor: SafetensorsTensor) -> UnsafeRawBufferPointer {
    require(
      tensor.byteRange.upperBound <= mapping.size,
      "bytes \(tensor.byteRange) of tensor '\(tensor.name)' are not in \(mapping.path) (\(mapping.size) bytes)"
    )
    return UnsafeRawBufferPointer(rebasing: mapping.bytes[tensor.byteRange])
  }

  /// The elements of the tensor called `name` as `Float`, row after row. Exact: each of the formats fits in `Float`.
  ///
  /// - Throws: ``FormatError``: `missing` where there is no such tensor, `unsupportedType` where its element type is not
  ///   F32, F16 or BF16.
  /// - Complexity: O(elements); copies them.
  package func floats(named name: String) throws -> [Float] {
    let tensor = try tensor(named: name)
    guard let format = tensor.elementType.format, let floats = decodeFloats(bytes(of: tensor), as: format) else {
      throw FormatError(
        .unsupportedType, file: mapping.path, at: .tensor(name), expected: "F32, F16 or BF16",
        found: tensor.elementType.rawValue
      )
    }
    return floats
  }
}
