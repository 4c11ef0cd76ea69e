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
