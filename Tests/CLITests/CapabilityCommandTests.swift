import Foundation
import TestSupport
import Testing

@Suite struct CapabilityCommandTests {
  private let fixture: ToolFixture
  private let questions: String
  private let text: String
  private let prompts: String

  init() throws {
    fixture = try ToolFixture()
    questions = try fixture.folder.file(
      "questions.jsonl",
      (0..<5).map { #"{"question": "Thing \#($0)?", "options": ["the one", "in there", "on"], "answer": \#($0 % 3)}"# }
        .joined(separator: "\n"))
    text = try fixture.folder.file("book.txt", String(repeating: "The tea is in the tin. ", count: 20))
    prompts = try fixture.folder.file("prompts.jsonl", #"{"prompt": "May I?"}"# + "\n" + #"{"prompt": "Who is it?"}"#)
  }

  @Test func needsNeitherDataNorPolicy() throws {
    let eval = ["eval", "--model", fixture.model, "--capability", questions, text, "--capability-window", "64"]
    let run = try CommandLineTool.run(eval)
    #expect(run.code == 0, "\(run.notes)")
    #expect(run.output.hasPrefix("Capability of the base model"))
    #expect(run.output.contains("questions.jsonl: 5 questions") && run.output.contains("windows of at most 64"))
    let report = try CommandLineTool.run(eval + ["--json"]).object()
    #expect(report.keys.sorted() == ["capability"])
    let capability = try #require(report["capability"] as? [String: Any])
    #expect(((capability["multiple_choice"] as? [[String: Any]])?.first?["questions"] as? [Any])?.count == 5)
  }

  @Test func measuresTheAdapterBesideTheSwitch() throws {
    let run = fixture.out()
    #expect(try CommandLineTool.run(fixture.train(out: run, "--steps", "2")).code == 0)
    let page = fixture.folder["report.html"]
    let eval = [
      "eval", "--model", fixture.model, "--adapter", run, "--policy", fixture.policy, "--data", fixture.answers,
      "--max-tokens", "4", "--capability", questions, prompts, text,
    ]
    let text = try CommandLineTool.run(eval + ["--html", page.path])
    #expect(text.code == 0, "\(text.notes)")
    #expect(text.output.hasPrefix("Controllability") && text.output.contains("Capability kept"))
    #expect(text.output.contains("prompts.jsonl: the base model's replies to 2 prompts"))
    #expect(try String(contentsOf: page, encoding: .utf8).contains("<h2>Capability kept</h2>"))
    let report = try CommandLineTool.run(eval + ["--json"]).object()
    #expect(report["models"] != nil)
    let drift = ((report["capability"] as? [String: Any])?["drifts"] as? [[String: Any]])?.first
    #expect(drift?["maximum_tokens"] as? Int == 4)
  }

  @Test func wrongUseIsTold() throws {
    for (arguments, message) in [
      ([], "nothing to measure"), (["--policy", fixture.policy], "--policy needs --data"),
      (["--data", fixture.answers, "--capability", questions], "--data needs --policy"),
      (["--capability", questions, "--rows", "1"], "--rows chooses among the rows of --data"),
      (["--capability", text, "--capability-window", "0"], "--capability-window must be"),
    ] {
      let run = try CommandLineTool.run(["eval", "--model", fixture.model] + arguments)
      #expect(run.code == 64 && run.notes.contains(message), "\(run.notes)")
    }
    for (arguments, message) in [
      (["--capability", prompts], "nothing to compare"), (["--capability", fixture.data], "line 1: bad value"),
      (["--capability", text, "--capability-window", "4096"], "at most 512 tokens"),
    ] {
      let run = try CommandLineTool.run(["eval", "--model", fixture.model] + arguments)
      #expect(run.code == 1 && run.output.isEmpty && run.notes.contains(message), "\(run.notes)")
    }
  }
}
