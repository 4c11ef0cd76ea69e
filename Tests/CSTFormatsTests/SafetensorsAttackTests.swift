import Foundation
import TestSupport
import Testing

@testable import CSTFormats

@Suite("Hostile and damaged safetensors files")
struct SafetensorsAttackTests {
  private func bytes(_ header: String, length: UInt64? = nil, data: Int = 0) -> [UInt8] {
    RawGGUF.little(length ?? UInt64(header.utf8.count)) + Array(header.utf8) + [UInt8](repeating: 1, count: data)
  }

  private func parse(_ bytes: [UInt8]) throws -> SafetensorsHeader {
    try FormatFixtures.withGuarded(bytes) { try SafetensorsHeader($0, file: "raw.safetensors") }
  }

  private func expectRefusal(
    _ header: String, data: Int = 0, _ reason: FormatError.Reason, naming part: String = "raw.safetensors",
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    FormatFixtures.expectError(reason, naming: "raw.safetensors", part, sourceLocation: sourceLocation) {
      _ = try parse(bytes(header, data: data))
    }
  }

  private func tensor(_ name: String, _ offsets: String) -> String { tensor(name, "F32", "[1]", offsets) }

  private func tensor(_ name: String, _ type: String, _ shape: String, _ offsets: String) -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test("Header lengths beyond the file or the limit")
  func headerLength() {
    FormatFixtures.expectError(.truncated) { _ = try parse([1, 2, 3]) }
    FormatFixtures.expectError(.truncated) { _ = try parse(bytes("{}", length: 3)) }
    FormatFixtures.expectError(.limit) { _ = try parse(bytes("{}", length: 100_000_001)) }
    FormatFixtures.expectError(.limit) { _ = try parse(bytes("{}", length: .max)) }
    FormatFixtures.expectError(.badMagic) { _ = try parse(bytes("", length: 0)) }
  }

  @Test("Headers that are not the JSON they should be")
  func grammar() {
    expectRefusal("[]", .badMagic)
    expectRefusal(" {}", .badMagic)
    expectRefusal("{", .badSyntax)
    expectRefusal("{}x", .badSyntax, naming: "byte 10")
    expectRefusal("{\"a\"}", .badSyntax)
    expectRefusal("{\"a\":1}", .badSyntax)
    expectRefusal("{\"a\":{},}", .missing)
    expectRefusal("{\(tensor("a", "[0,4]")),}", data: 4, .badSyntax)
    expectRefusal("{\(tensor("a\u{1}", "[0,4]"))}", data: 4, .badSyntax)
    expectRefusal("{\(tensor("a\\x", "[0,4]"))}", data: 4, .badSyntax)
    expectRefusal("{\(tensor("a\\ud800", "[0,4]"))}", data: 4, .badSyntax)
    expectRefusal("{\(tensor("a\\ud800\\u0041", "[0,4]"))}", data: 4, .badSyntax)
    expectRefusal("{\(tensor("a\\udc00", "[0,4]"))}", data: 4, .badSyntax)
  }

  @Test("Names that are not UTF-8")
  func utf8() {
    var raw = bytes("{\(tensor("aa", "[0,4]"))}", data: 4)
    raw[10] = 0xC3
    FormatFixtures.expectError(.badSyntax, naming: "UTF-8") { _ = try parse(raw) }
  }

  @Test("Nesting without end", arguments: ["[", "{\"a\":"])
  func nesting(level: String) {
    let deep = String(repeating: level, count: 200_000)
    expectRefusal("{\"a\":{\"dtype\":\(deep)", .badSyntax)
    expectRefusal("{\"a\":{\"shape\":[\(deep)", .badSyntax)
    expectRefusal("{\"__metadata__\":{\"x\":\(deep)", .badSyntax)
  }

