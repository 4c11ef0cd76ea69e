import Foundation

/// A model file in the GGUF format, versions 2 and 3, little-endian: metadata and weights, mapped rather than read.
///
///     let file = try GGUFFile(contentsOf: url)
///     let layers = try file.metadata.integer("llama.block_count")
///     let query = try file.tensor(named: "blk.0.attn_q.weight")    // shape [576, 576], format .q4_1
///     let bytes = file.bytes(of: query)                            // no copy; valid while `file` lives
///
/// Opening reads the header only: milliseconds for a vocabulary of 50,000 tokens, whatever the size of the weights.
/// The file may come from anywhere: everything in it is checked, and what is wrong is a ``FormatError`` naming the key or
/// the tensor. That includes tensors stored in a format this project cannot compute with: such a file is refused when it
/// is opened, by the name of its first such tensor, instead of failing half-way through loading a model.
///
/// It does not read big-endian files, version 1, or models split into several files.
package struct GGUFFile: Sendable {
  /// The mapping that holds all bytes. Keep it (or this value) for as long as pointers from ``bytes(of:)`` are used.
  package let mapping: MappedFile
  /// The format's version, 2 or 3.
  package let version: Int
  /// The key-value pairs.
  package let metadata: GGUFMetadata
  /// Tensor data starts at multiples of this many bytes.
  package let alignment: Int
  /// All tensors, in the order of their entries in the file.
  package let tensors: [GGUFTensor]
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
    let header = try GGUFHeader(mapping.bytes, file: mapping.path)
    self.mapping = mapping
    version = Int(header.version)
    metadata = header.metadata
    alignment = header.alignment
    tensors = header.tensors
    indices = Dictionary(uniqueKeysWithValues: zip(header.tensors.map(\.name), header.tensors.indices))
  }

  /// The tensor called `name`.
  ///
  /// - Throws: ``FormatError`` (`missing`) where the file has none of that name.
  package func tensor(named name: String) throws -> GGUFTensor {
    guard let tensor = tensorIfPresent(named: name) else {
      throw FormatError(
        .missing, file: mapping.path, at: .tensor(name), expected: "a tensor of this name",
        found: "\(tensors.count) others"
      )
    }
    return tensor
  }

  /// The tensor called `name`, or nil where the file has none of that name.
  package func tensorIfPresent(named name: String) -> GGUFTensor? {
    indices[name].map { tensors[$0] }
  }

  /// The bytes of a tensor *of this file*, row after row, without copying them; valid as long as ``mapping`` lives.
  ///
  /// They start at a multiple of ``alignment`` and may end at the last byte of the file.
  ///
  /// - Precondition: The tensor's bytes lie inside this file.
  package func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
    require(
      tensor.byteRange.upperBound <= mapping.size,
      "bytes \(tensor.byteRange) of tensor '\(tensor.name)' are not in \(mapping.path) (\(mapping.size) bytes)"
    )
    return UnsafeRawBufferPointer(rebasing: mapping.bytes[tensor.byteRange])
  }

  /// The elements of the tensor called `name` as `Float`, row after row; for norms, biases and other small tensors.
  ///
  /// - Throws: ``FormatError``: `missing` where there is no such tensor, `unsupportedType` where it is quantised.
  /// - Complexity: O(elements); copies them.
  package func floats(named name: String) throws -> [Float] {
    let tensor = try tensor(named: name)
    guard let floats = decodeFloats(bytes(of: tensor), as: tensor.format) else {
      throw FormatError(
        .unsupportedType, file: mapping.path, at: .tensor(name), expected: "F32, F16 or BF16",
        found: tensor.format.description
      )
    }
    return floats
  }
}

/// Where one tensor of a GGUF file is, and how it is stored.
package struct GGUFTensor: Sendable, Hashable {
  /// The tensor's name: `blk.0.attn_q.weight`.
  package let name: String
  /// The dimensions as in the file, the *fastest* first; at most four, none of them zero. Empty for a scalar.
  package let dimensions: [Int]
  /// How the elements are stored.
  package let format: WeightFormat
  /// The number of elements.
  package let elementCount: Int
  /// The tensor's bytes, counted from the start of the file.
  package let byteRange: Range<Int>

  /// The dimensions in row-major order, the fastest *last*: a weight that maps `in` features to `out` features has the
  /// shape `[out, in]`.
  package var shape: [Int] { dimensions.reversed() }

  /// The length of a row, which is contiguous and a whole number of blocks.
  package var columns: Int { dimensions.first ?? 1 }

  /// The number of rows, all leading dimensions taken together.
  package var rows: Int { elementCount / columns }

  /// The offset of the tensor's first byte in the file.
  package var byteOffset: Int { byteRange.lowerBound }

  /// The bytes of one row; row `r` starts at `r * bytesPerRow` within the tensor.
  package var bytesPerRow: Int { byteRange.count / rows }
}
