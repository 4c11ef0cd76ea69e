@testable import CSTText

/// A vocabulary with every mark that occurs in the fixtures' templates: what an attacker would like to write.
enum TemplateMarks {
  /// Control tokens, and tokens that are added but are text (`<think>`, `</tool_call>`).
  static func vocabulary() throws -> [(String, TokenizerDefinition.TokenType)] {
    var control: Set<String> = ["<s>", "</s>", "<unk>", "<pad>"]
    var text: Set<String> = []
    for name in try TemplateFixtures.names() {
      let source = try TemplateFixtures.source(name)
      for mark in marks(in: source, opening: "<", closing: ">") {
        // Marks made like words of XML are text in the vocabularies that have them.
        let word = mark.dropFirst().dropLast().drop { $0 == "/" }
        let isWord = word.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") } && !mark.hasSuffix("_of_turn>")
        if isWord { text.insert(mark) } else { control.insert(mark) }
      }
      for mark in marks(in: source, opening: "[", closing: "]")
      where mark.dropFirst().dropLast().allSatisfy({ $0.isASCII && ($0.isUppercase || $0 == "_" || $0 == "/") }) {
        control.insert(mark)
      }
    }
    // Some that templates put together from parts, or that look otherwise.
    control.formUnion(["<|user|>", "<|assistant|>", "<|system|>", "[e~[", "]~b]", "]~!b["])
    text.subtract(control)
    return control.sorted().map { ($0, .control) } + text.sorted().map { ($0, .userDefined) }
  }

  private static func marks(in source: String, opening: Character, closing: Character) -> [String] {
    var found: [String] = []
    for part in source.split(separator: opening, omittingEmptySubsequences: false).dropFirst() {
      guard let end = part.firstIndex(of: closing) else { continue }
      let inner = part[..<end]
      let isPlain = inner.allSatisfy { !$0.isWhitespace && !"'\"{}%,()\\+".contains($0) }
      if !inner.isEmpty && inner.utf8.count <= 40 && isPlain { found.append("\(opening)\(inner)\(closing)") }
    }
    return found
  }

  static func tokenizer() throws -> Tokenizer {
    let added = try vocabulary()
    var definition = TinyTokenizer.definition(merges: ["t h", "th e", "_ a", "i n"], added: added)
    let ids = Dictionary(uniqueKeysWithValues: definition.tokens.enumerated().map { ($1, $0) })
    definition.bosID = ids["<s>"]
    definition.eosID = ids["</s>"]
    definition.unknownID = ids["<unk>"]
    definition.paddingID = ids["<pad>"]
    return try Tokenizer(definition)
  }
}
