import CSTCore
import Foundation
import Testing

@Suite struct SoftLabelTests {
  let policy: SafetyPolicy

  init() throws {
    policy = try SafetyPolicy(
      name: "two",
      configurations: [
        SafetyConfiguration(name: "cautious", systemPrompt: "S0", paraphrases: ["S0, reworded"]),
        SafetyConfiguration(name: "direct", systemPrompt: "S1"),
      ], defaultName: "cautious")
  }

  private func score(_ cautious: Double, _ addresses: Double) -> AnswerScore {
    AnswerScore(follows: ["cautious": cautious, "direct": 1 - cautious], addresses: addresses)
  }

  private func ranked(
    _ scope: PreferencePair.Scope, _ chosen: AnswerScore?, _ rejected: AnswerScore?
  ) -> PreferencePair {
    var scores: [String: AnswerScore] = [:]
    scores["chosen"] = chosen
    scores["rejected"] = rejected
    return PreferencePair(
      prompt: [.user("x")], answers: .ranked(chosen: "w", rejected: "l", scope: scope), judgeScores: scores)
  }

  private func flip(_ scores: [String: AnswerScore]?) -> PreferencePair {
    PreferencePair(
      prompt: [.user("x")], answers: .byConfiguration(["cautious": "y0", "direct": "y1"]), judgeScores: scores)
  }

  private func labels(_ row: PreferencePair) throws -> [Double] {
    try [row].configured(by: policy, labels: .fromJudge).map(\.preference)
  }

  /// Strengths written out: under cautious 0.75·0.5 against 0.25·1, under direct 0.75·1 against 0.25·0.5.
  @Test func aFlipsLabelsAreBradleyAndTerrys() throws {
    let row = flip(["cautious": score(0.75, 0.5), "direct": score(0.25, 1)])
    #expect(try labels(row) == [0.375 / (0.375 + 0.25), 0.75 / (0.75 + 0.125)])
    #expect(try [row].configured(by: policy).map(\.preference) == [1, 1])
    #expect(try [row].vanilla(by: policy).map(\.preference) == [1])
  }

  @Test func neutralRowsCountWhatAddressesTheQuestion() throws {
    let row = ranked(.everyConfiguration, score(0.9, 0.75), score(0.2, 0.25))
    #expect(try labels(row) == [0.75, 0.75])
    // The same written out with system prompts.
    var copy = ranked(.systemPrompt("S1"), score(0.9, 0.75), score(0.2, 0.25))
    copy.columns[PreferencePair.formColumn] = .string("neutral")
    #expect(try labels(copy) == [0.75])
  }

  @Test func rowsOfAConfigurationAreJudgedUnderIt() throws {
    let (chosen, rejected) = (score(0.75, 1), score(0.25, 1))
    #expect(try labels(ranked(.configuration("cautious"), chosen, rejected)) == [0.75])
    #expect(try labels(ranked(.configuration("direct"), chosen, rejected)) == [0.25])
    #expect(try labels(ranked(.systemPrompt("S1"), chosen, rejected)) == [0.25])
    #expect(try labels(ranked(.systemPrompt("S0, reworded"), chosen, rejected)) == [0.75])
    #expect(try labels(ranked(.systemPrompt("Be a pirate."), chosen, rejected)) == [1])
  }

  @Test func nothingIsClampedAndTwoZerosAreACoin() throws {
    #expect(try labels(flip(nil)) == [1, 1])
    #expect(try labels(flip(["cautious": score(1, 1), "direct": score(0, 1)])) == [1, 1])
    #expect(try labels(flip(["cautious": score(0, 1), "direct": score(1, 1)])) == [0, 0])
    #expect(try labels(flip(["cautious": score(0.5, 0), "direct": score(0.5, 0)])) == [0.5, 0.5])
    #expect(try labels(flip(["cautious": score(0, 1), "direct": score(0, 1)])) == [0.5, 0.5])
  }

  @Test func scoresThatAreMissingOrNoProbabilitiesAreRefused() throws {
    let good = score(0.5, 0.5)
    let unsure = AnswerScore(follows: ["cautious": 1], addresses: 1)
    let cases = [
      (flip(["cautious": good]), "\"direct\""), (flip([:]), "no score"),
      (flip(["cautious": unsure, "direct": unsure]), "follows \"direct\""),
      (flip(["cautious": score(1.5, 1), "direct": good]), "cautious.follows.cautious is 1.5"),
      (flip(["cautious": score(0.5, -1), "direct": good]), "cautious.addresses is -1"),
      (ranked(.everyConfiguration, score(0.5, .nan), good), "nan"),
      (ranked(.configuration("direct"), good, nil), "\"rejected\""),
    ]
    for (bad, detail) in cases {
      let error = #expect(throws: PreferenceError.self) {
        try [flip(nil), bad].configured(by: policy, labels: .fromJudge)
      }
      #expect(error?.reason == .unusableJudgeScores && error?.row == 1)
      #expect(error?.detail.contains(detail) == true, "\(String(describing: error))")
      #expect(try [bad].configured(by: policy).allSatisfy { $0.preference == 1 })
    }
  }

  @Test func pairsOfBeforeThereWereLabelsAreCertain() throws {
    let pair = ConfiguredPair(
      prompt: [.user("x")], chosen: "w", rejected: "l", configuration: nil, source: 3, preference: 0.25)
    let data = try JSONEncoder().encode(pair)
    #expect(try JSONDecoder().decode(ConfiguredPair.self, from: data) == pair)
    let old = #"{"prompt":[{"role":"user","content":"x"}],"chosen":"w","rejected":"l","source":3}"#
    #expect(try JSONDecoder().decode(ConfiguredPair.self, from: Data(old.utf8)).preference == 1)
  }
}
