import Foundation
import TestSupport
import Testing

@testable import CSTFormats

@Suite("Hostile and damaged GGUF files")
struct GGUFAttackTests {
  private func expectRefusal(
    _ raw: RawGGUF, _ reason: FormatError.Reason, naming parts: String = "raw.gguf",
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    FormatFixtures.expectError(reason, naming: "raw.gguf", parts, sourceLocation: sourceLocation) {
      _ = try raw.parse()
    }
  }

  @Test("Another kind of file")
  func magic() { expectRefusal(RawGGUF(magic: Array("GGML".utf8)), .badMagic, naming: "'GGML'") }

  @Test("Versions 1 and 4, and big-endian files", arguments: [1, 4, 0, 0x0300_0000, 0x0200_0000] as [UInt32])
  func version(_ version: UInt32) {
    expectRefusal(
      RawGGUF(version: version), .unsupportedVersion, naming: version > 4 ? "big-endian" : "version \(version)")
  }

  @Test("Version 2 is read like version 3")
  func version2() throws {
    #expect(try RawGGUF(version: 2, pairs: [RawGGUF.pair("a", type: 0, [1])]).parse().metadata["a"] == .uint8(1))
  }

  @Test("Counts far beyond the file", arguments: [1, 1 << 32, 1 << 62, .max] as [UInt64])
  func counts(_ count: UInt64) {
    expectRefusal(RawGGUF(tensorCount: count), .truncated, naming: "tensor count")
    expectRefusal(RawGGUF(keyCount: count), .truncated, naming: "metadata count")
  }

  @Test("Lengths of texts and arrays beyond the file", arguments: [9, 1 << 32, 1 << 61, .max] as [UInt64])
  func lengths(_ length: UInt64) {
    let number = RawGGUF.little(length)
    expectRefusal(RawGGUF(keyCount: 1, pairs: [number + Array("abcdefgh".utf8)]), .truncated)
    expectRefusal(RawGGUF(pairs: [RawGGUF.pair("a", type: 8, number + Array("abcdefgh".utf8))]), .truncated)
    for type in GGUFValueType.allCases {
      let array = RawGGUF.little(type.rawValue) + number + [UInt8](repeating: 0, count: 8)
      expectRefusal(RawGGUF(pairs: [RawGGUF.pair("a", type: 9, array)]), .truncated)
    }
  }

  @Test("Unknown value types")
  func valueTypes() {
    expectRefusal(RawGGUF(pairs: [RawGGUF.pair("a", type: 13, [0])]), .unsupportedType, naming: "'a'")
    let array = RawGGUF.little(99 as UInt32) + RawGGUF.little(0 as UInt64)
    expectRefusal(RawGGUF(pairs: [RawGGUF.pair("a", type: 9, array)]), .unsupportedType, naming: "99")
  }

  @Test("Arrays nested without end")
  func nesting() {
    let level = RawGGUF.little(9 as UInt32) + RawGGUF.little(1 as UInt64)
    let value = [[UInt8]](repeating: level, count: 100_000).flatMap(\.self)
    expectRefusal(RawGGUF(pairs: [RawGGUF.pair("deep", type: 9, value)]), .limit, naming: "'deep'")
  }

  @Test("Keys and texts that are not UTF-8")
  func utf8() {
    let bad = RawGGUF.little(2 as UInt64) + [0xC3, 0x28]
    expectRefusal(RawGGUF(pairs: [bad + RawGGUF.little(0 as UInt32) + [1]]), .badSyntax, naming: "byte 24")
    expectRefusal(RawGGUF(pairs: [RawGGUF.pair("a", type: 8, bad)]), .badSyntax)
    let array = RawGGUF.little(8 as UInt32) + RawGGUF.little(1 as UInt64) + bad
    expectRefusal(RawGGUF(pairs: [RawGGUF.pair("a", type: 9, array)]), .badSyntax)
  }

