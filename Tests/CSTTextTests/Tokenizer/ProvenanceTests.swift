import TestSupport
import Testing

@testable import CSTText

/// Invariant 1: only template text can produce control tokens, whatever content says.
struct ProvenanceTests {
  @Test func contentSpellingAnyAddedTokenStaysText() throws {
    try forEachTokenizer { tokenizer in
      let added = Set(tokenizer.addedTokenIDs)
      #expect(added.count >= 7)
      for id in tokenizer.addedTokenIDs {
        let spelling = tokenizer.decode([id])
        #expect(tokenizer.encode(template: spelling) == [id])
        for text in [spelling, "a" + spelling, spelling + spelling, " " + spelling + "system\n", "\n" + spelling] {
          let ids = tokenizer.encode(content: text)
          #expect(added.isDisjoint(with: ids), "content \(text.debugDescription) became \(ids)")
          #expect(tokenizer.decode(ids).utf8.elementsEqual(text.utf8))
        }
      }
    }
  }

  @Test func tokensNeverSpanPieces() throws {
    try forEachTokenizer { tokenizer in
      let added = Set(tokenizer.addedTokenIDs)
      for id in tokenizer.addedTokenIDs {
        let scalars = Array(tokenizer.decode([id]).unicodeScalars)
        for cut in 1..<scalars.count {
          let halves = [scalars[..<cut], scalars[cut...]].map { String(String.UnicodeScalarView($0)) }
          let inTemplate = halves.map { tokenizer.encode(template: $0).filter(added.contains) }
          for (firstIsTemplate, secondIsTemplate) in [(false, false), (true, false), (false, true), (true, true)] {
            let text: ProvenancedText = [
              firstIsTemplate ? .template(halves[0]) : .content(halves[0]),
              secondIsTemplate ? .template(halves[1]) : .content(halves[1]),
            ]
            let expected = (firstIsTemplate ? inTemplate[0] : []) + (secondIsTemplate ? inTemplate[1] : [])
            #expect(tokenizer.encode(text).filter(added.contains) == expected)
          }
        }
      }
    }
  }

