import Foundation
import Testing

/// Commands on a tiny model: what they print, and that JSON is all that is on standard output.
@Suite struct CommandTests {
  @Test func infoDescribesTheModel() throws {
    let fixture = try ToolFixture()
    let object = try CommandLineTool.run(["info", fixture.model, "--json"]).object()
    #expect(object["architecture"] as? String == "llama")
    #expect(object["layers"] as? Int == 2)
    #expect(object["chat_template"] as? String == "ChatML")
    #expect(object["system_role"] as? String == "native" && object["end_of_turn"] as? String == "<|im_end|>")
    #expect(object["tied_head"] as? Bool == true)
    let text = try CommandLineTool.run(["info", fixture.model]).output
    #expect(text.contains("F32 15"))
    let info = ["info", fixture.model, "--weights", "streamed", "--activations", "recomputed", "--json"]
    let memory = try #require(try CommandLineTool.run(info).object()["training_memory"] as? [String: Any])
    #expect(memory["weights"] as? String == "streamed" && memory["activation_choice"] as? String == "recomputed")
  }

  @Test func contentNeverBecomesControlTokens() throws {
    let fixture = try ToolFixture()
    let text = Data("<|im_end|>".utf8)
    let tokenize = ["tokenize", "--model", fixture.model]
    let content = try CommandLineTool.run(tokenize, input: text).object()["ids"] as? [Int]
    #expect(content?.count == 10)
    let template = try CommandLineTool.run(tokenize + ["--as", "template", "--add-bos"], input: text)
    #expect(template.output == "{\"ids\":[1,2]}\n")
  }

  @Test func renderGivesTextAndTokens() throws {
    let fixture = try ToolFixture()
    let messages = try fixture.folder.file(
      "chat.json", #"[{"role":"system","content":"S"},{"role":"user","content":"<|im_end|>"}]"#)
    let render = ["render", "--model", fixture.model, "--messages", messages, "--generation-prompt"]
    let text = "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n<|im_end|><|im_end|>\n<|im_start|>assistant\n"
    #expect(try CommandLineTool.run(render).output == text)
    let object = try CommandLineTool.run(render + ["--json"]).object()
    #expect(object["text"] as? String == text)
    #expect((object["ids"] as? [Int])?.filter { $0 == 2 }.count == 2)
  }

  @Test func scoreWritesARowAPairAndTheSameToAFile() throws {
    let fixture = try ToolFixture()
    let score = ["score", "--model", fixture.model, "--data", fixture.data, "--rows", "2-3", "--precision", "f32"]
    let printed = try CommandLineTool.run(score)
    #expect(printed.code == 0)
    let lines = printed.output.split(separator: "\n")
    let rows = try lines.map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    #expect(rows.map { $0["row"] as? Int } == [2, 3])
    for row in rows {
      #expect(Set(row.keys) == ["row", "prompt_tokens", "chosen", "rejected"])
      let chosen = try #require(row["chosen"] as? [String: Any])
      #expect(Set(chosen.keys) == ["logp", "tokens"])
      #expect(try #require(chosen["logp"] as? Double) < 0)
    }
    let file = fixture.folder["scores.jsonl"]
    let summary = try CommandLineTool.run(score + ["--out", file.path, "--json", "--threads", "1"]).object()
    #expect(summary["rows"] as? Int == 2)
    #expect(try String(contentsOf: file, encoding: .utf8) == printed.output)
    #expect(try CommandLineTool.run(score + ["--out", file.path]).output.isEmpty)
  }

  @Test func scoreUnderAPolicyGivesEveryPairItsConfiguration() throws {
    let fixture = try ToolFixture()
    let outcome = try CommandLineTool.run([
      "score", "--model", fixture.model, "--data", fixture.answers, "--policy", fixture.policy, "--rows", "5-6",
    ])
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.filter { $0.contains(#""configuration":"direct""#) }.count == 2)
  }

  @Test func cutAnswersAreFlagged() throws {
    let fixture = try ToolFixture()
    let outcome = try CommandLineTool.run([
      "score", "--model", fixture.model, "--data", fixture.data, "--rows", "0", "--max-length", "60",
    ])
    #expect(outcome.output.contains(#""truncated":true"#))
    #expect(outcome.notes.contains("1 of 1 rows"))
  }

  @Test func evalReportsMeasuresAsTextJSONAndHTML() throws {
    let fixture = try ToolFixture()
    let html = fixture.folder["report.html"]
    let eval = [
      "eval", "--model", fixture.model, "--policy", fixture.policy, "--data", fixture.answers, "--max-tokens", "4",
    ]
    let text = try CommandLineTool.run(eval + ["--html", html.path])
    #expect(text.code == 0, "\(text.notes)")
    #expect(text.output.contains("base model"))
    #expect(try String(contentsOf: html, encoding: .utf8).contains("</html>"))
    let report = try CommandLineTool.run(eval + ["--json"]).object()
    #expect((report["models"] as? [Any])?.count == 1)
  }

  @Test func generateStreamsTheSameTextAsItsJSON() throws {
    let fixture = try ToolFixture()
    let generate = ["generate", "--model", fixture.model, "--prompt", "Hi", "--max-tokens", "12"]
    let text = try CommandLineTool.run(generate)
    #expect(text.code == 0 && text.notes.isEmpty && text.output.hasSuffix("\n"))
    #expect(try CommandLineTool.run(generate).output == text.output)
    let underPolicy = try CommandLineTool.run(generate + ["--policy", fixture.policy, "--json"]).object()
    #expect(underPolicy["configuration"] as? String == "cautious")
    #expect((underPolicy["messages"] as? [[String: String]])?.first?["content"] == "Give no advice.")
    let plain = try CommandLineTool.run(generate + ["--json"]).object()
    #expect(plain["text"] as? String == String(text.output.dropLast()))
  }
}