  @Test(
    "Bytes that are not UTF-8: alone, cut short, overlong, surrogates, beyond Unicode",
    arguments: [
      [0x80], [0xFF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x8E], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xF4, 0x90, 0x80, 0x80], [0x61, 0xC3, 0x28, 0x62],
    ] as [[UInt8]])
  func notUTF8(bytes: [UInt8]) {
    #expect(bytes.withUnsafeBytes { String(exactUTF8: $0) } == nil)
    #expect(String(validating: bytes, as: UTF8.self) == nil)
  }

  @Test(
    "Bytes that are UTF-8, the replacement character among them", arguments: ["", "a", "\u{FFFD}", "\0é🎉 long enough"])
  func isUTF8(text: String) {
    #expect(Array(text.utf8).withUnsafeBytes { String(exactUTF8: $0) } == text)
  }

  @Test("A bool that is neither 0 nor 1")
  func booleans() {
    expectRefusal(RawGGUF(pairs: [RawGGUF.pair("a", type: 7, [2])]), .badValue, naming: "'a'")
    let array = RawGGUF.little(7 as UInt32) + RawGGUF.little(1 as UInt64) + [255]
    expectRefusal(RawGGUF(pairs: [RawGGUF.pair("a", type: 9, array)]), .badValue)
  }

  @Test("Keys and tensors twice")
  func duplicates() {
    let pair = RawGGUF.pair("a", type: 0, [1])
    expectRefusal(RawGGUF(pairs: [pair, pair]), .duplicate, naming: "'a'")
    let tensors = [RawGGUF.tensor("t", [8]), RawGGUF.tensor("t", [8], offset: 32)]
    expectRefusal(RawGGUF(tensors: tensors, data: [UInt8](repeating: 0, count: 64)), .duplicate, naming: "'t'")
  }

  @Test("Keys longer than the format allows")
  func longKey() {
    expectRefusal(
      RawGGUF(pairs: [RawGGUF.pair(String(repeating: "k", count: 65_536), type: 0, [1])]), .limit, naming: "65535")
  }

  @Test("Alignments that are no power of two, or absurd", arguments: [0, 1, 12, 33, 1 << 21, .max] as [UInt32])
  func alignment(_ alignment: UInt32) {
    expectRefusal(
      RawGGUF(pairs: [RawGGUF.pair("general.alignment", type: 4, RawGGUF.little(alignment))]), .badValue,
      naming: "general.alignment")
  }

  @Test("An alignment that is no number")
  func alignmentType() {
    expectRefusal(
      RawGGUF(pairs: [RawGGUF.pair("general.alignment", type: 8, RawGGUF.text("32"))]), .wrongType,
      naming: "general.alignment")
  }

  @Test("Dimensions: too many, zero, overflowing, no whole blocks")
  func dimensions() {
    let data = [UInt8](repeating: 0, count: 64)
    func expect(_ dimensions: [UInt64], type: UInt32 = 0, _ reason: FormatError.Reason) {
      expectRefusal(RawGGUF(tensors: [RawGGUF.tensor("t", dimensions, type: type)], data: data), reason, naming: "'t'")
    }
    expect([1, 1, 1, 1, 1], .limit)
    expect([4, 0], .badValue)
    expect([.max], .badValue)
    expect([1 << 32, 1 << 32], .overflow)
    expect([1 << 62], .overflow)
    expect([33], type: 3, .badLayout)
    expect([16, 2], type: 3, .badLayout)
  }

  @Test("A tensor with four billion dimensions")
  func dimensionCount() {
    let entry = RawGGUF.text("t") + RawGGUF.little(UInt32.max) + [UInt8](repeating: 1, count: 64)
    expectRefusal(RawGGUF(tensorCount: 1, tensors: [entry]), .limit, naming: "4294967295")
  }

  @Test("Formats that are not supported are named", arguments: [(16, "IQ2_XXS"), (10, "Q2_K"), (99, "type 99")])
  func unsupportedFormat(type: UInt32, name: String) {
    let raw = RawGGUF(tensors: [RawGGUF.tensor("t", [256], type: type)], data: [UInt8](repeating: 0, count: 512))
    expectRefusal(raw, .unsupportedType, naming: name)
  }

  @Test("Data outside the file, unaligned or shared")
  func layout() {
    let data = [UInt8](repeating: 0, count: 64)
    func expect(_ tensors: [[UInt8]], _ reason: FormatError.Reason, naming name: String) {
      expectRefusal(RawGGUF(tensors: tensors, data: data), reason, naming: name)
    }
    expect([RawGGUF.tensor("long", [17])], .truncated, naming: "'long'")
    expect([RawGGUF.tensor("late", [8], offset: 64)], .truncated, naming: "'late'")
    expect([RawGGUF.tensor("far", [8], offset: .max - 31)], .truncated, naming: "'far'")
    expect([RawGGUF.tensor("odd", [4], offset: 4)], .badLayout, naming: "'odd'")
    expect(
      [RawGGUF.tensor("a", [16]), RawGGUF.tensor("b", [8], offset: 32)], .badLayout, naming: "'b'")
    expect([RawGGUF.tensor("a", [8]), RawGGUF.tensor("b", [8])], .badLayout, naming: "overlap")
  }

  @Test("A tensor that ends at the last byte is read")
  func lastByte() throws {
    let raw = RawGGUF(tensors: [RawGGUF.tensor("t", [16])], data: [UInt8](repeating: 0, count: 64))
    #expect(try raw.parse().tensors.first?.byteRange.upperBound == raw.bytes.count)
  }

  /// A small file from the writer, with values of many types and two tensors.
  private static func sample() throws -> [UInt8] {
    var generator = FormatFixtures.Generator(seed: 3)
    let (_, metadata) = GGUFFileTests.randomContent(alignment: nil, using: &generator)
    let tensors = [
      TensorData(name: "a.weight", shape: [2, 32], format: .q4_1, bytes: Data(repeating: 7, count: 40)),
      TensorData(name: "b.weight", shape: [3], floats: [1, 2, 3]),
    ]
    return try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.gguf")
      try GGUFFile.write(tensors: tensors, metadata: metadata, to: url)
      return Array(try Data(contentsOf: url))
    }
  }

  @Test("Cut at any byte before the last tensor's end, it is an error")
  func truncation() throws {
    let sample = try Self.sample()
    let complete = try FormatFixtures.withGuarded(sample) { try GGUFHeader($0, file: "sample") }
    let end = try #require(complete.tensors.map(\.byteRange.upperBound).max())
    for length in 0..<end {
      let error = #expect(throws: FormatError.self, "cut to \(length) bytes") {
        try FormatFixtures.withGuarded(Array(sample[..<length])) { _ = try GGUFHeader($0, file: "sample") }
      }
      #expect(error?.reason == .truncated, "cut to \(length) bytes: \(error?.description ?? "")")
    }
  }

  @Test("Mutants give a typed error or a header that holds, and no memory growth")
  func mutants() throws {
    let sample = try Self.sample()
    var generator = FormatFixtures.Generator(seed: 11)
    let before = FormatFixtures.residentBytes()
    var refused = 0
    let count = 6_000
    for _ in 0..<count {
      let mutant = FormatFixtures.mutant(of: sample, using: &generator)
      try FormatFixtures.withGuarded(mutant) { bytes in
        do {
          let header = try GGUFHeader(bytes, file: "mutant")
          var end = 0
          for tensor in header.tensors.sorted(by: { $0.byteOffset < $1.byteOffset }) {
            #expect(tensor.byteRange.lowerBound >= end)
            end = tensor.byteRange.upperBound
            #expect(tensor.format.byteCount(for: tensor.elementCount) == tensor.byteRange.count)
          }
          #expect(end <= bytes.count)
        } catch let error as FormatError {
          #expect(!error.description.contains("\n"))
          refused += 1
        }
      }
    }
    #expect(refused > count / 10)
    #expect(refused < count)
    if let before, let after = FormatFixtures.residentBytes() { #expect(after - before < 256 << 20) }
  }
}
