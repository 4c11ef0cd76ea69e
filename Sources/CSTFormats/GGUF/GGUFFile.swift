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
/// A model split into several files is read from its first part, which has the metadata. Big-endian files and version 1
/// are not read.
package struct GGUFFile: TensorFile {
  package let mapping: MappedFile
  /// The format's version, 2 or 3.
  package let version: Int
  package let metadata: GGUFMetadata
  /// Tensor data starts at multiples of this many bytes.
  package let alignment: Int
  /// All tensors, in the order of their entries in the file.
  package let tensors: [GGUFTensor]
  package let positions: [String: Int]
  /// All parts of a split model, the first of them ``mapping``.
  package let parts: [MappedFile]

  package init(_ mapping: MappedFile) throws {
    let header = try GGUFHeader(mapping.bytes, file: mapping.path)
    self.mapping = mapping
    version = Int(header.version)
    metadata = header.metadata
    alignment = header.alignment
    let others = try GGUFSplit.others(of: header, mapping)
    parts = [mapping] + others.map(\.file)
    var tensors = header.tensors
    var names = Set(tensors.map(\.name))
    for (number, other) in others.enumerated() {
      for var tensor in other.header.tensors {
        guard names.insert(tensor.name).inserted else {
          throw FormatError(
            .duplicate, file: other.file.path, at: .tensor(tensor.name), expected: "every tensor in one part",
            found: "it again")
        }
        tensor.part = number + 1
        tensors.append(tensor)
      }
    }
    self.tensors = tensors
    positions = Self.positions(of: tensors)
  }

  package func mapping(of tensor: GGUFTensor) -> MappedFile { parts[tensor.part] }
}

/// Where one tensor of a GGUF file is, and how it is stored.
package struct GGUFTensor: StoredTensor {
  package let name: String
  /// The dimensions as in the file, the *fastest* first; at most four, none of them zero. Empty for a scalar.
  package let dimensions: [Int]
  package let format: WeightFormat
  package let elementCount: Int
  package let byteRange: Range<Int>
  /// The part of a split model that it is in, counted from 0.
  var part = 0

  package var weightFormat: WeightFormat? { format }
  package var typeName: String { format.description }

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
