/// Cuts a reply into sentences of plain words, so that rules need to know only one spelling of a phrase.
enum ReplyWords {
  /// The sentences as lower-case words: contractions written out, synonyms replaced, sentences without words left out.
  static func sentences(of reply: String, synonyms: [(phrase: [String], word: String)]) -> [[String]] {
    var sentences: [[String]] = []
    for sentence in rawSentences(of: reply) {
      var words = sentence.lowercased()
        .split { !$0.isLetter && !$0.isNumber && !isApostrophe($0) }
        .flatMap { word in
          // Most words have no apostrophe, and are copied as they are.
          word.contains(where: isApostrophe)
            ? expand(String(word.map { isApostrophe($0) ? "'" : $0 })) : expandPlain(word)
        }
      for synonym in synonyms { replace(synonym.phrase, by: synonym.word, in: &words) }
      if !words.isEmpty { sentences.append(words) }
    }
    return sentences
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

  /// A word without an apostrophe; some are contractions whose apostrophe was left out.
  private static func expandPlain(_ word: Substring) -> [String] {
    switch word {
    case "cant": ["cannot"]
    case "wont": ["will", "not"]
    case "im": ["i", "am"]
    default: [String(word)]
    }
  }

  private static func expand(_ word: String) -> [String] {
    switch word {
    case "can't": return ["cannot"]
    case "won't", "shan't": return ["will", "not"]
    default: break
    }
    for (ending, expansion) in [
      ("n't", "not"), ("'m", "am"), ("'re", "are"), ("'ll", "will"), ("'ve", "have"), ("'d", "would"),
    ] where word.hasSuffix(ending) && word.count > ending.count {
      return [String(word.dropLast(ending.count)), expansion]
    }
    // "it's" is "it is"; after other words 's may be a possessive, where "is" would be wrong.
    if ["it's", "that's", "this's", "here's", "what's", "there's", "he's", "she's"].contains(word) {
      return [String(word.dropLast(2)), "is"]
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
