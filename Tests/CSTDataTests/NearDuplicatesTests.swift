import CSTCore
import CSTData
import Testing

@Suite struct NearDuplicatesTests {
  @Test func countsSharedShingles() {
    let words = NearDuplicates(shingleLength: 1)
    #expect(words.similarity("a b c", "c b a") == 1)
    #expect(words.similarity("a b c", "b c d") == 0.5)
    let pairs = NearDuplicates(shingleLength: 2)
    #expect(pairs.similarity("a b c", "a b d") == 1 / 3.0)
    #expect(pairs.similarity("a b c", "c b a") == 0)
    #expect(pairs.similarity("a", "a") == 1)
    #expect(pairs.similarity("a", "b") == 0)
    #expect(pairs.similarity("", "?!") == 1)
    #expect(pairs.similarity("", "a") == 0)
  }

  @Test func ignoresCaseAndPunctuation() {
    let detector = NearDuplicates()
    #expect(detector.similarity("How do I boil an egg?", "how do I, boil an EGG") == 1)
    #expect(detector.similarity("Where is the Ärger?", "where is the ärger") == 1)
    #expect(detector.similarity("What is the capital of France?", "What is the capital of Spain?") < 0.7)
  }

  @Test func groupsAreTransitiveAndComplete() {
    let texts = [
      "one two three four five six seven eight", "unrelated words in here", "one two three four five six seven",
      "one two three four five six", "Unrelated words, in here!", "",
    ]
    #expect(NearDuplicates(threshold: 0.8).groups(in: texts) == [[0, 2, 3], [1, 4], [5]])
    #expect(NearDuplicates().groups(in: []).isEmpty)
  }

  @Test func reportsTheMostSimilarMatch() {
    let others = ["a b c d e f x", "a b c d e f g", "p q r s"]
    let matches = NearDuplicates(threshold: 0.5).matches(of: ["A b c d e f g!", "z z z", "p q r s t"], in: others)
    #expect(matches.map(\.query) == [0, 2])
    #expect(matches.map(\.candidate) == [1, 2])
    #expect(matches.map(\.similarity) == [1, 0.75])
  }

  /// The index only proposes candidates: nothing that comparing all pairs finds may be missing.
  @Test(arguments: [0.3, 0.5, 0.7, 0.75, 0.9, 1.0]) func findsWhatComparingAllPairsFinds(threshold: Double) {
    var generator = SeededGenerator(seed: 23)
    let texts = (0..<60).map { _ in
      (0...generator.uniform(below: 9)).map { _ in "w\(generator.uniform(below: 6))" }.joined(separator: " ")
    }
    let detector = NearDuplicates(shingleLength: 2, threshold: threshold)
    let (queries, others) = (Array(texts[..<30]), Array(texts[30...]))
    let expected = queries.indices.compactMap { query in
      let similarities = others.map { detector.similarity(queries[query], $0) }
      let best = similarities.max() ?? 0
      return best >= threshold ? [query, similarities.firstIndex(of: best) ?? -1] : nil
    }
    #expect(detector.matches(of: queries, in: others).map { [$0.query, $0.candidate] } == expected)
    for group in detector.groups(in: texts) where group.count > 1 {
      for member in group {
        #expect(group.contains { $0 != member && detector.similarity(texts[$0], texts[member]) >= threshold })
      }
    }
    let groupOf = detector.groups(in: texts).enumerated().reduce(into: [Int: Int]()) { result, entry in
      for member in entry.element { result[member] = entry.offset }
    }
    for a in texts.indices {
      for b in texts.indices where detector.similarity(texts[a], texts[b]) >= threshold {
        #expect(groupOf[a] == groupOf[b])
      }
    }
  }
}
