import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

@Suite struct DeduplicationTests {
  private let question = "How long should I boil an egg so that the yolk stays soft in the middle"

  private func row(_ prompt: String, _ answers: PreferencePair.Answers) -> PreferencePair {
    PreferencePair(prompt: [.user(prompt)], answers: answers)
  }

  private func answers(_ a: String, _ b: String) -> PreferencePair.Answers { .byConfiguration(["c0": a, "c1": b]) }

  private func ranked(_ w: String, _ l: String, under system: String) -> PreferencePair.Answers {
    .ranked(chosen: w, rejected: l, scope: .systemPrompt(system))
  }

  private func policy(_ k: Int) throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "p", configurations: (0..<k).map { SafetyConfiguration(name: "c\($0)", systemPrompt: "S\($0)") },
      defaultName: "c0")
  }

  @Test func equalRowsGo() {
    var (other, marked) = (row(question, answers("a", "b")), row(question, answers("a", "b")))
    other.columns["id"] = .integer(1)
    marked.columns["cst_row"] = .integer(4)
    let rows = [
      row("x", answers("a", "b")), row(question, answers("a", "b")), row("x", answers("a", "b")), other, marked,
    ]
    let found = Deduplication(of: rows, nearDuplicates: nil)
    #expect(found.kept == [0, 1, 3])
    #expect(found.removed.map(\.row) == [2, 4] && found.removed.map(\.kept) == [0, 1])
    #expect(found.removed.allSatisfy { $0.reason == .exact && $0.similarity == 1 })
  }

  @Test func nearlyEqualPromptsGoAndTheFirstStays() {
    let rows = [
      row("something else entirely", answers("a", "b")), row(question, answers("a", "b")),
      row(question.uppercased() + "?!", answers("c", "d")), row(question + " please", answers("e", "f")),
      row(question, answers("g", "h")),
    ]
    let found = Deduplication(of: rows)
    #expect(found.kept == [0, 1])
    #expect(found.removed.map(\.kept) == [1, 1, 1])
    #expect(found.removed.allSatisfy { $0.reason == .nearDuplicate })
    #expect(found.removed[1].similarity < 1 && found.removed[1].similarity >= 0.7)
    #expect(Deduplication(of: rows, nearDuplicates: NearDuplicates(threshold: 1)).kept == [0, 1, 3])
  }

  /// Chains: b is like a, c like b, but c not like a. What is removed is always like what is kept.
  @Test(arguments: 0..<6 as Range<UInt64>) func whatGoesIsLikeWhatStays(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let words = (0..<12).map { "word\($0)" }
    let rows = (0..<120).map { number in
      var text = words
      for _ in 0..<Int.random(in: 0...4, using: &generator) {
        text[Int.random(in: 0..<12, using: &generator)] = "other\(Int.random(in: 0..<3, using: &generator))"
      }
      return row(text.joined(separator: " "), answers("a\(number)", "b\(number)"))
    }
    let detector = NearDuplicates()
    let found = Deduplication(of: rows, nearDuplicates: detector)
    #expect(found.removed.count > 10 && found.kept.count > 3)
    #expect((found.kept + found.removed.map(\.row)).sorted() == Array(rows.indices))
    for removal in found.removed {
      #expect(found.kept.contains(removal.kept) && removal.kept < removal.row)
      let similarity = detector.similarity(rows[removal.kept].promptText, rows[removal.row].promptText)
      #expect(similarity == removal.similarity && similarity >= 0.7)
    }
    for (index, a) in found.kept.enumerated() {
      for b in found.kept[..<index] {
        #expect(detector.similarity(rows[a].promptText, rows[b].promptText) < 0.7)
      }
    }
  }

  @Test(arguments: [2, 3]) func twinsStayTogether(k: Int) throws {
    let names = (0..<k).map { "c\($0)" }
    func flip(_ letter: String, _ prompt: String) -> PreferencePair {
      row(prompt, .byConfiguration(Dictionary(uniqueKeysWithValues: names.map { ($0, letter + $0) })))
    }
    let neutral = row("What is a kettle", .ranked(chosen: "w", rejected: "l", scope: .everyConfiguration))
    let rows = try [flip("y", question), neutral, flip("z", question + " please"), flip("v", question)]
      .spelledOut(by: policy(k))
    let found = Deduplication(of: rows)
    #expect(found.kept == Array(0..<k * (k - 1) + k))
    let reversed = Deduplication(of: rows.reversed())
    #expect(try reversed.kept.map { rows.reversed()[$0] }.folded(by: policy(k)) == [flip("v", question), neutral])
  }

  @Test func onePromptUnderOtherSystemPromptsIsNoDuplicate() {
    let rows = [
      row(question, ranked("y0", "y1", under: "S0")), row(question, ranked("z0", "z1", under: "S0")),
      row(question, ranked("z1", "z0", under: "S1")), row(question, ranked("y1", "y0", under: "S1")),
      row(question, ranked("arr", "no", under: "Be a pirate.")), row(question, ranked("v", "u", under: "S1")),
      row(question, answers("p", "q")), row(question, .ranked(chosen: "r", rejected: "s", scope: .unstated)),
    ]
    #expect(Deduplication(of: rows).kept == [0, 3, 4])
    #expect(Deduplication(of: rows.reversed()).kept == [0])
  }
}
