/// A safetensors file: tensors of plain numbers by name, mapped rather than read.
///
///     let file = try SafetensorsFile(contentsOf: url)
///     let tensor = try file.tensor(named: "model.norm.weight")    // shape [576], element type .bfloat16
///     let norm = try file.floats(named: "model.norm.weight")      // converted to Float, copied
///
/// The file may come from anywhere: everything in it is checked, and what is wrong is a ``FormatError``. Tensors of any
/// element type may be *in* the file; asking for the numbers of one that is not F32, F16 or BF16 is an error.
package struct SafetensorsFile: TensorFile {
  package let mapping: MappedFile
  /// The file's own key-value pairs.
  package let metadata: [String: String]
  /// All tensors, in the order of their data.
  package let tensors: [SafetensorsTensor]
  package let positions: [String: Int]

  package init(_ mapping: MappedFile) throws {
    let header = try SafetensorsHeader(mapping.bytes, file: mapping.path)
    self.mapping = mapping
    metadata = header.metadata
    tensors = header.tensors
    positions = Self.positions(of: tensors)
  }
}