  @Test("Names and keys twice")
  func duplicates() {
    expectRefusal("{\(tensor("a", "[0,4]")),\(tensor("a", "[4,8]"))}", data: 8, .duplicate, naming: "'a'")
    expectRefusal("{\(tensor("a", "[0,4]")),\(tensor("\\u0061", "[4,8]"))}", data: 8, .duplicate, naming: "'a'")
    let (composed, decomposed) = (tensor("\\u00e9", "[0,4]"), tensor("e\\u0301", "[4,8]"))
    expectRefusal("{\(composed),\(decomposed)}", data: 8, .duplicate, naming: "tensor")
    expectRefusal(#"{"__metadata__":{},"__metadata__":{}}"#, .duplicate, naming: "__metadata__")
    expectRefusal(#"{"__metadata__":{"x":"1","x":"2"}}"#, .duplicate, naming: "'x'")
    expectRefusal(#"{"a":{"dtype":"F32","dtype":"F32"}}"#, .duplicate, naming: "dtype")
  }

  @Test("Metadata that is not text")
  func metadata() {
    expectRefusal(#"{"__metadata__":{"x":1}}"#, .badSyntax)
    expectRefusal(#"{"__metadata__":[]}"#, .badSyntax)
    expectRefusal(#"{"__metadata__":null}"#, .badSyntax)
  }

  @Test(
    "Numbers that are negative, fractions, or too large", arguments: ["-1", "1.5", "1e3", "01", "\"1\"", "null", ""])
  func numbers(number: String) {
    expectRefusal("{\(tensor("a", "F32", "[\(number),1]", "[0,4]"))}", data: 4, .badSyntax)
    expectRefusal("{\(tensor("a", "F32", "[1]", "[\(number),4]"))}", data: 4, .badSyntax)
  }

  @Test("Sizes that overflow")
  func overflow() {
    expectRefusal("{\(tensor("a", "F32", "[99999999999999999999]", "[0,4]"))}", data: 4, .overflow)
    expectRefusal("{\(tensor("a", "F32", "[4294967296,4294967296]", "[0,0]"))}", .overflow, naming: "'a'")
    let end = Int.max - 3
    expectRefusal("{\(tensor("a", "F32", "[1]", "[\(end - 4),\(end)]"))}", data: 4, .overflow, naming: "'a'")
  }

  @Test("A zero dimension makes the others harmless")
  func zeroDimension() throws {
    let header = "{\(tensor("a", "F32", "[9223372036854775807,0,9223372036854775807]", "[0,0]"))}"
    #expect(try parse(bytes(header)).tensors.first?.elementCount == 0)
  }

  @Test("Too many dimensions or offsets")
  func counts() {
    let ones = "[" + [String](repeating: "1", count: 65).joined(separator: ",") + "]"
    expectRefusal("{\(tensor("a", "F32", ones, "[0,4]"))}", data: 4, .limit, naming: "'a'")
    expectRefusal("{\(tensor("a", "F32", "[1]", "[0,4,4]"))}", data: 4, .limit)
    expectRefusal("{\(tensor("a", "F32", "[1]", "[4]"))}", data: 4, .missing)
  }

  @Test("Offsets that do not fit the shape, or run backwards")
  func offsets() {
    expectRefusal("{\(tensor("a", "[0,8]"))}", data: 8, .badLayout, naming: "'a'")
    expectRefusal("{\(tensor("a", "[4,0]"))}", data: 4, .badLayout)
    expectRefusal("{\(tensor("a", "F16", "[1]", "[0,4]"))}", data: 4, .badLayout)
  }

  @Test("Holes, overlaps, missing and surplus data")
  func tiling() {
    expectRefusal("{\(tensor("a", "[0,4]")),\(tensor("b", "[8,12]"))}", data: 12, .badLayout, naming: "'b'")
    expectRefusal("{\(tensor("a", "[4,8]"))}", data: 8, .badLayout)
    expectRefusal("{\(tensor("a", "[0,4]")),\(tensor("b", "[0,4]"))}", data: 4, .badLayout, naming: "'b'")
    expectRefusal("{\(tensor("a", "[0,4]"))}", data: 3, .truncated, naming: "'a'")
    expectRefusal("{\(tensor("a", "[0,4]"))}", data: 5, .badLayout, naming: "1 more")
    expectRefusal("{}", data: 1, .badLayout)
  }

  @Test("Unknown types and keys are named")
  func unknown() {
    expectRefusal("{\(tensor("a", "F4", "[1]", "[0,4]"))}", data: 4, .unsupportedType, naming: "F4")
    expectRefusal(
      #"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"more":1}}"#, data: 4, .badValue, naming: "more")
    expectRefusal(#"{"a":{"dtype":"F32","shape":[]}}"#, .missing, naming: "data_offsets")
  }

  /// A small file from the writer.
  private func sample() throws -> [UInt8] {
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      let tensors = [
        TensorData(name: "a.weight", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
        TensorData(name: "naïve \"b\"\n", shape: [3], format: .bf16, bytes: Data(count: 6)),
      ]
      try SafetensorsFile.write(tensors: tensors, metadata: ["format": "pt", "é": "🎉"], to: url)
      return Array(try Data(contentsOf: url))
    }
  }

  @Test("Cut at any byte, it is an error")
  func truncation() throws {
    let sample = try sample()
    #expect(try parse(sample).tensors.count == 2)
    for length in 0..<sample.count {
      let error = #expect(throws: FormatError.self, "cut to \(length) bytes") {
        _ = try parse(Array(sample[..<length]))
      }
      #expect(error?.reason == .truncated, "cut to \(length) bytes: \(error?.description ?? "")")
    }
  }

  @Test("Mutants give a typed error or a header that holds")
  func mutants() throws {
    let sample = try sample()
    var generator = FormatFixtures.Generator(seed: 5)
    var refused = 0
    let count = 6_000
    for _ in 0..<count {
      let mutant = FormatFixtures.mutant(of: sample, using: &generator)
      do {
        let header = try parse(mutant)
        #expect(header.tensors.last.map { $0.byteRange.upperBound == mutant.count } ?? true)
      } catch let error as FormatError {
        #expect(!error.description.contains("\n"))
        refused += 1
      }
    }
    #expect(refused > count / 10)
    #expect(refused < count)
  }
}
