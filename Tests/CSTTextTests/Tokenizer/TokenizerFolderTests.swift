import CSTCore
import Foundation
import TestSupport
import Testing

@testable import CSTText

/// Tokenizer files of a Hugging Face folder.
struct TokenizerFolderTests {
  private func folder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in files { _ = try folder.file(name, text) }
    return folder
  }

  @Test func filesBecomeADefinition() throws {
    let folder = try folder([
      "tokenizer.json": TinyTokenizerFiles.byteLevel,
      "tokenizer_config.json": """
      {"bos_token":{"content":"<|s|>"},"eos_token":"<|e|>","pad_token":null,"chat_template":"from the configuration",
      "added_tokens_decoder":{"7":{"content":"<|e|>","special":true,"lstrip":true}}}
      """,
      "special_tokens_map.json": #"{"pad_token":{"content":"<|s|>"}}"#,
    ])
    var definition = try TokenizerDefinition(contentsOf: folder.location)
    #expect(definition.model == "gpt2" && definition.preTokenizer == "smollm" && definition.normalization == .nfc)
    #expect(definition.tokens == ["a", "b", "ab", "Ġ", "Ġa", "Ġab", "<|s|>", "<|e|>"])
    #expect(definition.tokenTypes.suffix(2) == [.control, .control])
    #expect(definition.merges == ["a b", "Ġ ab"])
    #expect(definition.bosToken == "<|s|>" && definition.eosToken == "<|e|>" && definition.paddingID == 6)
    #expect(definition.addsBOS && !definition.addsEOS)
    #expect(definition.addedTokenRules == [6: .init(stripsRight: true), 7: .init(stripsLeft: true)])
    #expect(definition.chatTemplate == "from the configuration")
    let tokenizer = try Tokenizer(definition)
    #expect(tokenizer.encode(template: "<|s|>  ab ab  <|e|>") == [6, 2, 5, 7])
    #expect(tokenizer.eosToken == "<|e|>" && tokenizer.paddingToken == "<|s|>" && tokenizer.unknownToken == nil)

    _ = try folder.file("chat_template.jinja", "from its own file")
    definition = try TokenizerDefinition(contentsOf: folder.location)
    #expect(definition.chatTemplate == "from its own file")
  }

  @Test func theTemplateCalledDefaultIsTaken() throws {
    let list = #"{"chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"d"}]}"#
    let folder = try folder(["tokenizer.json": TinyTokenizerFiles.byteLevel, "tokenizer_config.json": list])
    #expect(try TokenizerDefinition(contentsOf: folder.location).chatTemplate == "d")
    _ = try folder.file("tokenizer_config.json", list.replacing("default", with: "rag"))
    let error = #expect(throws: FormatError.self) { try TokenizerDefinition(contentsOf: folder.location) }
    #expect(error?.place == .key("chat_template"))
  }

  @Test func sentencePieceModelsAreReadWhereThereIsNoOtherFile() throws {
    let folder = try TemporaryFolder()
    try Data(TinyTokenizerFiles.model).write(to: folder["tokenizer.model"])
    var definition = try TokenizerDefinition(contentsOf: folder.location)
    #expect(definition.model == "llama" && definition.spacePrefix == .everySegment && definition.addsBOS)
    #expect(definition.bosToken == "<s>" && definition.eosToken == "</s>" && definition.unknownToken == "<unk>")
    let tokenizer = try Tokenizer(definition)
    #expect(tokenizer.encode(content: "ab ab") == [5, 5])
    #expect(tokenizer.encode(content: "abc<s>") == [5, 3, 0])
    #expect(tokenizer.encode(template: "<s>ab") == [1, 5])
    #expect(tokenizer.decode([5, 3]) == "abc")
    _ = try folder.file("tokenizer_config.json", #"{"legacy":false,"add_bos_token":false,"add_eos_token":true}"#)
    definition = try TokenizerDefinition(contentsOf: folder.location)
    #expect(definition.spacePrefix == .first && !definition.addsBOS && definition.addsEOS)
    #expect(try Tokenizer(definition).encode(template: "<s>ab") == [1, 4])
  }

  @Test func ggufFilesHaveTheSameVocabularies() throws {
    let metadata: GGUFMetadata = [
      "general.architecture": .string("phi3"),
      "tokenizer.ggml.model": .string("llama"),
      "tokenizer.ggml.tokens": .array(.string(["<unk>", "<s>", "<|end|>", "<0x63>", "ab", "▁ab", "▁", "a", "b"])),
      "tokenizer.ggml.token_type": .array(.int32([2, 3, 3, 6, 1, 1, 1, 1, 1])),
      "tokenizer.ggml.scores": .array(.float32([0, 0, 0, 0, 0, -1, -2, -3, -4])),
    ]
    let definition = try TokenizerDefinition(metadata)
    #expect(definition.addsBOS && definition.addsSpacePrefix && definition.stripsLeadingSpace)
    let tokenizer = try Tokenizer(definition)
    #expect(tokenizer.encode(content: "ab ab") == [5, 5])
    #expect(tokenizer.encode(template: "<|end|>\nab<s> ab") == [2, 5, 1, 6, 5])
    var scores = metadata
    scores["tokenizer.ggml.scores"] = .array(.float32([0, 0, 0, 0, 0, -1, -2, -3, .nan]))
    #expect(throws: TokenizerError.self) { try Tokenizer(TokenizerDefinition(scores)) }
  }

  /// What would change ids and is not implemented is refused with its text.
  @Test(arguments: [
    (#"{"type":"Digits","individual_digits":true}"#, #"{"type":"Digits","individual_digits":false}"#, "Digits"),
    (
      #"{"type":"Digits","individual_digits":true}"#,
      #"{"type":"Split","pattern":{"Regex":"x+y"},"behavior":"Isolated","invert":false}"#, "x+y"
    ),
    (#"{"type":"NFC"}"#, #"{"type":"Lowercase"}"#, "Lowercase"),
    (#""decoder":{"type":"ByteLevel""#, #""decoder":{"type":"WordPiece""#, "pre_tokenizer"),
    (#""type":"BPE""#, #""type":"Unigram""#, "Unigram"),
    (#""dropout":null"#, #""dropout":0.1"#, "0.1"),
    (#""end_of_word_suffix":null"#, #""end_of_word_suffix":"</w>""#, "</w>"),
    (#""type":"TemplateProcessing""#, #""type":"BertProcessing""#, "BertProcessing"),
    (#""ids":[6]"#, #""ids":[6,6]"#, "special token"),
    (#""version":"1.0""#, #""verse":"1.0""#, "verse"),
    (#""id":7"#, #""id":9223372036854775807"#, "id"),
    (#""Ġab":5"#, #""Ġab":9223372036854775807"#, "ids below"),
    (#""id":7"#, #""id":2"#, "\"ab\""),
    (#""b":1"#, #""b":0"#, "every id once"),
  ])
  func unknownPartsAreNamed(_ original: String, _ changed: String, _ named: String) throws {
    #expect(TinyTokenizerFiles.byteLevel.contains(original))
    let error = #expect(throws: FormatError.self) {
      try TinyTokenizerFiles.tokenizer(TinyTokenizerFiles.byteLevel.replacing(original, with: changed))
    }
    #expect(error?.description.contains(named) == true, "\(error?.description ?? "")")
  }

  @Test func unigramModelsAreRefused() throws {
    var bytes = TinyTokenizerFiles.model
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: [3 << 3, 2, 0x98, 0x02]) })
    bytes[place + 1] = 1
    let error = #expect(throws: FormatError.self) {
      try bytes.withUnsafeBytes { try SentencePieceFile($0, file: "tokenizer.model") }
    }
    #expect(error?.description.contains("unigram") == true)
  }
}
