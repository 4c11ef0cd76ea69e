import CSTCore
import Testing

@testable import CSTText

struct TokenizerMetadataTests {
  private let metadata: GGUFMetadata = [
    "tokenizer.ggml.model": .string("gpt2"),
    "tokenizer.ggml.pre": .string("smollm"),
    "tokenizer.ggml.tokens": .array(.string(["a", "b", "ab", "<|s|>"])),
    "tokenizer.ggml.token_type": .array(.int32([1, 1, 1, 3])),
    "tokenizer.ggml.merges": .array(.string(["a b"])),
    "tokenizer.ggml.eos_token_id": .uint32(3),
  ]

  private func metadata(_ key: String, _ value: GGUFValue?) -> GGUFMetadata {
    var changed = metadata
    changed[key] = value
    return changed
  }

  @Test func entriesBecomeADefinition() throws {
    let definition = try TokenizerDefinition(metadata)
    #expect(
      definition
        == TokenizerDefinition(
          preTokenizer: "smollm", tokens: ["a", "b", "ab", "<|s|>"], tokenTypes: [.normal, .normal, .normal, .control],
          merges: ["a b"], eosID: 3))
    #expect(try Tokenizer(definition).encode(template: "ab<|s|>b") == [2, 3, 1])
    let bos = try TokenizerDefinition(metadata("tokenizer.ggml.add_bos_token", .bool(true)))
    #expect(bos.addsBOS)
  }

  @Test func missingAndMistypedEntriesAreNamed() {
    for key in ["model", "pre", "tokens", "token_type", "merges"].map({ "tokenizer.ggml." + $0 }) {
      for changed in [metadata(key, nil), metadata(key, .float32(1))] {
        let error = #expect(throws: FormatError.self) { try TokenizerDefinition(changed) }
        #expect(error?.place == .key(key))
      }
    }
    for (key, value) in [
      ("tokenizer.ggml.token_type", GGUFValue.array(.int32([1, 1, 1, 7]))),
      ("tokenizer.ggml.add_space_prefix", .uint8(1)),
      ("tokenizer.ggml.eos_token_id", .string("3")),
      ("tokenizer.chat_template", .uint32(3)),
    ] {
      let error = #expect(throws: FormatError.self) { try TokenizerDefinition(metadata(key, value)) }
      #expect(error?.place == .key(key))
    }
  }

  @Test func otherAlgorithmsAreRefusedForTheirAlgorithm() {
    let unigram = metadata("tokenizer.ggml.model", .string("t5"))
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(TokenizerDefinition(unigram)) }
    #expect(error?.reason == .unknownModel)
  }
}
