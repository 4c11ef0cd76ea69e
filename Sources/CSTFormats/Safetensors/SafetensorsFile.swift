import Foundation

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

extension SafetensorsFile {
  /// Writes a safetensors file in place of any older one at `url`, atomically (see ``AtomicFile``).
  ///
  /// The same content gives the same bytes: wider element types come first, then tensors are ordered by name, and
  /// metadata by key, as the reference implementation does. The data starts at a multiple of eight bytes.
  /// - Complexity: O(size of the file); holds the header and one piece of a tensor at a time.
  package static func write(tensors: [TensorData], metadata: [String: String] = [:], to url: URL) throws {
    let ordered = tensors.sorted { ($1.format.bytesPerBlock, $0.name) < ($0.format.bytesPerBlock, $1.name) }
    let header = try encodeHeader(ordered, metadata: metadata, file: url.path)
    try AtomicFile.write(to: url) { output in
      try output.write(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) })
      try output.write(header)
      for tensor in ordered { try tensor.write { try output.write($0) } }
    }
  }

  private static func encodeHeader(_ tensors: [TensorData], metadata: [String: String], file: String) throws -> Data {
    var members = JSONMembers()
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
      members.append((SafetensorsHeader.metadataKey, .object(JSONMembers(texts))))
    }
    var names: Set<String> = [SafetensorsHeader.metadataKey]
    var offset = 0
    for tensor in tensors {
      func refuse(_ reason: FormatError.Reason, expected: String, found: String) -> FormatError {
        FormatError(reason, file: file, at: .tensor(tensor.name), expected: expected, found: found)
      }
      guard let type = SafetensorsTensor.ElementType(tensor.format) else {
        throw refuse(.unsupportedType, expected: "F32, F16 or BF16", found: tensor.format.description)
      }
      guard tensor.name != SafetensorsHeader.metadataKey else {
        throw refuse(.badValue, expected: "another name: this one is reserved", found: tensor.name)
      }
      guard names.insert(tensor.name).inserted else {
        throw refuse(.duplicate, expected: "every tensor once", found: "it again")
      }
      let end = offset + tensor.byteCount
      let entry: JSONValue = [
        "dtype": .string(type.rawValue), "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(offset), .integer(end)],
      ]
      members.append((tensor.name, entry))
      offset = end
    }
    var header = Data(JSONValue.object(members).compactText.utf8)
    let padding = (8 - header.count % 8) % 8
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padding))
    guard header.count <= SafetensorsHeader.lengthLimit else {
      throw FormatError(
        .limit, file: file, expected: "a header of at most \(SafetensorsHeader.lengthLimit) bytes",
        found: "\(header.count)")
    }
    return header
  }
}
