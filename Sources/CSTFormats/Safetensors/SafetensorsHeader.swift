/// What a safetensors file says before its tensor data, read from bytes that nobody has vetted.
///
/// Eight bytes of length, a JSON object of that many bytes, then the data, which the tensors must tile exactly.
package struct SafetensorsHeader {
  /// Longest JSON text in bytes; the limit of the format's reference implementation.
  package static let lengthLimit = 100_000_000
  package static let dimensionLimit = 64
  package static let metadataKey = "__metadata__"

  package let metadata: [String: String]
  /// All tensors, in the order of their data.
  package let tensors: [SafetensorsTensor]

  /// Reads the header of a file whose content is `bytes`; errors call it `file`.
  package init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
    var reader = ByteReader(bytes, file: file)
    let length = try reader.read(UInt64.self, "the header's length")
    guard length <= UInt64(Self.lengthLimit) else {
      throw FormatError(
        .limit, file: file, at: .byte(0), expected: "a header of at most \(Self.lengthLimit) bytes",
        found: FileLook(bytes)?.name ?? "\(length)",
        advice: FileLook(bytes)?.advice ?? "check that this is a safetensors file"
      )
    }
    let text = try reader.readBytes(Int(length), "the header")
    guard text.first == UInt8(ascii: "{") else {
      throw FormatError(
        .badMagic, file: file, at: .byte(8), expected: "a safetensors header, which begins with '{'",
        found: text.first.map { "byte \($0)" } ?? "an empty header")
    }
    var json = JSONReader(text, file: file, base: 8)
    var metadata: [String: String] = [:]
    var tensors: [SafetensorsTensor] = []
    var names: Set<String> = []
    let dataStart = reader.offset
    try json.object { json, key in
      if key == Self.metadataKey {
        try json.object { metadata[$1] = try $0.string() }
      } else {
        // The reader compares bytes; tensors are found by texts, for which two spellings of a character are one.
        guard names.insert(key).inserted else {
          throw FormatError(
            .duplicate, file: file, at: .tensor(key), expected: "every name once", found: "it in another spelling")
        }
        tensors.append(try Self.readTensor(&json, name: key, dataStart: dataStart, file: file))
      }
    }
    try json.end()
    tensors.sort {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name) < (
        $1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name
      )
    }
    try Self.checkTiling(tensors, of: dataStart..<bytes.count, file: file)
    self.metadata = metadata
    self.tensors = tensors
  }

  private static func readTensor(
    _ json: inout JSONReader, name: String, dataStart: Int, file: String
  ) throws -> SafetensorsTensor {
    func refuse(_ reason: FormatError.Reason, expected: String, found: String, advice: String = "") -> FormatError {
      FormatError(reason, file: file, at: .tensor(name), expected: expected, found: found, advice: advice)
    }
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try json.object { json, key in
      switch key {
      case "dtype": typeName = try json.string()
      case "shape": shape = try Self.sizes(&json, limit: dimensionLimit, refuse)
      case "data_offsets": offsets = try Self.sizes(&json, limit: 2, refuse)
      default: throw refuse(.badValue, expected: "dtype, shape and data_offsets", found: "a key '\(key)'")
      }
    }
    guard let typeName, let shape, let offsets, offsets.count == 2 else {
      throw refuse(.missing, expected: "dtype, shape and two data_offsets", found: "some of them")
    }
    guard let type = SafetensorsTensor.ElementType(rawValue: typeName) else {
      throw refuse(.unsupportedType, expected: "a dtype such as F32, F16 or BF16", found: typeName)
    }
    var byteCount = type.byteWidth
    // A zero anywhere makes the size zero, whatever the other dimensions are.
    for dimension in shape.contains(0) ? [0] : shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw refuse(.overflow, expected: "a shape whose size fits 63 bits", found: "\(shape)") }
      byteCount = product
    }
    guard offsets[0] <= offsets[1], offsets[1] - offsets[0] == byteCount else {
      throw refuse(.badLayout, expected: "\(byteCount) bytes for \(typeName) \(shape)", found: "offsets \(offsets)")
    }
    let (end, overflow) = dataStart.addingReportingOverflow(offsets[1])
    guard !overflow else { throw refuse(.overflow, expected: "offsets inside the file", found: "\(offsets)") }
    return SafetensorsTensor(name: name, shape: shape, elementType: type, byteRange: (end - byteCount)..<end)
  }

  private static func sizes(
    _ json: inout JSONReader, limit: Int,
    _ refuse: (FormatError.Reason, _ expected: String, _ found: String, _ advice: String) -> FormatError
  ) throws -> [Int] {
    var sizes: [Int] = []
    try json.array { json in
      guard sizes.count < limit else { throw refuse(.limit, "at most \(limit) numbers", "more", "") }
      sizes.append(try json.size())
    }
    return sizes
  }

  /// Holes could hide data, and overlaps make one tensor's bytes another's: the tensors must tile the data exactly.
  private static func checkTiling(_ tensors: [SafetensorsTensor], of data: Range<Int>, file: String) throws {
    var end = data.lowerBound
    for tensor in tensors {
      guard tensor.byteRange.lowerBound == end else {
        throw FormatError(
          .badLayout, file: file, at: .tensor(tensor.name), expected: "data at byte \(end), where the last one ends",
          found: "byte \(tensor.byteRange.lowerBound)")
      }
      end = tensor.byteRange.upperBound
      guard end <= data.upperBound else {
        throw FormatError(
          .truncated, file: file, at: .tensor(tensor.name), expected: "data to byte \(end)",
          found: "\(data.upperBound) bytes in the file", advice: "the file is damaged or was not copied completely")
      }
    }
    guard end == data.upperBound else {
      throw FormatError(
        .badLayout, file: file, at: .byte(end), expected: "the end of the file after the last tensor",
        found: "\(data.upperBound - end) more bytes")
    }
  }
}
