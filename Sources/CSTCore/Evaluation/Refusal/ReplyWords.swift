/// Cuts a reply into sentences of plain words, so that rules need to know only one spelling of a phrase.
///
/// Unlike everywhere else, an apostrophe is part of a word here: it tells "can't" from "can".
struct ReplyWords: Sendable {
  /// Words that stand for several.
  let contractions: [String: String]
  /// Ends of words that stand for a word behind the rest.
  let contractedEndings: [(ending: String, word: String)]
  /// Phrases that are replaced by a word, in order.
  let synonyms: [(phrase: [String], word: String)]

  /// The sentences as lower-case words: contractions written out, synonyms replaced, sentences without words left out.
  func sentences(of reply: String) -> [[String]] {
    Self.rawSentences(of: reply).compactMap { sentence in
      var words = sentence.lowercased().split { !$0.isLetter && !$0.isNumber && !Self.isApostrophe($0) }
        .flatMap { word in
          // Most words have no apostrophe, and are copied as they are.
          expand(
            word.contains(where: Self.isApostrophe)
              ? String(word.map { Self.isApostrophe($0) ? "'" : $0 }) : String(word))
        }
      for synonym in synonyms { Self.replace(synonym.phrase, by: synonym.word, in: &words) }
      return words.isEmpty ? nil : words
    }
  }

  /// A sentence ends at . ! ? or a line break, but not inside a number such as 2.5.
  private static func rawSentences(of reply: String) -> [Substring] {
    var sentences: [Substring] = []
    var start = reply.startIndex
    var position = start
    while position < reply.endIndex {
      let character = reply[position]
      let next = reply.index(after: position)
      let insideNumber = character == "." && next < reply.endIndex && reply[next].isNumber
      if character.isNewline || character == "!" || character == "?" || (character == "." && !insideNumber) {
        sentences.append(reply[start..<position])
        start = next
      }
      position = next
    }
    sentences.append(reply[start...])
    return sentences
  }

  /// The typewriter's apostrophe, the printer's, and what people type for them.
  private static func isApostrophe(_ character: Character) -> Bool {
    switch character {
    case "'", "\u{2019}", "\u{2018}", "\u{02BC}", "\u{00B4}", "`": true
    default: false
    }
  }

  /// A contraction as the words it stands for; any other word as it is, without apostrophes.
  private func expand(_ word: String) -> [String] {
    if let words = contractions[word] { return words.split(separator: " ").map(String.init) }
    guard word.contains("'") else { return [word] }
    for (ending, expansion) in contractedEndings where word.hasSuffix(ending) && word.count > ending.count {
      return [String(word.dropLast(ending.count)), expansion]
    }
    let bare = word.split(separator: "'").joined()
    return bare.isEmpty ? [] : [bare]
  }

  private static func replace(_ phrase: [String], by word: String, in words: inout [String]) {
    var position = 0
    while position + phrase.count <= words.count {
      if words[position] == phrase.first, words[position..<position + phrase.count].elementsEqual(phrase) {
        words.replaceSubrange(position..<position + phrase.count, with: [word])
      }
      position += 1
    }
  }
}
