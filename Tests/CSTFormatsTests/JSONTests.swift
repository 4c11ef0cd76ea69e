import Foundation
import TestSupport
import Testing

@testable import CSTFormats

@Suite("JSON values, read and written")
struct JSONTests {
  private func read(_ text: String) throws -> JSONValue { try read(Array(text.utf8)) }

  private func read(_ bytes: [UInt8]) throws -> JSONValue {
    try FormatFixtures.withGuarded(bytes) { bytes in
      var reader = JSONReader(bytes, file: "f")
      let value = try reader.value()
      try reader.end()
      return value
    }
  }

  @Test("Random values come back: members in order, numbers in their notation")
  func roundTrip() throws {
    var generator = RandomJSON(seed: 11)
    for _ in 0..<500 {
      let value = generator.value(depth: 5)
      let text = value.compactText
      #expect(try read(text) == value, "\(text)")
      #expect(try read(text).compactText == text)
      let indented = value.indentedText
      #expect(try read(indented).indentedText == indented)
      #expect(try read(indented).compactText == text)
    }
  }

  @Test("Foundation reads what is written, and the reader what Foundation writes")
  func foundation() throws {
    var generator = RandomJSON(seed: 12)
    for _ in 0..<300 {
      let value = generator.value(depth: 4)
      #expect(try JSONDecoder().decodeChecked(JSONValue.self, from: Data(value.compactText.utf8)) == value)
      #expect(try read(Array(JSONEncoder().encode(value))) == value)
    }
  }

