import CSTCore
import Foundation
import Testing

@Suite struct PolicyTests {
  let advice = """
    {"name": "advice", "default": "cautious", "description": "a demo", "configurations": [
      {"name": "cautious", "system": "Give no advice.", "expects": "refusal", "description": "declines"},
      {"name": "direct", "system": "Answer fully.", "expects": "answer"},
      {"name": "brief", "system": "Answer in a word."}
    ]}
    """

  /// Writes the text to a file of its own, and reads it as a policy.
  private func policy(from text: String) throws -> SafetyPolicy {
    let file = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString).json")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try SafetyPolicy(contentsOf: file)
  }

  private func failure(from text: String) -> PreferenceError? {
    #expect(throws: PreferenceError.self) { try policy(from: text) }
  }

  @Test func readsThePublishedForm() throws {
    let policy = try policy(from: advice)
    #expect(policy.name == "advice")
    #expect(policy.configurations.map(\.name) == ["cautious", "direct", "brief"])
    #expect(policy.configurations.map(\.expectedReply) == [.refusal, .answer, nil])
    #expect(policy.defaultConfiguration == policy["cautious"])
    #expect(policy["direct"]?.systemPrompt == "Answer fully.")
    #expect(policy["Direct"] == nil)
    #expect(policy.configuration(withSystemPrompt: "Answer in a word.")?.name == "brief")
  }

  @Test func paraphrasesCountAsTheConfiguration() throws {
    let policy = try policy(
      from: #"""
        {"name": "p", "default": "a", "configurations": [
          {"name": "a", "system": "s", "paraphrases": ["s2", "s", "s2"]}, {"name": "b", "system": "t"}]}
        """#)
    #expect(policy.configuration(withSystemPrompt: "s2")?.name == "a")
    #expect(policy.configuration(withSystemPrompt: "t")?.name == "b")
    #expect(policy.configuration(withSystemPrompt: "s3") == nil)
    #expect(policy.configurations.map(\.wordings) == [["s", "s2"], ["t"]])
  }

  @Test func survivesARoundTrip() throws {
    let policy = try policy(from: advice)
    #expect(try JSONDecoder().decode(SafetyPolicy.self, from: JSONEncoder().encode(policy)) == policy)
  }

  @Test func namesTheConfigurationsThereAre() throws {
    let policy = try policy(from: advice)
    #expect(try policy.configuration(named: "brief").systemPrompt == "Answer in a word.")
    let error = #expect(throws: PreferenceError.self) { try policy.configuration(named: "carefree") }
    #expect(error?.reason == .unknownConfiguration)
    #expect(error?.detail.contains(#""cautious", "direct", "brief""#) == true)
  }

  @Test(arguments: [
    (#"{"name": "p", "default": "a", "configurations": []}"#, "at least one"),
    (#"{"name": "p", "default": "b", "configurations": [{"name": "a", "system": "s"}]}"#, #"the default "b""#),
    (
      #"{"name": "p", "default": "a", "configurations": [{"name": "a", "system": "s"}, {"name": "a", "system": "t"}]}"#,
      #"a second one named "a""#
    ),
    (#"{"name": "p", "default": "a", "configurations": [{"name": "a", "system": " "}]}"#, "empty system prompt"),
    (#"{"name": "p", "default": "*", "configurations": [{"name": "*", "system": "s"}]}"#, "\"*\""),
    (#"{"name": "p", "default": " ", "configurations": [{"name": " ", "system": "s"}]}"#, "empty name"),
    (
      #"{"name": "p", "default": "a", "configurations": [{"name": "a", "system": "s"}, {"name": "b", "system": "s"}]}"#,
      "same system prompt"
    ),
    (
      #"{"name": "p", "default": "a", "configurations": [{"name": "a", "system": "s", "paraphrases": ["t"]}, {"name": "b", "system": "t"}]}"#,
      "a paraphrase of \"a\" is a system prompt"
    ),
    (
      #"{"name": "p", "default": "a", "configurations": [{"name": "a", "system": "s", "paraphrases": ["u"]}, {"name": "b", "system": "t", "paraphrases": ["u"]}]}"#,
      "a paraphrase of \"b\" is a system prompt or paraphrase of \"a\""
    ),
  ])
  func refusesAnInvalidPolicy(text: String, problem: String) {
    let error = failure(from: text)
    #expect(error?.reason == .invalidPolicy)
    #expect(error?.detail.contains(problem) == true, "\(String(describing: error))")
    #expect(error?.file != nil)
  }

  @Test(arguments: [
    (#"{"name": "p", "defualt": "a", "configurations": []}"#, "defualt", #"known ones are "name", "default""#),
    (
      #"{"name": "p", "default": "a", "configurations": [{"name": "a", "system": "s", "expect": "answer"}]}"#,
      "configurations[0].expect", #""expects""#
    ),
    (#"{"name": "p", "default": "a"}"#, "configurations", "missing"),
    (#"{"name": "p", "default": 3, "configurations": []}"#, "default", "String"),
    (
      #"{"name": "p", "default": "a", "configurations": [{"name": "a", "system": "s", "expects": "maybe"}]}"#,
      "configurations[0].expects", "maybe"
    ),
    (#"{"name": "p", "#, "", "not valid JSON"),
    (String(repeating: "[", count: 65), "", "64 levels"),
  ])
  func refusesAMalformedPolicy(text: String, field: String, problem: String) {
    let error = failure(from: text)
    #expect(error?.reason == .malformedPolicy)
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    #expect(field.isEmpty || error?.detail.contains("\"\(field)\"") == true, "\(String(describing: error))")
  }

  @Test func namesAFileThatIsNotThere() {
    let file = URL(fileURLWithPath: "/nowhere/policy.json")
    let error = #expect(throws: PreferenceError.self) { try SafetyPolicy(contentsOf: file) }
    #expect(error?.reason == .unreadableFile)
    #expect(error?.localizedDescription.contains("/nowhere/policy.json") == true)
  }
}
