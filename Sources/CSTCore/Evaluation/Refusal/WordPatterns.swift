/// Patterns of which whichever matches first is looked for.
///
/// They are indexed by the words they begin with, so that a word costs one look-up and not a try of every pattern.
struct WordPatterns: Sendable {
  /// The patterns that can begin with a word, in order.
  private let byFirstWord: [String: [WordPattern]]

  /// - Precondition: Every pattern begins with a word. Patterns are part of the program, so a slip traps.
  init(_ texts: [String], lists: [String: Set<String>]) {
    byFirstWord = texts.map { WordPattern($0, lists: lists) }.reduce(into: [:]) { byFirstWord, pattern in
      precondition(!pattern.firstWords.isEmpty, "a pattern must begin with a word that is not optional")
      for word in pattern.firstWords { byFirstWord[word, default: []].append(pattern) }
    }
  }

  private init(byFirstWord: [String: [WordPattern]]) { self.byFirstWord = byFirstWord }

  /// The match that begins first, of the first such pattern, or `nil`.
  func firstMatch(in words: ArraySlice<String>) -> Range<Int>? {
    for start in words.indices {
      for pattern in byFirstWord[words[start]] ?? [] {
        if let match = pattern.match(in: words, at: start) { return match }
      }
    }
    return nil
  }

  /// Both sets of patterns, this one's first.
  static func + (a: WordPatterns, b: WordPatterns) -> WordPatterns {
    WordPatterns(byFirstWord: a.byFirstWord.merging(b.byFirstWord, uniquingKeysWith: +))
  }
}

/// A pattern over words, in the language that ``RefusalRules`` describes.
private struct WordPattern: Hashable, Sendable {
  private enum Element: Hashable, Sendable {
    case word(Set<String>)
    case optional(Set<String>)
    case gap(Int)
    case end
  }

  private let elements: [Element]

  /// - Precondition: Every `@name` is a key of `lists`. Patterns are part of the program, so a slip traps.
  init(_ text: String, lists: [String: Set<String>]) {
    elements = text.split(separator: " ").map { part in
      if part == "$" { return .end }
      if part.hasPrefix(".."), let length = Int(part.dropFirst(2)) { return .gap(length) }
      let isOptional = part.hasSuffix("?")
      var words: Set<String> = []
      for name in (isOptional ? part.dropLast() : part).split(separator: "|") {
        if name.hasPrefix("@") {
          guard let list = lists[String(name.dropFirst())] else {
            preconditionFailure("the pattern \"\(text)\" names the unknown word list \(name)")
          }
          words.formUnion(list)
        } else {
          words.insert(String(name))
        }
      }
      return isOptional ? .optional(words) : .word(words)
    }
  }

  /// The words a match can begin with; none where the pattern does not begin with a word.
  var firstWords: Set<String> {
    if case .word(let words)? = elements.first { words } else { [] }
  }

  /// The match that begins with the word at `start`, as a range of the sentence's words, or `nil`.
  func match(in words: ArraySlice<String>, at start: Int) -> Range<Int>? {
    end(of: elements[...], in: words, at: start).map { start..<$0 }
  }

  private func end(of elements: ArraySlice<Element>, in words: ArraySlice<String>, at position: Int) -> Int? {
    guard let element = elements.first else { return position }
    let rest = elements.dropFirst()
    switch element {
    case .word(let choices):
      guard position < words.endIndex, choices.contains(words[position]) else { return nil }
      return end(of: rest, in: words, at: position + 1)
    case .optional(let choices):
      if position < words.endIndex, choices.contains(words[position]),
        let end = end(of: rest, in: words, at: position + 1)
      {
        return end
      }
      return end(of: rest, in: words, at: position)
    case .gap(let length):
      for next in position...min(position + length, words.endIndex) {
        if let end = end(of: rest, in: words, at: next) { return end }
      }
      return nil
    case .end:
      return position == words.endIndex ? end(of: rest, in: words, at: position) : nil
    }
  }
}