  @Test func hostileContentChangesNoControlToken() throws {
    try forEachTokenizer { tokenizer in
      let added = Set(tokenizer.addedTokenIDs)
      let spellings = tokenizer.addedTokenIDs.map { tokenizer.decode([$0]) }
      var generator = CaseGenerator(seed: 20_240_329)
      for _ in 0..<3_000 {
        var text = ProvenancedText()
        var expected: [Int32] = []
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          if Bool.random(using: &generator) {
            let piece = Self.templateText(spellings, &generator)
            text.append(.template(piece))
            expected += tokenizer.encode(template: piece).filter(added.contains)
          } else {
            text.append(.content(Self.hostileText(spellings, &generator)))
          }
        }
        let ids = tokenizer.encode(text)
        #expect(ids.filter(added.contains) == expected, "\(text.pieces)")
        #expect(tokenizer.decode(ids).utf8.elementsEqual(text.text.utf8), "\(text.pieces)")
      }
    }
  }

  /// The same with tokens that take white space, are single words or are looked for in normalised text, and with
  /// SentencePiece's spaces: 10,000 conversations.
  @Test(arguments: ["smollm"] + TokenizerFamilies.sentencePiece)
  func contentNeverChangesTheControlTokensOfAFamily(_ name: String) throws {
    let family = try TokenizerFamilies.family(name)
    let model = name == "smollm" ? "byte-level" : "sentencepiece"
    let data = try TokenizerFamilies.file(family, model: model, addedTokens: try #require(family.addedTokens))
    let tokenizer = try Tokenizer(TokenizerFamilies.definition(data))
    let added = Set(tokenizer.addedTokenIDs)
    let spellings = tokenizer.addedTokenIDs.map { tokenizer.decode([$0]) }
    // A token of normalised text needs a space before it in some families, so that its own place decides.
    let marks = spellings.filter { !["<norm>", "<nr>"].contains($0) }
    var generator = CaseGenerator(seed: 20_240_403)
    for _ in 0..<2_000 {
      var text = ProvenancedText()
      var expected: [Int32] = []
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        if Bool.random(using: &generator) {
          let piece = Self.templateText(marks, &generator)
          text.append(.template(piece))
          expected += tokenizer.encode(template: piece).filter(added.contains)
        } else {
          text.append(.content(Self.hostileText(spellings, &generator)))
        }
      }
      #expect(tokenizer.encode(text).filter(added.contains) == expected, "\(text.pieces)")
    }
  }

  @Test func plainTextBetweenControlTokensIsMergedJointly() throws {
    let tokenizer = try Tokenizer(
      TinyTokenizer.definition(merges: ["\n \n", "h i", "_ hi"], added: [("<|s|>", .control)]))
    func spellings(_ text: ProvenancedText) -> [String] { tokenizer.encode(text).map { tokenizer.decode([$0]) } }
    #expect(spellings([.template("<|s|>u\n"), .content("\n")]) == ["<|s|>", "u", "\n\n"])
    #expect(
      spellings([.content("h"), .content("i"), .template("!<|s|> "), .content("hi")]) == ["hi", "!", "<|s|>", " hi"])
    #expect(spellings([.template("h<|s|>"), .content("i")]) == ["h", "<|s|>", "i"])
  }

  @Test func longestAddedTokenAtTheLeftmostPlaceWins() throws {
    let tokenizer = try Tokenizer(TinyTokenizer.hostile)
    let found = tokenizer.encode(template: "<|im_start|><|im_sta<|imstart|<|<|end|>   ").filter {
      tokenizer.addedTokenIDs.contains($0)
    }
    #expect(found.map { tokenizer.decode([$0]) } == ["<|im_start|>", "<|im", "<|imstart|", "<|end|>"])
  }

  @Test func mergesThatWouldMakeAnAddedTokenAreLeftOut() throws {
    let tokenizer = try Tokenizer(TinyTokenizer.hostile)
    #expect(tokenizer.merges.blockedCount == 5)
    func spellings(_ text: String) -> [String] { tokenizer.encode(content: text).map { tokenizer.decode([$0]) } }
    #expect(spellings("<|>") == ["<|", ">"])
    // White space is no mark: such tokens are text, and content has them as in the reference.
    #expect(spellings("a  ") == ["a", "  "])
    #expect(spellings("<|imstart|") == ["<|", "im", "start", "|"])
  }

  private func forEachTokenizer(_ body: (Tokenizer) throws -> Void) throws {
    try TokenizerTestModel.tokenizers(beside: Tokenizer(TinyTokenizer.hostile)).forEach(body)
  }

  private static func templateText(_ spellings: [String], _ generator: inout CaseGenerator) -> String {
    (0..<Int.random(in: 0...3, using: &generator)).map { _ in
      Bool.random(using: &generator)
        ? generator.pick(spellings) : generator.pick(["user\n", "\n", " ", "system", "<|", "im"])
    }.joined()
  }

  /// Whole tokens, parts of tokens, look-alikes and the text that usually follows a token.
  private static func hostileText(_ spellings: [String], _ generator: inout CaseGenerator) -> String {
    (0..<Int.random(in: 0...4, using: &generator)).map { _ -> String in
      let spelling = generator.pick(spellings)
      let scalars = Array(spelling.unicodeScalars)
      let cut = Int.random(in: 0...scalars.count, using: &generator)
      func text(_ part: some Sequence<Unicode.Scalar>) -> String { String(String.UnicodeScalarView(part)) }
      return switch Int.random(in: 0..<8, using: &generator) {
      case 0, 1: spelling
      case 2: text(scalars[..<cut])
      case 3: text(scalars[cut...])
      case 4:
        text(scalars[..<cut]) + generator.pick(["\u{200B}", " ", "\u{AD}", "\u{301}", "<", "|"]) + text(scalars[cut...])
      case 5: text(scalars.map { $0 == "<" ? "\u{FF1C}" : $0 == "|" ? "\u{2502}" : $0 })
      case 6: spelling.uppercased()
      default: generator.pick(["system\n", "\n", " ", "tea", "user", "assistant\n", "7", "é", "日本"])
      }
    }.joined()
  }
}
