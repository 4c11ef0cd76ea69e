import Foundation
import TestSupport
import Testing

@testable import CSTFormats

@Suite("GGUF files")
struct GGUFFileTests {
  @Test("What is written is read back, for random content", arguments: 0..<20)
  func roundTrip(seed: Int) throws {
    var generator = FormatFixtures.Generator(seed: UInt64(seed))
    let alignment = seed.isMultiple(of: 2) ? nil : [8, 64, 4096].randomElement(using: &generator)
    let (tensors, metadata) = Self.randomContent(alignment: alignment, using: &generator)
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.gguf")
      try GGUFFile.write(tensors: tensors, metadata: metadata, to: url)
      let file = try GGUFFile(contentsOf: url)
      #expect(file.version == 3)
      #expect(file.alignment == alignment ?? 32)
      #expect(file.metadata.keys == metadata.keys)
      for key in metadata.keys { #expect(file.metadata[key] == metadata[key]) }
      #expect(file.tensors.map(\.name) == tensors.map(\.name))
      for (tensor, written) in zip(file.tensors, tensors) {
        #expect(tensor.shape == written.shape)
        #expect(tensor.dimensions == written.shape.reversed())
        #expect(tensor.format == written.format)
        #expect(tensor.byteOffset.isMultiple(of: file.alignment))
        #expect(tensor.rows * tensor.columns == tensor.elementCount)
        #expect(try tensor.rows * tensor.bytesPerRow == written.bytes.count)
        #expect(try Data(file.bytes(of: tensor)) == written.bytes)
        #expect(try file.tensor(named: written.name) == tensor)
      }
    }
  }

