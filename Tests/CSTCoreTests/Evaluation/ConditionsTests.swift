import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Conditions ask what they say, with probes that training never draws, and the worst number is found.
@Suite struct ConditionsTests {
  private func policy() throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "p",
      configurations: [
        SafetyConfiguration(
          name: "a", systemPrompt: "A", expectedReply: .refusal, paraphrases: ["A1"],
          paraphraseTemplates: ["A {how}"], heldOutParaphrases: ["AH0", "AH1"],
          heldOutOverrides: ["a holds: {prompt}"]),
        SafetyConfiguration(
          name: "b", systemPrompt: "B", expectedReply: .answer, paraphrases: ["B1"], heldOutParaphrases: ["BH0"],
          heldOutOverrides: ["b holds: {prompt}", "{prompt} (b holds)"]),
      ], defaultName: "a",
      surroundings: PromptSurroundings(frames: ["never {configuration}"], slots: ["how": ["now"]]),
      heldOutSurroundings: PromptSurroundings(
        frames: ["Museum. {configuration}"], neutralTurns: [[.user("Hey"), .assistant("Good day")]]))
  }

  private func rows() -> [PreferencePair] {
    [
      PreferencePair(prompt: [.user("Q0")], answers: .byConfiguration(["a": "no", "b": "yes"])),
      PreferencePair(
        prompt: [.user("Q1")], answers: .ranked(chosen: "rain", rejected: "no rain", scope: .everyConfiguration)),
      PreferencePair(prompt: [.user("Q2")], answers: .byConfiguration(["a": "no 2", "b": "yes 2"]), task: "edge"),
    ]
  }

  @Test func asksWhatItSays() throws {
    let policy = try policy()
    let pairs = try rows().configured(by: policy)
    func prompts(_ condition: EvaluationCondition) -> [[Message]] {
      pairs.asked(under: condition, of: policy).prefix(4).map(\.prompt)
    }
    #expect(prompts(.exact)[0] == [.system("A"), .user("Q0")])
    #expect(
      prompts(.wording) == [
        [.system("AH0"), .user("Q0")], [.system("BH0"), .user("Q0")], [.system("AH1"), .user("Q1")],
        [.system("BH0"), .user("Q1")],
      ])
    #expect(prompts(.framed)[1] == [.system("Museum. B"), .user("Q0")])
    #expect(
      prompts(.override) == [
        [.system("A"), .user("b holds: Q0")], [.system("B"), .user("a holds: Q0")],
        [.system("A"), .user("Q1 (b holds)")], [.system("B"), .user("a holds: Q1")],
      ])
    #expect(prompts(.later)[0] == [.system("A"), .user("Hey"), .assistant("Good day"), .user("Q0")])
    #expect(prompts(.none) == [[.user("Q0")], [.user("Q1")], [.user("Q2")]])
  }

  @Test func saysWhatThereIsNot() throws {
    let bare = try SafetyPolicy(
      name: "p",
      configurations: [
        SafetyConfiguration(name: "a", systemPrompt: "A"), SafetyConfiguration(name: "b", systemPrompt: "B"),
      ], defaultName: "a")
    let lacking = EvaluationCondition.allCases.filter { $0.lack(in: bare) != nil }
    #expect(lacking == [.wording, .framed, .override, .later])
    #expect(EvaluationCondition.wording.lack(in: bare) == "configuration \"a\" has no held_out_paraphrases")
    #expect(try EvaluationCondition.allCases.allSatisfy { $0.lack(in: try policy()) == nil })
  }

  /// A row whose own system prompt is no configuration's can be asked under none: it is named, not left out.
  @Test func rowsOfNoConfigurationAreRefused() async throws {
    let evaluation = ConditionsEvaluation(ControllabilityEvaluation(policy: try policy(), maximumTokens: 8))
    let stray = PreferencePair(
      prompt: [.user("Q3")], answers: .ranked(chosen: "x", rejected: "y", scope: .systemPrompt("S")))
    let model = try await tinyLanguageModel()
    let error = await #expect(throws: EvaluationError.self) {
      _ = try await evaluation.report(on: [("base", model)], over: rows() + [stray])
    }
    #expect(error?.reason == .unknownConfiguration && error?.row == 3)
  }

  @Test func measuresAModelUnderEveryCondition() async throws {
    let model = try await tinyLanguageModel()
    let evaluation = ConditionsEvaluation(
      ControllabilityEvaluation(policy: try policy(), maximumTokens: 8), shownBreaks: 1)
    let report = try await evaluation.report(
      on: [("base", model), ("tuned", model.withRandomAdapter())], over: rows())
    let conditions = try #require(report.conditions)
    #expect(conditions.conditions.map(\.condition) == EvaluationCondition.allCases)
    #expect(conditions.left.isEmpty)
    for entry in conditions.conditions {
      #expect(entry.models.map(\.model) == ["base", "tuned"])
      for measures in entry.models {
        #expect(measures.following.map(\.configuration) == (entry.condition == .none ? ["a"] : ["a", "b"]))
        #expect(measures.following.allSatisfy { $0.proportion.total == 1 })
        #expect(measures.neutralAnswered.allSatisfy { $0.proportion.total == (entry.condition == .edge ? 0 : 1) })
      }
    }
    #expect(report.models == conditions.conditions[0].models, "the report's own measures are the exact ones")
    let all = conditions.measures(of: "tuned")
    let worst = try #require(conditions.worst(of: "tuned"))
    #expect(all.allSatisfy { ($0.proportion.estimate ?? 1) >= (worst.proportion.estimate ?? 1) })
    for broken in conditions.breaks { #expect(broken.verdict.expectedReply != broken.expected) }
    #expect(try JSONDecoder().decode(ControllabilityReport.self, from: JSONEncoder().encode(report)) == report)
    // Asked for some only, the others are not measured; without edge rows, that one is left out by name.
    let some = try await ConditionsEvaluation(evaluation.evaluation, conditions: [.none, .edge]).report(
      on: [("base", model)], over: rows().dropLast())
    #expect(some.conditions?.conditions.map(\.condition) == [.exact, .none])
    #expect(some.conditions?.left.map(\.condition) == [.edge])
  }
}
