import CSTCore
import Foundation
import Testing

@testable import CSTData

@Suite struct SynthesisPromptsTests {
  private func policy(_ more: String) throws -> SafetyPolicy {
    let text = """
      {"name": "p", "default": "a", "configurations": [
        {"name": "a", "system": "Be a.", "principles": ["One.", "Two."]}, {"name": "b", "system": "Be b."}]\(more)}
      """
    return try JSONDecoder().decode(SafetyPolicy.self, from: Data(text.utf8))
  }

  /// The same, once what it says about generating data has been read.
  private func checked(_ more: String) throws -> SafetyPolicy {
    let policy = try policy(more)
    _ = try (policy.rubric, policy.synthesis)
    return policy
  }

  @Test func aStageHasPromptsByConfiguration() throws {
    let policy = try policy(
      #"""
      , "synthesis": {"draft_under": "b", "critique": "C: {{ principles }}",
        "draft": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}, {"role": "user", "content": "{{question}}"}],
        "revision": {"a": "for a", "*": "for others"}}
      """#)
    let prompts = try policy.synthesis
    #expect(prompts.draftConfiguration == "b")
    func text(_ stage: SynthesisStage, _ name: String?) -> [Message] {
      prompts.prompt(stage, for: name, hasRubric: false)
        .messages(with: [
          .principles: "{{question}}", .question: "Q?", .system: "", .configuration: "", .answer: "", .options: "",
        ])
    }
    #expect(text(.critique, "a") == [.user("C: {{question}}")])
    #expect(text(.draft, "a") == [.user("Hi"), .assistant("Ho"), .user("Q?")])
    #expect(text(.revision, "a") == [.user("for a")] && text(.revision, "b") == [.user("for others")])
    let again = try JSONDecoder().decode(SafetyPolicy.self, from: JSONEncoder().encode(policy))
    #expect(again == policy)
  }

  @Test func whatAPolicySaysAboutGeneratingDataIsKeptAsItStands() throws {
    let policy = try policy(
      #"""
      , "synthesis": {"description": "why", "critique": [{"role": "user", "content": "C"}]},
        "rubric": {"criteria": "x", "levels": ["b", "a"], "description": "from b to a"}
      """#)
    #expect(try policy.rubric == Rubric(criteria: "x", levels: ["b", "a"]))
    let written = try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(policy))
    #expect(
      written["synthesis"]
        == .object([
          "description": .string("why"),
          "critique": .array([.object(["role": .string("user"), "content": .string("C")])]),
        ]))
    #expect(
      written["rubric"]
        == .object([
          "criteria": .string("x"), "levels": .array([.string("b"), .string("a")]),
          "description": .string("from b to a"),
        ]))
  }

  @Test func aSlipIsNamedWithItsFieldAndFile() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    let text = """
      {"name": "p", "default": "a", "configurations": [
        {"name": "a", "system": "Be a."}, {"name": "b", "system": "Be b."}], "synthesis": {"critic": "x"}}
      """
    try Data(text.utf8).write(to: file)
    #expect(throws: Never.self) { try SafetyPolicy(contentsOf: file) }
    let error = #expect(throws: PreferenceError.self) { try SafetyPolicy(checkedContentsOf: file) }
    #expect(error?.reason == .malformedPolicy && error?.file == file)
    #expect(error?.detail.contains("\"synthesis.critic\"") == true, "\(String(describing: error))")
    let misspelt = #expect(throws: (any Error).self) { try policy(#", "synthesys": {}"#) }
    #expect(misspelt.map { "\($0)".contains("synthesys") } == true)
  }

  @Test func everyStageHasADefaultThatCanBeFilledIn() throws {
    for stage in SynthesisStage.allCases {
      for hasRubric in [false, true] {
        let values = Dictionary(uniqueKeysWithValues: stage.placeholders.map { ($0, "<\($0.rawValue)>") })
        let messages = SynthesisPrompts().prompt(stage, for: nil, hasRubric: hasRubric).messages(with: values)
        #expect(messages.last?.role == .user && !messages.contains { $0.content.contains("{{") })
      }
    }
  }

  @Test(arguments: [
    (#", "synthesis": {"critic": "x"}"#, "critic"),
    (#", "synthesis": {"critique": "{{answer}}"}"#, "{{answer}} cannot be filled in"),
    (#", "synthesis": {"critique": "{{principles"}"#, "not closed"),
    (#", "synthesis": {"critique": "{{level}}"}"#, "no rubric"),
    (#", "synthesis": {"relevance": "Is {{answer}} good?"}"#, "{{question}}"),
    (#", "synthesis": {"revision": {"c": "x"}}"#, "\"c\""),
    (#", "synthesis": {"draft_under": "c"}"#, "\"c\""),
    (#", "synthesis": {"adherence": {"a": "{{question}} {{answer}} {{options}}"}}"#, "all configurations at once"),
    (#", "synthesis": {"revision": {}}"#, "is empty"), (#", "synthesis": {"revision": " "}"#, "empty message"),
    (
      #", "synthesis": {"critique": [{"role": "assistant", "content": "x"}, {"role": "user", "content": "y"}]}"#,
      "in turn"
    ),
    (#", "synthesis": {"critique": [{"role": "system", "content": "x"}, {"role": "user", "content": "y"}]}"#, "system"),
    (#", "synthesis": {"critique": [{"role": "assistant", "content": "x"}]}"#, "must be the user's"),
    (#", "rubric": {"criteria": "x", "levels": ["a"]}"#, "levels"),
    (#", "rubric": {"criteria": "x", "levels": ["a", "a"]}"#, "levels"),
    (#", "rubric": {"criteria": "x", "levels": ["a", "b"], "level": 1}"#, "level"),
  ])
  func mistakesAreNamed(more: String, word: String) {
    let error = #expect(throws: (any Error).self) { try checked(more) }
    #expect(error.map { String(describing: $0).contains(word) } == true, "\(String(describing: error))")
  }
}
