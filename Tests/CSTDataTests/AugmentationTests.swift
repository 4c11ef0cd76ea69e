import CSTCore
import CSTData
import Testing

@Suite struct AugmentationTests {
  private func policy(_ paraphrases: [[String]]) throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "p",
      configurations: paraphrases.enumerated().map { index, texts in
        SafetyConfiguration(name: "c\(index)", systemPrompt: "S\(index)", paraphrases: texts)
      }, defaultName: "c0")
  }

  private func rows(_ count: Int, configurations k: Int) -> [PreferencePair] {
    (0..<count).map { number in
      let prompt: [Message] = [.user("x\(number)")]
      guard number % 5 > 0 else {
        return PreferencePair(prompt: prompt, answers: .ranked(chosen: "w", rejected: "l", scope: .everyConfiguration))
      }
      let texts = Dictionary(uniqueKeysWithValues: (0..<k).map { ("c\($0)", "y\($0)") })
      return PreferencePair(prompt: prompt, answers: .byConfiguration(texts), columns: ["id": .integer(number)])
    }
  }

  private func systems(_ rows: [PreferencePair]) -> [String] {
    rows.compactMap { if case .ranked(_, _, .systemPrompt(let text)) = $0.answers { text } else { nil } }
  }

  @Test(arguments: [2, 3]) func writesOutTheFlip(k: Int) throws {
    let policy = try policy([[String]](repeating: [], count: k))
    let rows = rows(10, configurations: k)
    let flipped = try rows.augmented(by: policy)
    #expect(flipped.count == 8 * k * (k - 1) + 2 * k)
    #expect(try flipped == rows.spelledOut(by: policy))
    #expect(try flipped.folded(by: policy) == rows)
    var pairs = try flipped.configured(by: policy)
    let expected = try rows.configured(by: policy)
    for index in pairs.indices { pairs[index].source = expected[index].source }
    #expect(pairs == expected)
  }

  @Test func wordingsAreDrawnFromTheSeed() throws {
    let policy = try policy([["S0 b", "S0 c", "S0"], ["S1 b", "S1 c"]])
    let rows = rows(300, configurations: 2)
    let drawn = try rows.augmented(by: policy, wording: .drawn(seed: 1))
    #expect(try drawn == rows.augmented(by: policy, wording: .drawn(seed: 1)))
    #expect(try drawn != rows.augmented(by: policy, wording: .drawn(seed: 2)))
    // Rows do not depend on those before them, and only the wording differs from the plain flip.
    #expect(try Array(drawn.prefix(20)) == rows.prefix(10).map { $0 }.augmented(by: policy, wording: .drawn(seed: 1)))
    let plain = try rows.augmented(by: policy)
    let counts = Dictionary(systems(drawn).map { ($0, 1) }, uniquingKeysWith: +)
    #expect(Set(counts.keys) == ["S0", "S0 b", "S0 c", "S1", "S1 b", "S1 c"])
    // 300 draws of three: 100 each, give or take 5 standard deviations of 8.
    #expect(counts.values.allSatisfy { abs($0 - 100) < 41 }, "\(counts)")
    for (row, original) in zip(drawn, plain) {
      #expect(row.prompt == original.prompt && row.columns == original.columns)
      let (a, b) = try ([row].configured(by: policy)[0], [original].configured(by: policy)[0])
      #expect(a.configuration == b.configuration && a.chosen == b.chosen && a.rejected == b.rejected)
    }
    #expect(throws: PreferenceError.self) { try drawn.folded(by: policy) }
  }

  @Test func allWordingsWeighBothTwinsAlike() throws {
    let policy = try policy([["S0 b", "S0 c"], ["S1 b"], []])
    let rows = rows(5, configurations: 3)
    let all = try rows.augmented(by: policy, wording: .all)
    #expect(all.count == 3 * (4 * 6 + 3))
    let counts = Dictionary(try all.configured(by: policy).map { ($0.configuration, 1) }, uniquingKeysWith: +)
    #expect(counts == ["c0": 27, "c1": 27, "c2": 27])
    #expect(Set(systems(all)) == ["S0", "S0 b", "S0 c", "S1", "S1 b", "S2"])
    #expect(systems(Array(all.prefix(9))) == ["S0", "S1", "S2", "S0 b", "S1 b", "S2", "S0 c", "S1", "S2"])
  }

  @Test func otherSystemPromptsStay() throws {
    let policy = try policy([["S0 b"], ["S1 b"]])
    func row(_ scope: PreferencePair.Scope) -> PreferencePair {
      PreferencePair(prompt: [.user("x")], answers: .ranked(chosen: "w", rejected: "l", scope: scope))
    }
    let rows = [row(.systemPrompt("Be a pirate.")), row(.systemPrompt("S0 b")), row(.unstated)]
    #expect(systems(try rows.augmented(by: policy, wording: .all)) == ["Be a pirate.", "S0 b"])
    #expect(systems(try [row(.systemPrompt("S1"))].augmented(by: policy, wording: .all)) == ["S1", "S1 b"])
    #expect(systems(try [row(.configuration("c1"))].augmented(by: policy, wording: .all)) == ["S1", "S1 b"])
  }

  @Test func refusesToRewordWithoutParaphrases() throws {
    let policy = try policy([[], []])
    let error = #expect(throws: PreferenceError.self) {
      try rows(1, configurations: 2).augmented(by: policy, wording: .drawn(seed: 1))
    }
    #expect(error?.reason == .invalidPolicy)
  }
}
