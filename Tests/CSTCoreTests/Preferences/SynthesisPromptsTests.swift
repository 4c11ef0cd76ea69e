import CSTCore
import Foundation
import Testing

@Suite struct SynthesisPromptsTests {
  private func policy(_ more: String) throws -> SafetyPolicy {
    let text = """
      {"name": "p", "default": "a", "configurations": [
        {"name": "a", "system": "Be a.", "principles": ["One.", "Two."]}, {"name": "b", "system": "Be b."}]\(more)}
      """
    return try JSONDecoder().decode(SafetyPolicy.self, from: Data(text.utf8))
  }

  @Test func aStageHasPromptsByConfiguration() throws {
    let policy = try policy(
      #"""
      , "synthesis": {"draft_under": "b", "critique": "C: {{ principles }}",
        "draft": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}, {"role": "user", "content": "{{question}}"}],
        "revision": {"a": "for a", "*": "for others"}}
      """#)
    #expect(policy.synthesis.draftConfiguration == "b")
    let prompts = policy.synthesis
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
    let error = #expect(throws: (any Error).self) { try policy(more) }
    #expect(error.map { String(describing: $0).contains(word) } == true, "\(String(describing: error))")
  }
}