  @Test("Texts are written as Python's json.dumps(…, ensure_ascii=False) writes them")
  func spelling() throws {
    let value: JSONValue = [
      "é\u{0}\u{1F}\u{7F}\u{2028}/": ["\"\\\u{8}\u{c}\n\r\t", .null, true, .double(1.5), -7], "e": [:], "a": [],
    ]
    #expect(
      value.compactText
        == "{\"é\\u0000\\u001f\u{7F}\u{2028}/\":[\"\\\"\\\\\\b\\f\\n\\r\\t\",null,true,1.5,-7],\"e\":{},\"a\":[]}")
    #expect(value.description.hasPrefix(#"{"a":[],"e":{},"é"#))
    #expect(
      (["a": [1, ["b": 2]], "c": [:]] as JSONValue).indentedText
        == """
        {
          "a": [
            1,
            {
              "b": 2
            }
          ],
          "c": {}
        }
        """)
    #expect(
      "é🧂\u{7F}".unicodeScalars.map { JSONString.escape($0, isASCII: true) } == ["\\u00e9", "\\ud83e\\uddc2", nil])
  }

  @Test("Objects are equal whatever the order, and keys differ where their bytes do")
  func members() throws {
    #expect(try read(#"{"a":1,"b":{"c":2,"d":3}}"#) == read(#"{"b":{"d":3.0,"c":2},"a":1}"#))
    #expect(try read(#"{"a":1}"#) != read(#"{"a":1,"b":null}"#))
    var members = try #require(try read("{\"\u{E9}\":1,\"e\u{301}\":2}").object)
    #expect(members.count == 2 && members["e\u{301}"] == 2 && members["\u{E9}"] == 1)
    members["\u{E9}"] = 3
    members["new"] = nil
    members["last"] = .null
    members["e\u{301}"] = nil
    #expect(members.keys == ["\u{E9}", "last"] && members.map(\.value) == [3, .null])
    #expect(JSONValue.object(members)["last"] == nil && JSONValue.object(members)["\u{E9}"] == 3)
    #expect(JSONMembers(["k": 1]) == ["k": 1])
  }

  @Test("Numbers are equal by value and keep their text")
  func numbers() throws {
    let one = try ["1", "1.0", "1e0", "10E-1", "0.1e+1"].map { try read($0) }
    #expect(Set(one).count == 1 && one.map(\.description) == ["1", "1.0", "1e0", "10E-1", "0.1e+1"])
    #expect(try read("-0") != read("0") && read("9007199254740993") != read("9007199254740992"))
    #expect(try read("9007199254740993").integer == 9_007_199_254_740_993)
    #expect(try read("-9223372036854775808").integer == .min && read("9223372036854775808").integer == nil)
    #expect(try read("12e3").integer == 12000 && read("1e300").integer == nil)
    #expect(try read("1.5").integer == nil && read("-0").integer == 0 && read("1e-400").double == 0)
    #expect(try read("\u{FEFF}1") == 1, "a byte order mark before a text is none of it (RFC 8259, section 8.1)")
    let digits = String(repeating: "7", count: 300)
    #expect(try read(digits).compactText == digits)
  }

  @Test(
    "What is no JSON is refused",
    arguments: [
      "", " ", "+1", "01", "-", "-01", ".5", "5.", "1e", "1e+", "1.e5", "0x1", "NaN", "Infinity", "1e999", "-1e999",
      "1_0",
      "tru", "nul", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "'a'", "\"a", "\"\n\"",
      "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800a\"", "1 2", "[1]]",
      "1\u{FEFF}", "\u{FEFF}\u{FEFF}1",
    ])
  func refused(text: String) {
    FormatFixtures.expectError(.badSyntax, naming: "byte") { _ = try read(text) }
  }

  @Test("A key may stand once in an object, whatever its escapes")
  func duplicates() throws {
    FormatFixtures.expectError(.duplicate, naming: "'a'") { _ = try read(#"[{"a":1,"b":2,"\u0061":1}]"#) }
    #expect(try read(#"{"a":{"a":1}}"#)["a"]?["a"] == 1)
  }

  @Test("Nesting ends at one limit, for the reader and for Foundation's decoder")
  func depth() throws {
    for (opening, closing) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
      let levels = opening.count == 1 || closing.count == 1 ? 1 : 2
      let count = JSONReader.depthLimit / levels
      func text(_ count: Int) -> String {
        String(repeating: opening, count: count) + "1" + String(repeating: closing, count: count)
      }
      #expect(try JSONDecoder().decodeChecked(JSONValue.self, from: Data(text(count).utf8)) == read(text(count)))
      for count in [count + 1, 100_000] {
        let error = FormatFixtures.expectError(.limit, naming: "byte") { _ = try read(text(count)) }
        let problem = #expect(throws: JSONProblem.self) {
          try JSONDecoder().decodeChecked(JSONValue.self, from: Data(text(count).utf8))
        }
        #expect(problem?.error(in: "f", expected: "") == error)
      }
    }
  }

  @Test("Bytes that are not UTF-8 are found where they are")
  func encoding() throws {
    let sound = Array(#"{"a":"é🧂"}"#.utf8)
    for (offset, byte) in [(5, 0xFF), (6, 0x41), (7, 0xC3), (8, 0x80), (11, 0x22)] as [(Int, UInt8)] {
      var bytes = sound
      bytes[offset] = byte
      #expect(throws: FormatError.self) { try read(bytes) }
      guard let position = bytes.firstInvalidUTF8 else { continue }
      #expect(String(validating: bytes[..<position], as: UTF8.self) != nil)
      #expect(String(validating: bytes[...position], as: UTF8.self) == nil)
      let problem = #expect(throws: JSONProblem.self) {
        try JSONDecoder().decodeChecked(JSONValue.self, from: Data([0] + bytes).dropFirst())
      }
      #expect(problem?.kind == .invalidUTF8(offset: position))
    }
    #expect([UInt8]().firstInvalidUTF8 == nil && sound.firstInvalidUTF8 == nil)
    #expect(AnyCollection([0x41, 0xE2, 0x82] as [UInt8]).firstInvalidUTF8 != nil)
  }

  @Test("Damaged texts are read or refused")
  func damage() throws {
    var values = RandomJSON(seed: 13)
    var generator = FormatFixtures.Generator(seed: 14)
    for _ in 0..<2000 {
      let bytes = FormatFixtures.mutant(of: Array(values.value(depth: 4).compactText.utf8), using: &generator)
      do {
        let value = try read(bytes)
        #expect(try read(value.compactText) == value)
      } catch is FormatError {}
    }
  }
}

/// JSON of every kind with awkward texts and numbers that Foundation holds exactly, the same for the same seed.
private struct RandomJSON {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  mutating func value(depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .integer(.random(in: .min ... .max, using: &generator))
    case 3:
      let numbers = ["0", "-0", "1.0", "1e-05", "12E+3", "0.1", "5e-324", "1.7976931348623157e+308", "100", "1e88"]
      return .number(JSONNumber(numbers.randomElement(using: &generator) ?? "0") ?? 0.0)
    case 4: return .string(text())
    case 5: return .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in value(depth: depth - 1) })
    default:
      var members = JSONMembers()
      for _ in 0..<Int.random(in: 0...4, using: &generator) { members[text()] = value(depth: depth - 1) }
      return .object(members)
    }
  }

  private mutating func text() -> String {
    let pieces = [
      "", " ", "\n", "\"", "\\", "/", "é", "🧂", "👩‍👩‍👧", "\u{0}", "\u{1B}", "\u{7F}", "\u{2028}", "日本", "{[", "]}", "a",
    ]
    return (0..<Int.random(in: 0...5, using: &generator)).reduce("") { text, _ in
      text + (pieces.randomElement(using: &generator) ?? "")
    }
  }
}
