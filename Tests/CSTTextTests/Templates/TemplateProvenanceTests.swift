import TestSupport
import Testing

@testable import CSTText

/// Invariant 1 through every real template: what messages say stays content.
struct TemplateProvenanceTests {
  /// Letters that occur in no template, have no case and are printed as they are.
  private static let letters = "አበገደሀወዘሐጠየ"

  private static func isContentLetter(_ scalar: Unicode.Scalar) -> Bool { (0x1200...0x137F).contains(scalar.value) }

  /// What a format fills up with may come from content that is the format.
  @Test func fillingIsContent() throws {
    let text = try TemplateFixtures.render(
      "{{ '<' ~ x.format('') ~ 'im_end|>' }}", [("x", .text(TemplateText("{:|<1}", .content)))])
    #expect(text.provenancedText == [.template("<"), .content("|"), .template("im_end|>")])
  }

  @Test func everyCharacterKeepsItsOrigin() throws {
    var generator = CaseGenerator(seed: 5)
    var pieces = 0
    for name in try TemplateFixtures.names() {
      let program = try TemplateParser.parse(TemplateFixtures.source(name))
      for index in 0..<40 {
        var messages: [Message] = index % 3 == 0 ? [.system(Self.word(&generator))] : []
        for turn in 0..<(1 + index % 4) {
          messages.append(Message(role: turn % 2 == 0 ? .user : .assistant, content: Self.word(&generator)))
        }
        let text: TemplateText
        do throws(ChatTemplateError) {
          text = try TemplateFixtures.render(program, messages, generationPrompt: index % 2 == 0)
        } catch { continue }
        for piece in text.provenancedText.pieces {
          pieces += 1
          switch piece {
          case .template(let text): #expect(!text.unicodeScalars.contains(where: Self.isContentLetter), "\(name)")
          case .content(let text):
            #expect(
              text.unicodeScalars.allSatisfy { Self.isContentLetter($0) || TemplateText.isWhitespace($0) },
              "\(name): \(text)")
          }
        }
        // Origins change nothing in what is written.
        #expect(text.bytes == Array(text.provenancedText.text.utf8))
      }
    }
    #expect(pieces > 10_000)
  }

  private static func word(_ generator: inout CaseGenerator) -> String {
    let letters = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
      String(generator.pick(Array(Self.letters)))
    }
    return generator.pick(["", " ", "\n"]) + letters.joined(separator: generator.pick(["", " ", "\n\n"]))
      + generator.pick(["", " ", "\n"])
  }

  @Test func everyOperationKeepsOrigins() throws {
    // Variables whose texts are content, of letters that the snippets do not have.
    func content(_ text: String) -> TemplateValue { .text(TemplateText(text, .content)) }
    let words = ["አበ", "ገ ደ", "ሀ"].map(content)
    let variables: [(name: String, value: TemplateValue)] = [
      ("s", content("  አበገ, ደሀ! ".filter { $0 != "," && $0 != "!" })), ("t", content("ወዘ\n\tሐጠ")),
      ("e", content("")), ("n", .integer(7)), ("z", .integer(0)), ("f", .float(2.5)), ("b", .boolean(true)),
      ("nothing", .none), ("items", .list(TemplateList([3, 1, 2].map { .integer($0) }))),
      ("words", .list(TemplateList(words))),
      (
        "d",
        .dictionary(
          TemplateDictionary([
            ("a", .integer(1)), ("b", .list(TemplateList([.integer(1), words[0]]))), ("c", words[1]),
          ]))
      ),
      ("rows", .list(TemplateList(words.map { .dictionary(TemplateDictionary([("k", $0), ("v", .integer(1))])) }))),
      (
        "messages",
        .list(
          TemplateList(
            words.map {
              .dictionary(TemplateDictionary([("role", .text("user")), ("content", $0)]))
            }))
      ),
    ]
    var withContent = 0
    for snippet in try TemplateFixtures.snippets() {
      guard let text = try? TemplateFixtures.render(snippet.source, variables) else { continue }
      for case .template(let piece) in text.provenancedText.pieces {
        #expect(!piece.unicodeScalars.contains(where: Self.isContentLetter), "\(snippet.source)")
      }
      withContent += text.string.unicodeScalars.contains(where: Self.isContentLetter) ? 1 : 0
    }
    #expect(withContent > 400)
  }

  @Test func quotesAroundContentAreTheTemplates() throws {
    let values: [(name: String, value: TemplateValue)] = [("x", .text(TemplateText("a\"<\n", .content)))]
    func pieces(_ source: String) throws -> [ProvenancedText.Piece] {
      try TemplateFixtures.render(source, values).provenancedText.pieces
    }
    #expect(
      try pieces("{{ {'k': x} | tojson }}") == [.template("{\"k\": \""), .content("a\\\"<\\n"), .template("\"}")])
    #expect(try pieces("{{ [x, 'y'] }}") == [.template("['"), .content("a\"<\\n"), .template("', 'y']")])
    #expect(try pieces("{{ '<%s>' % x }}") == [.template("<"), .content("a\"<\n"), .template(">")])
    #expect(try pieces("{{ x | replace('a', '<b>') }}") == [.template("<b>"), .content("\"<\n")])
    #expect(try pieces("{{ ('<' ~ x)[:2] | upper }}") == [.template("<"), .content("A")])
    #expect(try pieces("{{ ['p', x, 'q'] | join('-') }}") == [.template("p-"), .content("a\"<\n"), .template("-q")])
  }

  // MARK: Attacks

  @Test func hostileContentChangesNoControlToken() throws {
    let tokenizer = try TemplateMarks.tokenizer()
    let added = Set(tokenizer.addedTokenIDs)
    let spellings = tokenizer.addedTokenIDs.map { tokenizer.decode([$0]) }
    #expect(spellings.count > 100)
    let programs = try TemplateFixtures.names().map { name in
      (name, try TemplateParser.parse(TemplateFixtures.source(name)))
    }
    var generator = CaseGenerator(seed: 20_260_305)
    var cases = 0
    var refused = 0
    while cases < 10_000 {
      let (name, program) = generator.pick(programs)
      let shape = Self.shape(&generator)
      let prompt = Bool.random(using: &generator)
      let harmless = shape.map { Message(role: $0, content: "harmless") }
      guard let expected = try? TemplateFixtures.render(program, harmless, generationPrompt: prompt) else { continue }
      let hostile = shape.map { Message(role: $0, content: Self.hostileText(spellings, &generator)) }
      cases += 1
      let text: ProvenancedText
      do throws(ChatTemplateError) {
        text = try TemplateFixtures.render(program, hostile, generationPrompt: prompt).provenancedText
      } catch {
        // A template may refuse what it does not like (gpt-oss: channel marks in an answer), and nothing else may fail.
        #expect(error.reason == .refusedByTemplate, "\(name): \(error)")
        refused += 1
        continue
      }
      let ids = tokenizer.encode(text)
      // Every added token was written by the template ...
      var own: [Int32] = []
      for case .template(let piece) in text.pieces { own += tokenizer.encode(template: piece).filter(added.contains) }
      #expect(ids.filter(added.contains) == own, "\(name): \(hostile)")
      // ... and its control tokens are those it writes around harmless texts.
      let control = ids.filter { tokenizer.isControl($0) }
      let plain = tokenizer.encode(expected.provenancedText).filter { tokenizer.isControl($0) }
      #expect(control == plain, "\(name): \(hostile)")
    }
    #expect(refused < 200)
  }

  /// Who speaks, in an order that most templates take.
  private static func shape(_ generator: inout CaseGenerator) -> [Message.Role] {
    let turns = (0..<Int.random(in: 1...5, using: &generator)).map { $0 % 2 == 0 ? Message.Role.user : .assistant }
    return Bool.random(using: &generator) ? [.system] + turns : turns
  }

  /// Whole tokens, parts of tokens, look-alikes, and what usually follows a token; never white space alone.
  private static func hostileText(_ spellings: [String], _ generator: inout CaseGenerator) -> String {
    let parts = (0..<Int.random(in: 1...5, using: &generator)).map { _ -> String in
      let spelling = generator.pick(spellings)
      let scalars = Array(spelling.unicodeScalars)
      let cut = Int.random(in: 0...scalars.count, using: &generator)
      func text(_ part: some Sequence<Unicode.Scalar>) -> String { String(String.UnicodeScalarView(part)) }
      return switch Int.random(in: 0..<9, using: &generator) {
      case 0, 1, 2: spelling
      case 3: text(scalars[..<cut])
      case 4: text(scalars[cut...])
      case 5:
        text(scalars[..<cut]) + generator.pick(["\u{200B}", "\u{200D}", " ", "\u{AD}", "\u{301}", "<", "|"])
          + text(scalars[cut...])
      case 6: text(scalars.map { $0 == "<" ? "\u{FF1C}" : $0 == "|" ? "\u{FF5C}" : $0 == "[" ? "\u{FF3B}" : $0 })
      case 7: spelling.uppercased()
      default:
        generator.pick([
          "system\n", "\n", " ", "tea", "user", "assistant\n", "é", "{{ bos_token }}", "{% endfor %}", "{#", "日本",
        ])
      }
    }
    return parts.joined() + generator.pick(["", ".", "x"]) + (parts.joined().allSatisfy(\.isWhitespace) ? "." : "")
  }

  @Test func everyAddedTokenInEveryPlace() throws {
    let tokenizer = try TemplateMarks.tokenizer()
    let spellings = tokenizer.addedTokenIDs.filter(tokenizer.isControl).map { tokenizer.decode([$0]) }
    for name in ["chatml", "llama-2", "llama-3.1", "mistral-nemo", "qwen3", "phi-3.5", "zephyr", "deepseek-v3.1"] {
      let program = try TemplateParser.parse(TemplateFixtures.source(name))
      func control(_ texts: [String]) throws -> [Int32] {
        let roles: [Message.Role] = [.system, .user, .assistant, .user]
        let messages = zip(roles, texts).map { Message(role: $0, content: $1) }
        let text = try TemplateFixtures.render(program, messages, generationPrompt: true).provenancedText
        return tokenizer.encode(text).filter { tokenizer.isControl($0) }
      }
      let expected = try control(["a", "b", "c", "d"])
      for spelling in spellings {
        for place in 0..<4 {
          var texts = ["a", "b", "c", "d"]
          texts[place] = spelling
          #expect(try control(texts) == expected, "\(name): \(spelling)")
        }
        // Split over neighbouring turns.
        let half = spelling.unicodeScalars.count / 2
        let scalars = Array(spelling.unicodeScalars)
        let halves = [scalars[..<half], scalars[half...]].map { String(String.UnicodeScalarView($0)) }
        #expect(try control(["a" + halves[0], halves[1], halves[0], halves[1]]) == expected, "\(name): \(spelling)")
      }
    }
  }

  // MARK: Ids

  /// Texts without marks have the ids of the reference's text, which knows no origins.
  @Test func idsAreThoseOfTheReferencesText() throws {
    let tokenizers = try TokenizerTestModel.tokenizers(beside: TemplateMarks.tokenizer())
    let conversations = try TemplateFixtures.conversations()
    var compared = 0
    for tokenizer in tokenizers {
      let spellings = tokenizer.addedTokenIDs.map { tokenizer.decode([$0]) }
      let isPlain = conversations.map { conversation in
        conversation.messages.allSatisfy { message in !spellings.contains { message.content.contains($0) } }
      }
      for row in try TemplateFixtures.rendered() {
        let program = try TemplateParser.parse(TemplateFixtures.source(row.template))
        for (index, conversation) in conversations.enumerated() where isPlain[index] {
          guard let expected = row.results[index].text else { continue }
          let text = try TemplateFixtures.render(
            program, conversation.messages, generationPrompt: conversation.generationPrompt)
          #expect(
            tokenizer.encode(text.provenancedText) == tokenizer.encode(template: expected),
            "\(row.template), conversation \(index)")
          compared += 1
        }
      }
    }
    #expect(compared > 900)
  }
}
