import Foundation
import TestSupport
import Testing

@testable import CSTCore
@testable import CSTText

/// Tokenizers go to GGUF and from there to `tokenizer.json`, and encode as their reference after each.
@Suite struct TokenizerExportTests {
  /// To GGUF and back.
  private func throughGGUF(_ definition: TokenizerDefinition) throws -> TokenizerDefinition {
    var metadata: GGUFMetadata = ["general.architecture": .string("llama")]
    try definition.write(to: &metadata)
    return try TokenizerDefinition(metadata)
  }

  /// To `tokenizer.json` and back.
  private func throughFolder(_ definition: TokenizerDefinition) throws -> TokenizerDefinition {
    let text = try HuggingFaceTokenizer(definition, contextLength: 100).file.indentedText
    return try TokenizerFamilies.definition(Data(text.utf8))
  }

  private func expectIDs(
    _ definition: TokenizerDefinition, _ family: TokenizerFamilies.Family, _ stage: String
  ) throws {
    let tokenizer = try Tokenizer(definition)
    let texts = try TokenizerFamilies.texts()
    let expected = TokenizerFamilies.hashes(family.ids)
    try #require(texts.count == expected.count)
    let differences = texts.indices.filter {
      TokenizerFamilies.hash(tokenizer.encode(content: texts[$0]).map { Int($0) }) != expected[$0]
    }
    #expect(differences.isEmpty, "\(stage): \(differences.count), the first is \(texts[differences.first ?? 0])")
  }

  @Test(arguments: TokenizerFamilies.byteLevel.filter { $0 != .llamaDefault })
  func byteLevelRulesAreKept(_ rule: PreTokenizer) throws {
    let family = try TokenizerFamilies.family(rule.rawValue)
    let data = try TokenizerFamilies.file(family, model: "byte-level", addedTokens: [])
    let gguf = try throughGGUF(TokenizerFamilies.definition(data))
    try expectIDs(gguf, family, "GGUF")
    let folder = try throughFolder(gguf)
    #expect(folder.preTokenizer == rule.rawValue)
    try expectIDs(folder, family, "tokenizer.json")
  }

  /// Rules become scores, and scores rules.
  @Test(arguments: TokenizerFamilies.sentencePiece) func mergeRulesAreKept(_ name: String) throws {
    let family = try TokenizerFamilies.family(name)
    let tokens = try #require(family.addedTokens)
    let data = try TokenizerFamilies.file(family, model: "sentencepiece", addedTokens: Array(tokens.prefix(3)))
    let definition = try TokenizerFamilies.definition(data)
    guard definition.spacePrefix == .everySegment || definition.spacePrefix == .never else {
      #expect(throws: ExportError.self) { try throughGGUF(definition) }
      return
    }
    let gguf = try throughGGUF(definition)
    #expect(gguf.merges.isEmpty && gguf.scores.count == definition.tokens.count)
    try expectIDs(gguf, family, "GGUF")
    try expectIDs(try throughFolder(gguf), family, "tokenizer.json")
  }

  /// A SentencePiece model's own scores.
  @Test func scoresAreKept() throws {
    let family = try TokenizerFamilies.family("spiece")
    let definition = try TokenizerDefinition(contentsOf: TokenizerFamilies.folder.appending(path: "spiece"))
    let gguf = try throughGGUF(definition)
    #expect(gguf.scores == definition.scores)
    try expectIDs(gguf, family, "GGUF")
    try expectIDs(try throughFolder(gguf), family, "tokenizer.json")
  }

  @Test func whatNamesCannotSayIsRefused() throws {
    let family = try TokenizerFamilies.family("gpt-2")
    var definition = try TokenizerFamilies.definition(
      TokenizerFamilies.file(family, model: "byte-level", addedTokens: []))
    definition.ignoresMerges = true
    #expect(throws: ExportError.self) { try throughGGUF(definition) }
    definition.ignoresMerges = false
    definition.normalization = .nfc
    #expect(throws: ExportError.self) { try throughGGUF(definition) }
    definition.normalization = .none
    definition.preTokenizer = "default"
    #expect(throws: ExportError.self) { try throughFolder(definition) }
  }
}
