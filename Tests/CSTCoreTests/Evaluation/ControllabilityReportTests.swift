import CSTReports
import CSTCore
import Foundation
import TestSupport
import Testing

@Suite struct ControllabilityReportTests {
  let report: ControllabilityReport

  init() throws {
    report = try ControllabilityReport(
      policy: ReportFixture.policy(), settings: ReportFixture.settings,
      evidence: [ReportFixture.alwaysSafe, ReportFixture.switching])
  }

  @Test func countsTheModelThatIsAlwaysSafe() {
    let measures = report.models[0]
    #expect(measures.model == "vanilla DPO")
    #expect(measures.preference.map(\.configuration) == ["cautious", "direct"])
    #expect(measures.preference.map(\.proportion) == [Proportion(4, of: 4), Proportion(1, of: 4)])
    #expect(measures.switching == Proportion(0, of: 2))
    #expect(measures.following.map(\.proportion) == [Proportion(2, of: 2), Proportion(1, of: 2)])
    #expect(measures.neutralAnswered.map(\.proportion) == [Proportion(1, of: 2), Proportion(2, of: 2)])
    #expect(measures.neutralAnsweredThroughout == Proportion(1, of: 2))
    #expect(measures.overRefusal == Proportion(1, of: 4))
    #expect(measures.unusable == Proportion(0, of: 8))
  }

  @Test func countsTheModelThatSwitches() {
    let measures = report.models[1]
    // The margin of exactly 0 is a tie, and the looping reply follows nothing.
    #expect(measures.preference.map(\.proportion) == [Proportion(4, of: 4), Proportion(3, of: 4)])
    #expect(measures.switching == Proportion(1, of: 2))
    #expect(measures.following.map(\.proportion) == [Proportion(2, of: 2), Proportion(1, of: 2)])
    #expect(measures.neutralAnsweredThroughout == Proportion(2, of: 2))
    #expect(measures.overRefusal == Proportion(0, of: 4))
    #expect(measures.unusable == Proportion(1, of: 8))
  }

  @Test func switchingNeedsEveryOrderedPairOfARow() throws {
    let policy = try ReportFixture.policy(
      ["a", "b", "c"].map { SafetyConfiguration(name: $0, systemPrompt: "S\($0)") })
    func switching(_ margins: [(String, Double)]) throws -> Proportion {
      let scores = margins.map { ModelEvidence.Score(configuration: $0.0, row: 7, isNeutral: false, margin: $0.1) }
      let evidence = ModelEvidence(model: "m", scores: scores, replies: [])
      return try ControllabilityReport(policy: policy, settings: ReportFixture.settings, evidence: [evidence])
        .models[0].switching
    }
    let five = [("a", 1.0), ("a", 1), ("b", 1), ("b", 1), ("c", 1)]
    #expect(try switching(five + [("c", 1)]) == Proportion(1, of: 1))
    #expect(try switching(five + [("c", -1)]) == Proportion(0, of: 1))
    #expect(try switching([("a", 1)]) == Proportion(0, of: 0))
  }

  @Test func configurationsThatExpectNothingHaveNoS() throws {
    let policy = try ReportFixture.policy([
      SafetyConfiguration(name: "cautious", systemPrompt: "S0"),
      SafetyConfiguration(name: "direct", systemPrompt: "S1", expectedReply: .answer),
    ])
    let report = try ControllabilityReport(
      policy: policy, settings: ReportFixture.settings, evidence: [ReportFixture.switching])
    #expect(report.models[0].following.map(\.configuration) == ["direct"])
  }

  @Test func samplesAlternateAndShowEveryModel() throws {
    #expect(report.samples.map(\.row) == [0, 2, 1, 3])
    #expect(report.samples.map(\.isNeutral) == [false, true, false, true])
    let entries = report.samples[0].entries
    #expect(entries.map(\.configuration) == ["cautious", "cautious", "direct", "direct"])
    #expect(entries.map(\.model) == ["vanilla DPO", "CST", "vanilla DPO", "CST"])
    #expect(entries.map(\.verdict) == [.refusal, .refusal, .refusal, .answer])
    let fewer = try ControllabilityReport(
      policy: ReportFixture.policy(), settings: ReportFixture.settings, evidence: [ReportFixture.switching],
      sampleCount: 1)
    #expect(fewer.samples.map(\.row) == [0])
  }

  @Test func refusesEvidenceThatDoesNotAddUp() throws {
    func failure(_ change: (inout ModelEvidence) -> Void) throws -> EvaluationError? {
      var evidence = ReportFixture.switching
      change(&evidence)
      let policy = try ReportFixture.policy()
      return #expect(throws: EvaluationError.self) {
        try ControllabilityReport(policy: policy, settings: ReportFixture.settings, evidence: [evidence])
      }
    }
    let notANumber = try failure { $0.scores[3].margin = .nan }
    #expect(notANumber?.reason == .nonFiniteScore)
    #expect(notANumber?.row == 1)
    #expect(notANumber?.description.contains("CST") == true)
    #expect(try failure { $0.scores[0].margin = .infinity }?.reason == .nonFiniteScore)
    #expect(try failure { $0.scores[0].configuration = "brief" }?.reason == .unknownConfiguration)
    #expect(try failure { $0.replies[0].configuration = "brief" }?.reason == .unknownConfiguration)
    let foreign = try failure { $0.scores[0].configuration = nil }
    #expect(foreign?.reason == .unknownConfiguration)
    #expect(foreign?.detail.contains("the row's own system prompt is not in the policy \"advice\"") == true)
    #expect(try failure { $0.replies[1].configuration = "cautious" }?.reason == .duplicate)
    let gap = try failure { $0.replies.removeLast() }
    #expect(gap?.reason == .incomplete)
    #expect(gap?.row == 3)
    #expect(gap?.detail.contains("\"direct\"") == true)
  }

  @Test func anEmptyEvaluationIsAReportToo() throws {
    let empty = try ControllabilityReport(
      policy: ReportFixture.policy(), settings: ReportFixture.settings, evidence: [])
    #expect(empty.models.isEmpty && empty.samples.isEmpty)
    #expect(empty.text().contains("advice"))
    #expect(HTMLReport(empty).text.contains("</html>"))
  }

  @Test func survivesARoundTrip() throws {
    #expect(try roundTrip(report) == report)
    var generator = SeededGenerator(seed: 41)
    for _ in 0..<40 {
      let texts = [ReportFixture.refusal, ReportFixture.answer, "", "</script>\u{0}\u{2028}\"\\", "🧂 é ﷽"]
      let evidence = (0..<3).map { model in
        ReportFixture.evidence(
          "model \(model) \(texts[generator.uniform(below: 5)])",
          margins: (0..<generator.uniform(below: 6)).map { _ in (generator.uniform() - 0.5, generator.uniform() - 0.5)
          },
          replies: (0..<generator.uniform(below: 6)).map { _ in
            (texts[generator.uniform(below: 5)], texts[generator.uniform(below: 5)])
          })
      }
      var settings = ReportFixture.settings
      settings.decoding.temperature = generator.uniform()
      let random = try ControllabilityReport(policy: ReportFixture.policy(), settings: settings, evidence: evidence)
      #expect(try roundTrip(random) == random)
    }
  }

  private func roundTrip(_ report: ControllabilityReport) throws -> ControllabilityReport {
    try JSONDecoder().decode(ControllabilityReport.self, from: JSONEncoder().encode(report))
  }
}
