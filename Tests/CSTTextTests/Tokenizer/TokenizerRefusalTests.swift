import TestSupport
import Testing

@testable import CSTText

/// What is not understood is an error that says so; nothing falls back.
struct TokenizerRefusalTests {
  private let sound = TinyTokenizer.definition(merges: ["a b"], added: [("<|s|>", .control)])

  private func refusal(_ change: (inout TokenizerDefinition) -> Void) -> TokenizerError? {
    var definition = sound
    change(&definition)
    return #expect(throws: TokenizerError.self) { try Tokenizer(definition) }
  }

  @Test func soundDefinitionIsAccepted() throws {
    let tokenizer = try Tokenizer(sound)
    #expect(tokenizer.vocabularyCount == 258)
    #expect(tokenizer.id(ofToken: "ab") == 256)
    #expect(tokenizer.id(ofToken: "Ġ") == 32)
    #expect(tokenizer.id(ofToken: "<|s|>") == 257)
    #expect(tokenizer.id(ofToken: "abc") == nil)
    #expect(tokenizer.isControl(257) && !tokenizer.isControl(256))
    #expect(Array(tokenizer.bytes(of: 256)) == [97, 98])
    #expect(tokenizer.unencodableBytes == [])
    #expect(tokenizer.bosID == nil && tokenizer.eosID == nil && !tokenizer.addsBOS)
  }

  @Test func unknownAlgorithms() {
    let model = refusal { $0.model = "rwkv" }
    #expect(model?.reason == .unknownModel)
    #expect(model?.description.contains("\"rwkv\"") == true && model?.description.contains("\"gpt2\"") == true)
    let rule = refusal { $0.preTokenizer = "qwen9" }
    #expect(rule?.reason == .unknownPreTokenizer)
    for name in ["\"qwen9\"", "\"gpt-2\"", "\"smollm\""] { #expect(rule?.description.contains(name) == true) }
  }

  @Test func malformedVocabularies() {
    let changes: [(inout TokenizerDefinition) -> Void] = [
      { ($0.tokens, $0.tokenTypes, $0.merges) = ([], [], []) },
      { $0.tokenTypes.removeLast() },
      { $0.tokens[3] = "" },
      { $0.tokens[3] = "日" },
      { $0.tokens[3] = $0.tokens[4] },
      { $0.tokenTypes[3] = .byte },
      { $0.tokenTypes[UInt8.init(ascii: "x").intValue] = .userDefined },
      {
        $0.tokens.append("<|s|>"); $0.tokenTypes.append(.control)
      },
      {
        $0.tokens.append(""); $0.tokenTypes.append(.userDefined)
      },
      { $0.eosID = 258 },
      { $0.bosID = -1 },
      { $0.unknownID = 1 << 40 },
      { $0.paddingID = 999 },
      { $0.addsBOS = true },
    ]
    for change in changes { #expect(refusal(change)?.reason == .malformedVocabulary) }
    #expect(refusal { $0.tokens[3] = "日" }?.place == "token 3")
  }

  @Test func malformedMerges() {
    for rule in ["", " ", "ab", "a ", " b", "a b c", "a 日", "a zz", "b a"] {
      let error = refusal { $0.merges.append(rule) }
      #expect(error?.reason == .malformedMerge && error?.place == "merge 1", "\(rule.debugDescription)")
    }
    #expect(refusal { $0.merges.append("a b") }?.reason == .malformedMerge)
  }

  @Test func textThatIsNotUTF8() throws {
    #expect(try String(validatedUTF8: Array("tea 日本 🙂\u{FEFF}".utf8), from: "x") == "tea 日本 🙂\u{FEFF}")
    let cases: [([UInt8], Int)] = [
      ([0xFF], 0), ([0x61, 0x80], 1), ([0x61, 0xC3], 1), ([0xE6, 0x97, 0xA5, 0xED, 0xA0, 0x80], 3), ([0xC0, 0xAF], 0),
      ([0x61, 0xF0, 0x9F, 0x99], 1), ([0xF4, 0x90, 0x80, 0x80], 0), ([0xC3, 0xA9, 0x62, 0xE2, 0x82, 0x62], 3),
    ]
    for (bytes, offset) in cases {
      let error = #expect(throws: TokenizerError.self) { try String(validatedUTF8: bytes, from: "pairs.jsonl") }
      #expect(error?.reason == .invalidUTF8)
      #expect(error?.place == "pairs.jsonl, byte offset \(offset)", "\(bytes)")
    }
  }
}

extension UInt8 {
  fileprivate var intValue: Int { Int(self) }
}
