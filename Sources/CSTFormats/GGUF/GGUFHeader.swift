/// What a GGUF file says before its tensor data, read from bytes that nobody has vetted.
///
/// Versions 2 and 3, little-endian. Every length is checked against what remains, so a header can ask for no more memory
/// than a small multiple of its own size. Tensor ranges lie inside the file, are aligned and do not overlap.
package struct GGUFHeader {
  /// Longest key or tensor name in bytes; the format's limit for keys.
  package static let nameLimit = 65_535
  /// Most dimensions of a tensor; ggml's limit.
  package static let dimensionLimit = 4
  /// Deepest nesting of metadata arrays. Real files have none.
  package static let arrayDepthLimit = 4
  /// The alignment of tensor data where `general.alignment` does not say otherwise.
  package static let defaultAlignment = 32
  package static let alignmentKey = "general.alignment"
  package static let magic: [UInt8] = Array("GGUF".utf8)

  package let version: UInt32
  package let metadata: GGUFMetadata
  package let alignment: Int
  package let tensors: [GGUFTensor]

  /// Reads the header of a file whose content is `bytes`; errors call it `file`.
  package init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
    var reader = ByteReader(bytes, file: file)
    version = try Self.readVersion(&reader)
    let tensorCount = try reader.readCount(minimumSize: Self.minimumTensorSize, "the tensor count")
    let keyCount = try reader.readCount(minimumSize: Self.minimumPairSize, "the metadata count")
    var metadata = GGUFMetadata(file: file)
    for _ in 0..<keyCount {
      let start = reader.offset
      let key = try reader.readString(limit: Self.nameLimit, "a metadata key")
      guard metadata[key] == nil else {
        throw FormatError(
          .duplicate, file: file, at: .key(key), expected: "every key once", found: "it again at byte \(start)")
      }
      metadata[key] = try Self.readValue(&reader, key: key)
    }
    self.metadata = metadata
    alignment = try Self.alignment(of: metadata)
    tensors = try Self.readTensors(&reader, count: tensorCount, alignment: alignment)
  }

  /// Length of a name, number of dimensions, type, offset.
  private static let minimumTensorSize = 8 + 4 + 4 + 8
  /// Length of a key, type, smallest value.
  private static let minimumPairSize = 8 + 4 + 1

  private static func readVersion(_ reader: inout ByteReader) throws -> UInt32 {
    let magic = try reader.readBytes(4, "the file's mark")
    guard magic.elementsEqual(Self.magic) else {
      let look = FileLook(reader.bytes)
      throw FormatError(
        .badMagic, file: reader.file, at: .byte(0), expected: "a GGUF file, which begins with 'GGUF'",
        found: look?.name ?? "'\(String(decoding: magic, as: UTF8.self))'", advice: look?.advice ?? "")
    }
    let version = try reader.read(UInt32.self, "the version")
    guard version == 2 || version == 3 else {
      let bigEndian = version.byteSwapped == 2 || version.byteSwapped == 3
      throw FormatError(
        .unsupportedVersion, file: reader.file, at: .byte(4), expected: "GGUF version 2 or 3, little-endian",
        found: bigEndian ? "a big-endian file" : "version \(version)", advice: "convert the model again")
    }
    return version
  }

  /// The alignment of tensor data that `metadata` asks for.
  package static func alignment(of metadata: GGUFMetadata) throws -> Int {
    guard let alignment = try metadata.integerIfPresent(alignmentKey) else { return defaultAlignment }
    guard alignment >= 8, alignment <= 1 << 20, alignment.nonzeroBitCount == 1 else {
      throw FormatError(
        .badValue, file: metadata.file, at: .key(alignmentKey), expected: "a power of two from 8 to 1048576",
        found: "\(alignment)")
    }
    return alignment
  }
}

// MARK: - Metadata values

extension GGUFHeader {
  private static func readType(_ reader: inout ByteReader, key: String) throws -> GGUFValueType {
    let number = try reader.read(UInt32.self, "a value's type")
    guard let type = GGUFValueType(rawValue: number) else {
      throw FormatError(
        .unsupportedType, file: reader.file, at: .key(key), expected: "a value type from 0 to 12", found: "\(number)")
    }
    return type
  }

  private static func readValue(_ reader: inout ByteReader, key: String) throws -> GGUFValue {
    let type = try readType(&reader, key: key)
    if type == .array { return .array(try readArray(&reader, key: key, depth: 1)) }
    return .single(try readElements(type, count: 1, of: "a metadata value", &reader, key: key, depth: 0))
  }

  private static func readArray(_ reader: inout ByteReader, key: String, depth: Int) throws -> GGUFArray {
    guard depth <= arrayDepthLimit else {
      throw FormatError(
        .limit, file: reader.file, at: .key(key), expected: "arrays nested at most \(arrayDepthLimit) deep",
        found: "deeper ones")
    }
    let type = try readType(&reader, key: key)
    let count = try reader.readCount(minimumSize: type.minimumSize, "the length of a metadata array")
    return try readElements(type, count: count, of: "a metadata array", &reader, key: key, depth: depth)
  }

  private static func readElements(
    _ type: GGUFValueType, count: Int, of what: String, _ reader: inout ByteReader, key: String, depth: Int
  ) throws -> GGUFArray {
    switch type {
    case .string: return .string(try (0..<count).map { _ in try reader.readString(what) })
    case .array: return .array(try (0..<count).map { _ in try readArray(&reader, key: key, depth: depth + 1) })
    default:
      let bytes = try reader.readBytes(try reader.product(count, type.minimumSize, what), what)
      if type == .bool, let byte = bytes.first(where: { $0 > 1 }) {
        throw FormatError(.badValue, file: reader.file, at: .key(key), expected: "a bool of 0 or 1", found: "\(byte)")
      }
      return GGUFArray(type, count: count, bytes: Array(bytes))
    }
  }
}