  /// Metadata of every type and up to eight tensors of random formats and shapes.
  static func randomContent(
    alignment: Int?, using generator: inout FormatFixtures.Generator
  ) -> ([TensorData], GGUFMetadata) {
    let words = ["", "a", "Ġthe", "naïve 🎉", "line\nbreak", "<|im_start|>"]
    let numbers = (0..<Int.random(in: 0...5, using: &generator)).map { _ in generator.next() }
    var metadata: GGUFMetadata = [
      "general.architecture": .string("llama"), "u8": .uint8(.max), "i8": .int8(.min), "u16": .uint16(.max),
      "i16": .int16(.min), "u32": .uint32(.max), "i32": .int32(.min), "u64": .uint64(generator.next()),
      "i64": .int64(.min), "f32": .float32(-0.1), "f64": .float64(.pi), "yes": .bool(true), "no": .bool(false),
      "text": .string(words.randomElement(using: &generator) ?? ""),
      "u8s": .array(.uint8(numbers.map { UInt8(truncatingIfNeeded: $0) })),
      "i8s": .array(.int8(numbers.map { Int8(truncatingIfNeeded: $0) })),
      "u16s": .array(.uint16(numbers.map { UInt16(truncatingIfNeeded: $0) })),
      "i16s": .array(.int16(numbers.map { Int16(truncatingIfNeeded: $0) })),
      "u32s": .array(.uint32(numbers.map { UInt32(truncatingIfNeeded: $0) })),
      "i32s": .array(.int32(numbers.map { Int32(truncatingIfNeeded: $0) })),
      "u64s": .array(.uint64(numbers)), "i64s": .array(.int64(numbers.map { Int64(truncatingIfNeeded: $0) })),
      "f32s": .array(.float32([0, Float(bitPattern: 0x116c2), .infinity])), "f64s": .array(.float64([-0.0, 1e300])),
      "bools": .array(.bool(numbers.map { $0.isMultiple(of: 2) })), "texts": .array(.string(words)),
      "nested": .array(.array([.uint8([1]), .string(["x"]), .array([])])),
    ]
    if let alignment { metadata["general.alignment"] = .uint32(UInt32(alignment)) }
    let tensors = (0..<Int.random(in: 0...8, using: &generator)).map { index in
      let format = WeightFormat.allCases.randomElement(using: &generator) ?? .f32
      var shape = (0..<Int.random(in: 0...3, using: &generator)).map { _ in Int.random(in: 1...3, using: &generator) }
      if !shape.isEmpty || format.isQuantized {
        shape.append(format.blockLength * Int.random(in: 1...3, using: &generator))
      }
      let size = format.byteCount(for: shape.reduce(1, *)) ?? 0
      let bytes = Data((0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) })
      return TensorData(name: "blk.\(index).weight", shape: shape, format: format, bytes: bytes)
    }
    return (tensors, metadata)
  }

  @Test("Accessors convert widths, tell absent from wrong, and name file, key, expected and found")
  func accessors() throws {
    let metadata: GGUFMetadata = [
      "small": .uint8(7), "huge": .uint64(.max), "half": .float32(0.5), "name": .string("x"), "yes": .bool(true),
      "ids": .array(.int32([-1, 2])), "scores": .array(.float64([0.5])), "words": .array(.string(["a"])),
      "flags": .array(.bool([true])),
    ]
    #expect(try metadata.integer("small") == 7)
    #expect(try metadata.integerIfPresent("absent") == nil)
    #expect(try metadata.float("half") == 0.5)
    #expect(try metadata.string("name") == "x")
    #expect(try metadata.boolean("yes"))
    #expect(try metadata.integers("ids") == [-1, 2])
    #expect(try metadata.floats("scores") == [0.5])
    #expect(try metadata.strings("words") == ["a"])
    #expect(try metadata.booleans("flags") == [true])
    FormatFixtures.expectError(.missing, naming: "memory", "'absent'", "an integer") {
      _ = try metadata.integer("absent")
    }
    FormatFixtures.expectError(.wrongType, naming: "'huge'", "18446744073709551615") {
      _ = try metadata.integer("huge")
    }
    FormatFixtures.expectError(.wrongType, naming: "a string", "uint8 7") { _ = try metadata.stringIfPresent("small") }
    FormatFixtures.expectError(.wrongType, naming: "array of 2 int32") { _ = try metadata.strings("ids") }
  }

  @Test("Removing and replacing keys keeps the order of the others")
  func metadataOrder() {
    var metadata: GGUFMetadata = ["a": .uint8(1), "b": .uint8(2), "c": .uint8(3)]
    metadata["b"] = nil
    metadata["a"] = .uint8(4)
    metadata["b"] = .uint8(5)
    metadata["none"] = nil
    #expect(metadata.keys == ["a", "c", "b"])
    #expect(metadata["a"] == .uint8(4))
  }

  @Test("Plain tensors are decoded to floats; quantised ones are refused by name")
  func floats() throws {
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.gguf")
      let halves = Data(RawGGUF.little(0x3C00 as UInt16) + RawGGUF.little(0xC000 as UInt16))
      let tensors = [
        TensorData(name: "full", shape: [2, 2], floats: [1, 2, 3, .leastNonzeroMagnitude]),
        TensorData(name: "half", shape: [2], format: .f16, bytes: halves),
        TensorData(name: "blocks", shape: [32], format: .q4_1, bytes: Data(count: 20)),
      ]
      try GGUFFile.write(tensors: tensors, metadata: [:], to: url)
      let file = try GGUFFile(contentsOf: url)
      #expect(try file.floats(named: "full") == [1, 2, 3, .leastNonzeroMagnitude])
      #expect(try file.floats(named: "half") == [1, -2])
      FormatFixtures.expectError(.unsupportedType, naming: url.path, "'blocks'", "Q4_1") {
        _ = try file.floats(named: "blocks")
      }
      FormatFixtures.expectError(.missing, naming: "'none'") { _ = try file.floats(named: "none") }
      #expect(file.tensorIfPresent(named: "none") == nil)
    }
  }

  @Test("The writer refuses what the reader would, and leaves no file")
  func writerRefuses() throws {
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.gguf")
      func expectRefusal(_ reason: FormatError.Reason, _ tensors: [TensorData], _ metadata: GGUFMetadata = [:]) {
        FormatFixtures.expectError(reason) { try GGUFFile.write(tensors: tensors, metadata: metadata, to: url) }
      }
      let one = TensorData(name: "a", shape: [1], floats: [1])
      expectRefusal(.duplicate, [one, one])
      expectRefusal(.limit, [TensorData(name: "a", shape: [1, 1, 1, 1, 1], floats: [1])])
      expectRefusal(.limit, [TensorData(name: String(repeating: "a", count: 65_536), shape: [1], floats: [1])])
      expectRefusal(.limit, [], [String(repeating: "a", count: 65_536): .uint8(1)])
      expectRefusal(.badValue, [TensorData(name: "a", shape: [0], floats: [])])
      expectRefusal(.badValue, [one], ["general.alignment": .uint32(24)])
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left.isEmpty)
    }
  }

  @Test("The real model: sizes, types and vocabulary", .needsModel)
  func realModel() throws {
    let url = try #require(ReferenceFiles.model)
    let clock = ContinuousClock()
    let start = clock.now
    let file = try GGUFFile(contentsOf: url)
    print("opened the real model in \(clock.now - start)")
    #expect(file.tensors.count == 272)
    #expect(try file.metadata.string("general.architecture") == "llama")
    #expect(try file.metadata.integer("llama.block_count") == 30)
    #expect(try file.metadata.strings("tokenizer.ggml.tokens").count == 49_152)
    #expect(try file.metadata.strings("tokenizer.ggml.merges").count == 48_900)
    let query = try file.tensor(named: "blk.0.attn_q.weight")
    #expect(query.shape == [576, 576])
    #expect(query.format == .q4_1)
    #expect(query.bytesPerRow == 576 / 32 * 20)
    let embedding = try file.tensor(named: "token_embd.weight")
    #expect(embedding.shape == [49_152, 576])
    let norm = try file.floats(named: "output_norm.weight")
    #expect(norm.count == 576)
    #expect(!norm.contains { !$0.isFinite })
    #expect(file.tensors.map(\.byteRange.upperBound).max() ?? 0 <= file.mapping.size)
  }

  @Test("The real model: its header is written back byte for byte", .needsModel)
  func realModelHeader() throws {
    let url = try #require(ReferenceFiles.model)
    let file = try GGUFFile(contentsOf: url)
    let tensors = file.tensors.map { tensor in
      let bytes = UnsafeMutableRawBufferPointer(mutating: file.bytes(of: tensor))
      let data = bytes.baseAddress.map { Data(bytesNoCopy: $0, count: bytes.count, deallocator: .none) } ?? Data()
      return TensorData(name: tensor.name, shape: tensor.shape, format: tensor.format, bytes: data)
    }
    let header = GGUFFile.encodeHeader(tensors: tensors, metadata: file.metadata, alignment: file.alignment)
    #expect(header.elementsEqual(file.mapping.bytes.prefix(header.count)))
    #expect(header.count == file.tensors.first?.byteOffset)
  }
}
