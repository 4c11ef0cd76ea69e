/// Patterns of which whichever matches first is looked for.
///
/// They are indexed by the words they begin with, so that a word costs one look-up and not a try of every pattern.
struct WordPatterns: Sendable {
  private let patterns: [WordPattern]
  /// The positions of the patterns that can begin with a word, ascending.
  private let byFirstWord: [String: [Int]]

  /// - Precondition: Every pattern begins with a word. Patterns are part of the program, so a slip traps.
  init(_ patterns: [WordPattern]) {
    self.patterns = patterns
    var byFirstWord: [String: [Int]] = [:]
    for (position, pattern) in patterns.enumerated() {
      precondition(!pattern.firstWords.isEmpty, "a pattern must begin with a word that is not optional")
      for word in pattern.firstWords { byFirstWord[word, default: []].append(position) }
    }
    self.byFirstWord = byFirstWord
  }

  /// The match that begins first, of the first such pattern, or `nil`.
  func firstMatch(in words: ArraySlice<String>) -> Range<Int>? {
    for start in words.indices {
      for position in byFirstWord[words[start]] ?? [] {
        if let match = patterns[position].match(in: words, at: start) { return match }
      }
    }
    return nil
  }

  /// Both sets of patterns, this one's first.
  static func + (a: WordPatterns, b: WordPatterns) -> WordPatterns { WordPatterns(a.patterns + b.patterns) }
}
