import Foundation

extension GGUFFile {
  /// Writes a GGUF file, version 3, in place of any older one at `url` and atomically (see ``AtomicFile``).
  ///
  /// Metadata and tensors keep their order. Tensor data starts at multiples of `general.alignment` where `metadata` has
  /// that key, of 32 bytes otherwise.
  /// - Complexity: O(size of the file); holds the header and one piece of a tensor at a time.
  package static func write(tensors: [TensorData], metadata: GGUFMetadata, to url: URL) throws {
    let alignment = try GGUFHeader.alignment(of: metadata)
    try check(tensors, metadata: metadata, file: url.path)
    let header = encodeHeader(tensors: tensors, metadata: metadata, alignment: alignment)
    try AtomicFile.write(to: url) { output in
      try output.write(header)
      for tensor in tensors {
        try tensor.write { try output.write($0) }
        let end = tensor.byteCount
        try output.write([UInt8](repeating: 0, count: GGUFHeader.aligned(end, to: alignment) - end))
      }
    }
  }

  private static func check(_ tensors: [TensorData], metadata: GGUFMetadata, file: String) throws {
    for key in metadata.keys where key.utf8.count > GGUFHeader.nameLimit {
      throw FormatError(
        .limit, file: file, at: .key(key), expected: "at most \(GGUFHeader.nameLimit) bytes", found: "\(key.utf8.count)"
      )
    }
    var names: Set<String> = []
    for tensor in tensors {
      func refuse(_ reason: FormatError.Reason, expected: String, found: String) -> FormatError {
        FormatError(reason, file: file, at: .tensor(tensor.name), expected: expected, found: found)
      }
      guard names.insert(tensor.name).inserted else {
        throw refuse(.duplicate, expected: "every tensor once", found: "it again")
      }
      guard tensor.name.utf8.count <= GGUFHeader.nameLimit else {
        throw refuse(
          .limit, expected: "a name of at most \(GGUFHeader.nameLimit) bytes", found: "\(tensor.name.utf8.count)")
      }
      guard tensor.shape.count <= GGUFHeader.dimensionLimit else {
        throw refuse(
          .limit, expected: "at most \(GGUFHeader.dimensionLimit) dimensions", found: "\(tensor.shape.count)")
      }
      guard tensor.shape.allSatisfy({ $0 > 0 }) else {
        throw refuse(.badValue, expected: "dimensions of at least 1", found: "\(tensor.shape)")
      }
    }
  }

  /// Everything that comes before the tensor data, including the padding.
  package static func encodeHeader(tensors: [TensorData], metadata: GGUFMetadata, alignment: Int) -> Data {
    var encoder = GGUFEncoder()
    encoder.data.append(contentsOf: GGUFHeader.magic)
    encoder.append(UInt32(3))
    encoder.append(UInt64(tensors.count))
    encoder.append(UInt64(metadata.count))
    for key in metadata.keys {
      guard let value = metadata[key] else { continue }
      encoder.append(key)
      encoder.append(value)
    }
    var offset = 0
    for tensor in tensors {
      encoder.append(tensor.name)
      encoder.append(UInt32(tensor.shape.count))
      for dimension in tensor.shape.reversed() { encoder.append(UInt64(dimension)) }
      encoder.append(tensor.format.ggmlType)
      encoder.append(UInt64(offset))
      offset = GGUFHeader.aligned(offset + tensor.byteCount, to: alignment)
    }
    let size = encoder.data.count
    encoder.data.append(contentsOf: repeatElement(0, count: GGUFHeader.aligned(size, to: alignment) - size))
    return encoder.data
  }
}

/// The bytes of GGUF's numbers, texts and values.
private struct GGUFEncoder {
  var data = Data()

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }

  mutating func append(_ text: String) {
    append(UInt64(text.utf8.count))
    data.append(contentsOf: text.utf8)
  }

  mutating func append(_ value: GGUFValue) {
    append(value.type.rawValue)
    switch value {
    case .single(let value): append(elements: value)
    case .array(let values): append(values)
    }
  }

  private mutating func append(_ array: GGUFArray) {
    append(array.elementType.rawValue)
    append(UInt64(array.count))
    append(elements: array)
  }

  private mutating func append(elements array: GGUFArray) {
    data.append(contentsOf: array.bytes)
    for text in array.strings ?? [] { append(text) }
    for inner in array.arrays { append(inner) }
  }
}
