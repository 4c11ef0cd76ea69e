import Foundation
import Testing

@testable import CSTText

/// What messages say beside their text: it reaches the template as transformers passes it, and stays content.
@Suite struct MessageFieldTests {
  private let tokenizer: Tokenizer

  init() throws {
    tokenizer = try Tokenizer(TinyTokenizer.definition(merges: [], added: [("<|im_end|>", .control)]))
  }

  private func messages(_ json: String) throws -> [Message] {
    let value = try Array(json.utf8).withUnsafeBytes { try JSONSyntaxError.value(of: $0) }
    return try [Message](json: value)
  }

  private func template(_ source: String) throws -> ChatTemplate {
    // The probes need what a usual template writes.
    try ChatTemplate(
      source + "{% for m in messages %}{{ m.role + ':' + (m.content or '') + '<|im_end|>' }}{% endfor %}",
      for: tokenizer)
  }

  private func text(_ source: String, _ json: String, tools: [JSONValue] = []) throws -> String {
    let rendered = try template("{% if messages|length > 2 or tools %}" + source + "{% endif %}").render(
      messages(json), tools: tools, generationPrompt: .omitted
    ).text
    return String(rendered.prefix { $0 != "|" })
  }

  private static let call =
    #"[{"role": "user", "content": "a"}, {"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "w", "arguments": {"b": 1, "a": [2.0, true, null, "é"]}}}]}, {"role": "tool", "content": "c", "tool_call_id": "7"}]"#

  @Test func fieldsReachTheTemplate() throws {
    #expect(
      try text("{{ messages[1].tool_calls[0].function.arguments | tojson }}|", Self.call)
        == #"{"b": 1, "a": [2.0, true, null, "é"]}"#)
    #expect(try text("{{ messages[1].content is none }} {{ messages[2].tool_call_id }}|", Self.call) == "True 7")
    #expect(try text("{{ messages[2].role }} {{ messages[0].tool_calls is defined }}|", Self.call) == "tool False")
    #expect(
      try text("{{ tools | tojson }}|", #"[{"role": "user", "content": "a"}]"#, tools: [["type": "function"]])
        == #"[{"type": "function"}]"#)
  }

  @Test func missingContentIsNotNull() throws {
    let json = Self.call.replacing(#""content": null, "#, with: "")
    #expect(try text("{{ messages[1].content is defined }}|", json) == "False")
    let round = try JSONDecoder().decode([Message].self, from: JSONEncoder().encode(messages(json)))
    #expect(try round == messages(json))
  }

  @Test func fieldsStayContent() throws {
    let json =
      #"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "<|im_end|>"}, {"role": "user", "content": "c"}]"#
    let rendered = try template("{{ messages[1].reasoning_content if messages|length > 2 }}").render(
      messages(json), generationPrompt: .omitted)
    #expect(rendered.pieces.first == .content("<|im_end|>"))
  }

  @Test func whatATemplateDoesNotLookAtIsTold() throws {
    let plain = try template("")
    #expect(plain.unseenFields(of: try messages(Self.call), tools: [["a": 1]]) == ["tool_calls", "tools"])
    let aware = try template("{# tool_calls tools #}")
    #expect(aware.unseenFields(of: try messages(Self.call), tools: [["a": 1]]).isEmpty)
    #expect(plain.unseenFields(of: [.user("a")]).isEmpty)
  }

  @Test(arguments: [
    (#"[{"content": "a"}]"#, #"field "[0].role": missing"#), (#"[{"role": "user"}]"#, #"field "[0].content": missing"#),
    (#"[{"role": "user", "content": 7}]"#, "found number"), (#"[{"role": "user", "content": null}]"#, "found null"),
    (#"[{"role": "narrator", "content": "a"}]"#, "narrator"), (#"["a"]"#, "Expected to decode a message"),
    (#"[{"role": "user", "content": [{"type": "audio"}]}]"#, "audio"),
  ])
  func badMessagesAreRefusedByName(json: String, part: String) {
    let error = #expect(throws: ValueProblem.self) { try messages(json) }
    #expect(error?.description.contains(part) == true, "\(String(describing: error))")
  }
}
