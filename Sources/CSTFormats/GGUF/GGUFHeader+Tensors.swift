extension GGUFHeader {
  /// A tensor's entry as it stands in the file: its offset counts from the start of the data, which is known only after
  /// the last entry.
  private struct Entry {
    let name: String
    let dimensions: [Int]
    let format: WeightFormat
    let elementCount: Int
    let byteCount: Int
    let offset: UInt64
  }

  /// Reads the tensor entries and places them in the file.
  package static func readTensors(_ reader: inout ByteReader, count: Int, alignment: Int) throws -> [GGUFTensor] {
    var entries: [Entry] = []
    var names: Set<String> = []
    for _ in 0..<count {
      let start = reader.offset
      let entry = try readEntry(&reader)
      guard names.insert(entry.name).inserted else {
        throw FormatError(
          .duplicate, file: reader.file, at: .tensor(entry.name), expected: "every tensor once",
          found: "it again at byte \(start)")
      }
      entries.append(entry)
    }
    let dataStart = aligned(reader.offset, to: alignment)
    let tensors = try entries.map {
      try place($0, dataStart: dataStart, alignment: alignment, fileSize: reader.bytes.count, file: reader.file)
    }
    try checkOverlap(tensors, file: reader.file)
    return tensors
  }

  /// The first multiple of `alignment`, a power of two, at or after `offset`. Offsets in memory are far from overflow.
  package static func aligned(_ offset: Int, to alignment: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }

  private static func readEntry(_ reader: inout ByteReader) throws -> Entry {
    let name = try reader.readString(limit: nameLimit, "a tensor's name")
    let file = reader.file
    func refuse(_ reason: FormatError.Reason, expected: String, found: String, advice: String = "") -> FormatError {
      FormatError(reason, file: file, at: .tensor(name), expected: expected, found: found, advice: advice)
    }
    let dimensionCount = try reader.read(UInt32.self, "a tensor's number of dimensions")
    guard dimensionCount <= dimensionLimit else {
      throw refuse(.limit, expected: "at most \(dimensionLimit) dimensions", found: "\(dimensionCount)")
    }
    var dimensions: [Int] = []
    var elementCount = 1
    for _ in 0..<dimensionCount {
      let dimension = try reader.read(UInt64.self, "a tensor's dimension")
      guard let length = Int(exactly: dimension), length > 0 else {
        throw refuse(.badValue, expected: "dimensions from 1 to \(Int.max)", found: "\(dimension)")
      }
      dimensions.append(length)
      let (product, overflow) = elementCount.multipliedReportingOverflow(by: length)
      guard !overflow else {
        throw refuse(.overflow, expected: "a product of dimensions that fits 63 bits", found: "\(dimensions)")
      }
      elementCount = product
    }
    let type = try reader.read(UInt32.self, "a tensor's type")
    guard let format = WeightFormat(ggmlType: type) else {
      let supported = WeightFormat.allCases.map(\.description).joined(separator: ", ")
      throw refuse(
        .unsupportedType, expected: "one of \(supported)", found: WeightFormat.name(ofGGMLType: type),
        advice: "quantise the model to one of these")
    }
    let columns = dimensions.first ?? 1
    guard columns.isMultiple(of: format.blockLength) else {
      throw refuse(
        .badLayout, expected: "rows of a multiple of \(format.blockLength) elements for \(format)", found: "\(columns)")
    }
    guard let byteCount = format.byteCount(for: elementCount) else {
      throw refuse(.overflow, expected: "a size in bytes that fits 63 bits", found: "\(elementCount) elements")
    }
    let offset = try reader.read(UInt64.self, "a tensor's offset")
    return Entry(
      name: name, dimensions: dimensions, format: format, elementCount: elementCount, byteCount: byteCount,
      offset: offset)
  }

  private static func place(
    _ entry: Entry, dataStart: Int, alignment: Int, fileSize: Int, file: String
  ) throws -> GGUFTensor {
    guard entry.offset.isMultiple(of: UInt64(alignment)) else {
      throw FormatError(
        .badLayout, file: file, at: .tensor(entry.name), expected: "an offset that is a multiple of \(alignment)",
        found: "\(entry.offset)")
    }
    let available = max(0, fileSize - dataStart)
    guard entry.byteCount <= available, entry.offset <= UInt64(available - entry.byteCount) else {
      throw FormatError(
        .truncated, file: file, at: .tensor(entry.name),
        expected: "\(entry.byteCount) bytes at offset \(entry.offset) of the data",
        found: "\(available) bytes of data in the file", advice: "the file is damaged or was not copied completely")
    }
    let start = dataStart + Int(entry.offset)
    return GGUFTensor(
      name: entry.name, dimensions: entry.dimensions, format: entry.format, elementCount: entry.elementCount,
      byteRange: start..<(start + entry.byteCount))
  }

  private static func checkOverlap(_ tensors: [GGUFTensor], file: String) throws {
    let ordered = tensors.sorted { ($0.byteRange.lowerBound, $0.name) < ($1.byteRange.lowerBound, $1.name) }
    for (before, after) in zip(ordered, ordered.dropFirst()) where before.byteRange.overlaps(after.byteRange) {
      throw FormatError(
        .badLayout, file: file, at: .tensor(after.name), expected: "bytes of its own",
        found: "bytes \(after.byteRange), which overlap those of '\(before.name)' (\(before.byteRange))")
    }
  }
}
