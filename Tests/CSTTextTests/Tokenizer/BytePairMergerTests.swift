import TestSupport
import Testing

@testable import CSTText

struct BytePairMergerTests {
  /// Both ways of merging against the definition of BPE written down plainly, for words up to 200 bytes.
  @Test func mergesAreThoseOfTheDefinition() throws {
    var generator = CaseGenerator(seed: 5)
    let letters = ["a", "b", "c"]
    for _ in 0..<40 {
      var tokens = letters
      var merges: [String] = []
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        let (left, right) = (generator.pick(tokens), generator.pick(tokens))
        guard !tokens.contains(left + right) else { continue }
        tokens.append(left + right)
        merges.append("\(left) \(right)")
      }
      let tokenizer = try Tokenizer(TinyTokenizer.definition(merges: merges))
      for _ in 0..<20 {
        let count = Int.random(in: 1...200, using: &generator)
        let word = (0..<count).map { _ in generator.pick(letters) }
        let ids = tokenizer.encode(content: word.joined())
        #expect(ids.map { tokenizer.decode([$0]) } == Self.merge(word, by: merges))
      }
    }
  }

  @Test func repeatedWordsGetTheSameIds() throws {
    let tokenizer = try Tokenizer(TinyTokenizer.definition(merges: ["_ t", "h e", "_t he", "c a", "_ ca"]))
    let sentence = " the cat the \u{4} hat, then the ca ca"
    let once = tokenizer.encode(content: sentence)
    let often = tokenizer.encode(content: String(repeating: sentence, count: 500))
    #expect(often == Array(repeating: once, count: 500).flatMap { $0 })
  }

  /// Merging is near-linear in one long word: a quadratic merge would take hours here.
  @Test func aMillionLettersWithoutASpace() throws {
    #if DEBUG
      let count = 1 << 14
    #else
      let count = 1 << 20
    #endif
    var tokens = ["a"]
    for _ in 0..<6 { tokens.append(tokens[tokens.count - 1] + tokens[tokens.count - 1]) }
    let tokenizer = try Tokenizer(TinyTokenizer.definition(merges: tokens.dropLast().map { "\($0) \($0)" }))
    expectNearLinear(tokenizer, count)
  }

  /// The same for SentencePiece's merges by score, in a text without a space.
  @Test func aMillionLettersMergedByScore() throws {
    #if DEBUG
      let count = 1 << 14
    #else
      let count = 1 << 20
    #endif
    var tokens = ["<unk>", "▁", "a"]
    for _ in 0..<6 { tokens.append(tokens[tokens.count - 1] + tokens[tokens.count - 1]) }
    let tokenizer = try Tokenizer(
      TokenizerDefinition(
        model: "llama", preTokenizer: "default", tokens: tokens,
        tokenTypes: [.unknown] + [TokenizerDefinition.TokenType](repeating: .normal, count: tokens.count - 1),
        scores: tokens.indices.map { -Float($0) }, merges: [], unknownID: 0, unknownText: .fusedToken))
    expectNearLinear(tokenizer, count)
  }

  /// Sixteen times as many letters take some sixteen times as long; a quadratic merge takes 256 times. A ratio of one run, the
  /// shorter text at its best of three: machines and their load differ.
  private func expectNearLinear(_ tokenizer: Tokenizer, _ count: Int) {
    func duration(_ count: Int) -> Duration {
      let text = String(repeating: "a", count: count)
      var ids: [Int32] = []
      let duration = ContinuousClock().measure { ids = tokenizer.encode(content: text) }
      #expect(ids.count == count / 64)
      return duration
    }
    let short = (0..<3).map { _ in duration(count / 16) }.min() ?? .zero
    #expect(duration(count) / short < 120)
  }

  private static func merge(_ word: [String], by merges: [String]) -> [String] {
    var symbols = word
    while true {
      let ranked = symbols.indices.dropLast().compactMap { index in
        merges.firstIndex(of: "\(symbols[index]) \(symbols[index + 1])").map { ($0, index) }
      }
      guard let best = ranked.min(by: <) else { return symbols }
      symbols[best.1] += symbols.remove(at: best.1 + 1)
    }
  }
}
