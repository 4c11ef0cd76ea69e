import Foundation
import TestSupport
import Testing

@testable import CSTText

/// Every tokenizer family against its reference, on 5,200 texts.
struct TokenizerFamilyTests {
  @Test(arguments: TokenizerFamilies.byteLevel)
  func wordsAreTheReferences(_ rule: PreTokenizer) throws {
    let family = try TokenizerFamilies.family(rule.rawValue)
    let texts = try TokenizerFamilies.texts()
    let expected = TokenizerFamilies.hashes(try #require(family.words))
    #expect(texts.count == 5200 && expected.count == texts.count)
    var differences: [String] = []
    for (text, hash) in zip(texts, expected) {
      let bytes = Array(text.utf8)
      var lengths: [Int] = []
      bytes.withUnsafeBufferPointer { bytes in
        ScalarClasses.shared.withView { classes in
          var words = WordScanner(rule, text: bytes, classes: classes)
          var position = 0
          while position < bytes.count {
            let end = words.endOfWord(from: position, limit: bytes.count)
            lengths.append(end - position)
            position = end
          }
        }
      }
      if TokenizerFamilies.hash(lengths) != hash { differences.append("\(text.debugDescription): \(lengths)") }
    }
    #expect(differences.count == 0, "\(differences.prefix(20).joined(separator: "\n"))")
  }

  @Test(arguments: TokenizerFamilies.byteLevel)
  func byteLevelTextsEncodeAsTheReference(_ rule: PreTokenizer) throws {
    var family = try TokenizerFamilies.family(rule.rawValue)
    // llama.cpp's rule has no tokenizer.json of its own.
    if rule == .llamaDefault { family.preTokenizer = try TokenizerFamilies.family("gpt-2").preTokenizer }
    let data = try TokenizerFamilies.file(family, model: "byte-level", addedTokens: [])
    var definition = try TokenizerFamilies.definition(data)
    if rule == .llamaDefault { definition.preTokenizer = "default" }
    #expect(definition.preTokenizer == rule.rawValue)
    let tokenizer = try Tokenizer(definition)
    try expectIDs(of: tokenizer, family, exactText: rule != .qwen2)
  }

  @Test(arguments: TokenizerFamilies.sentencePiece)
  func sentencePieceTextsEncodeAsTheReference(_ name: String) throws {
    let family = try TokenizerFamilies.family(name)
    let tokens = try #require(family.addedTokens)
    let data = try TokenizerFamilies.file(family, model: "sentencepiece", addedTokens: Array(tokens.prefix(3)))
    let tokenizer = try Tokenizer(TokenizerFamilies.definition(data))
    #expect(tokenizer.algorithm == .sentencePieceBPE && !tokenizer.vocabulary.joinsWords)
    try expectIDs(of: tokenizer, family, exactText: true)
  }

  /// The SentencePiece library itself, with tokens inside words and with tokens that span words.
  @Test(arguments: ["spiece", "spiece-spanning"])
  func sentencePieceModelsEncodeAsTheirLibrary(_ name: String) throws {
    let family = try TokenizerFamilies.family(name)
    let definition = try TokenizerDefinition(contentsOf: TokenizerFamilies.folder.appending(path: name))
    #expect(definition.addsBOS && definition.spacePrefix == .everySegment && definition.bosToken == "<s>")
    let tokenizer = try Tokenizer(definition)
    #expect(tokenizer.vocabulary.joinsWords == (name == "spiece-spanning"))
    try expectIDs(of: tokenizer, family, exactText: true)
  }

  @Test(arguments: ["smollm"] + TokenizerFamilies.sentencePiece)
  func addedTokensAreFoundAsByTheReference(_ name: String) throws {
    let family = try TokenizerFamilies.family(name)
    let model = name == "smollm" ? "byte-level" : "sentencepiece"
    let data = try TokenizerFamilies.file(family, model: model, addedTokens: try #require(family.addedTokens))
    let tokenizer = try Tokenizer(TokenizerFamilies.definition(data))
    var differences: [String] = []
    for row in try #require(family.template) {
      let ids = tokenizer.encode(template: row.text)
      if ids != row.ids { differences.append("\(row.text.debugDescription): \(ids), not \(row.ids)") }
    }
    #expect(differences.count == 0, "\(differences.prefix(20).joined(separator: "\n"))")
  }

  private func expectIDs(of tokenizer: Tokenizer, _ family: TokenizerFamilies.Family, exactText: Bool) throws {
    let texts = try TokenizerFamilies.texts()
    let expected = TokenizerFamilies.hashes(family.ids)
    #expect(texts.count == 5200 && expected.count == texts.count)
    var differences: [String] = []
    for (index, (text, hash)) in zip(texts, expected).enumerated() {
      let ids = tokenizer.encode(content: text)
      if TokenizerFamilies.hash(ids.map { Int($0) }) != hash {
        differences.append("\(text.debugDescription): \(ids.map { tokenizer.decode([$0]) })")
      }
      let decoded = tokenizer.decode(ids)
      // A mark for a space in the text itself is read as a space.
      let spaced = tokenizer.algorithm == .sentencePieceBPE ? text.replacing("▁", with: " ") : text
      let original = family.decoded?["\(index)"] ?? (family.decoded == nil ? spaced : text)
      if exactText && !decoded.utf8.elementsEqual(original.utf8) {
        differences.append("\(text.debugDescription) decodes to \(decoded.debugDescription)")
      }
      var stream = TokenTextStream(tokenizer, controlTokens: .shown)
      let streamed = ids.map { stream.append($0) }.joined() + stream.finish()
      if !streamed.utf8.elementsEqual(decoded.utf8) { differences.append("\(text.debugDescription) streams otherwise") }
    }
    #expect(differences.count == 0, "\(differences.prefix(20).joined(separator: "\n"))")
  }
}
