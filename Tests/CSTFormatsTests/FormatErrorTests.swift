import Foundation
import TestSupport
import Testing

@testable import CSTFormats

@Suite("Errors and the small readers")
struct FormatErrorTests {
  @Test("The message is one line that says all there is to say")
  func message() {
    let error = FormatError(
      .unsupportedType, file: "m.gguf", at: .tensor("a\nb\u{1B}[31m\u{202E}"), expected: "F32", found: "IQ2_XXS",
      advice: "quantise the model again"
    )
    #expect(
      error.description
        == #"m.gguf: tensor 'a\u{a}b\u{1b}[31m\u{202e}': unsupported type: expected F32; found IQ2_XXS; "#
        + "quantise the model again")
    #expect(error.localizedDescription == error.description)
    #expect(FormatError(.truncated, file: "f", at: .byte(7)).description == "f: byte 7: truncated")
    #expect(
      FormatError(.badSyntax, file: "f", at: .line(2), found: "x").description == "f: line 2: malformed text: found x")
    #expect(FormatError(.missing, file: "f", at: .key("k")).description == "f: key 'k': missing")
  }

  @Test("Long names are cut")
  func longNames() {
    let error = FormatError(.missing, file: "f", at: .tensor(String(repeating: "x", count: 100_000)))
    #expect(error.description.count < 200)
  }

  @Test("JSON nesting is measured outside texts only")
  func depth() throws {
    func read(_ text: String, limit: Int = JSONReader.depthLimit) throws {
      try FormatFixtures.withGuarded(Array(text.utf8)) { bytes in
        var json = JSONReader(bytes, file: "f", depthLimit: limit)
        _ = try json.value()
      }
    }
    try read(#"{"a":"[[[[\"[[[[","b":[[]]}"#, limit: 3)
    FormatFixtures.expectError(.limit, naming: "byte 2") { try read("[[[]]]", limit: 2) }
    FormatFixtures.expectError(.limit) { try read(String(repeating: "[", count: 1_000_000)) }
  }

  @Test("JSON texts: every escape, surrogate pairs, white space")
  func texts() throws {
    let text = #" { "\"\\\/\b\f\n\r\tA\u00e9\ud83c\udf89é" : [ 1 , 20 ] } "#
    var keys: [String] = []
    var numbers: [Int] = []
    try FormatFixtures.withGuarded(Array(text.utf8)) { bytes in
      var json = JSONReader(bytes, file: "f")
      try json.object { json, key in
        keys.append(key)
        try json.array { numbers.append(try $0.size()) }
      }
      try json.end()
    }
    #expect(keys == ["\"\\/\u{8}\u{c}\n\r\tAé🎉é"])
    #expect(numbers == [1, 20])
  }

  #if !(arch(x86_64) && canImport(Darwin))
    @Test("All 65536 halves are decoded as the hardware's type does")
    func halves() {
      for bits in UInt16.min...UInt16.max {
        let value = Float(halfBits: bits)
        let expected = Float(Float16(bitPattern: bits))
        if expected.isNaN {
          #expect(value.isNaN)
        } else if value.bitPattern != expected.bitPattern {
          Issue.record("\(bits): \(value) instead of \(expected)")
        }
      }
    }
  #endif
}
