@testable import CSTText

/// Small vocabularies that need no model file: all 256 bytes, the tokens of the given merges, then the added tokens.
enum TinyTokenizer {
  /// A definition whose merges are written with a space as `_`, so that they are readable.
  static func definition(
    merges: [String], added: [(String, TokenizerDefinition.TokenType)] = [], preTokenizer: String = "smollm"
  ) -> TokenizerDefinition {
    let alphabet = ByteAlphabet()
    var tokens = (0..<256).map { alphabet.spelling(of: [UInt8($0)]) }
    var rules: [String] = []
    for merge in merges {
      let parts = merge.split(separator: " ").map { $0.replacing("_", with: " ") }
      let spellings = parts.map { alphabet.spelling(of: $0.utf8) }
      rules.append(spellings.joined(separator: " "))
      let isAdded = added.contains { $0.0 == parts.joined() }
      if !isAdded && !tokens.contains(spellings.joined()) { tokens.append(spellings.joined()) }
    }
    let types = [TokenizerDefinition.TokenType](repeating: .normal, count: tokens.count) + added.map(\.1)
    return TokenizerDefinition(
      preTokenizer: preTokenizer, tokens: tokens + added.map(\.0), tokenTypes: types, merges: rules)
  }

  /// A vocabulary made to be attacked: merges spell control tokens, tokens are prefixes of others.
  static let hostile = definition(
    merges: [
      "< |", "i m", "im _", "s t", "st a", "sta r", "star t", "start |", "<| im", "<|im start|", "| >", "<|im start",
      "_ _", "<| >",
    ],
    added: [
      ("<|im_start|>", .control), ("<|im_end|>", .control), ("<|im", .userDefined), ("<|end|>", .control),
      ("<|imstart|", .control), ("  ", .userDefined), ("<|>", .control), ("日本", .control),
    ])
}

/// The splitmix64 generator: the same cases in every run.
struct CaseGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func pick<Elements: RandomAccessCollection>(_ elements: Elements) -> Elements.Element {
    elements[elements.index(elements.startIndex, offsetBy: Int.random(in: 0..<elements.count, using: &self))]
  }
}
