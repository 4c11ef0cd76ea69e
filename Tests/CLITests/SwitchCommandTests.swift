import Foundation
import TestSupport
import Testing

/// Options that make and measure a switch that holds, on a tiny model.
@Suite struct SwitchCommandTests {
  private let fixture: ToolFixture
  private let policy: String
  private let rows: String
  private let everyday: String

  init() throws {
    fixture = try ToolFixture()
    policy = try fixture.folder.file(
      "switch.json",
      #"""
      {"name": "p", "default": "a", "frames": ["Shop. {configuration}"], "held_out_frames": ["A museum, then: {configuration}"],
       "neutral_turns": [[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]],
       "held_out_neutral_turns": [[{"role": "user", "content": "Hey"}, {"role": "assistant", "content": "Good day"}]],
       "configurations": [
        {"name": "a", "system": "Be careful", "expects": "refusal", "paraphrases": ["Take care now"],
         "held_out_paraphrases": ["Mind the risks"], "overrides": ["careful holds: {prompt}"], "held_out_overrides": ["{prompt} (careful)"]},
        {"name": "b", "system": "Be frank", "expects": "answer", "paraphrases": ["Tell everything"],
         "held_out_paraphrases": ["Hold nothing back"], "overrides": ["frank holds: {prompt}"], "held_out_overrides": ["{prompt} (frank)"]}]}
      """#)
    rows = try fixture.folder.file(
      "switch.jsonl",
      (0..<4).map {
        #"{"prompt": "Question \#($0)?", "answers": {"a": "No, number \#($0).", "b": "Yes, number \#($0)!"}}"#
      }
      .joined(separator: "\n"))
    everyday = try fixture.folder.file(
      "everyday.txt", (0..<6).map { "How is the weather today \($0)?" }.joined(separator: "\n"))
  }

  private func train(_ extra: String...) throws -> CommandLineTool.Outcome {
    try CommandLineTool.run(
      [
        "train", "--model", fixture.model, "--data", rows, "--policy", policy, "--out", fixture.folder["run"].path,
        "--steps", "3",
        "--batch-size", "2", "--lora-rank", "2",
      ] + extra)
  }

  @Test func trainsWithDrawnPromptsAndRecordsThem() throws {
    let output = try train(
      "--wordings", "policy", "--framed", "0.5", "--twins", "together", "--max-completion-length", "3")
    #expect(output.code == 0, "\(output.notes)")
    let record = try String(contentsOf: fixture.folder["run"].appending(path: "run.json"), encoding: .utf8)
    for option in [
      #""framed" : 0.5"#, #""wordings" : "policy""#, #""twins" : "together""#, #""max_completion_length" : 3"#,
    ] {
      #expect(record.contains(option), "\(record)")
    }
  }

  @Test(arguments: [
    (["--framed", "0.5"], "--framed needs --wordings policy"), (["--retain-ratio", "1"], "need --retain"),
    (["--wordings", "policy", "--later", "2"], "--later"),
    (["--twins", "together", "--no-shuffle"], "exclude each other"),
  ]) func refusesOptionsThatDoNothing(options: [String], problem: String) throws {
    let output = try CommandLineTool.run(
      ["train", "--model", fixture.model, "--data", rows, "--policy", policy, "--out", fixture.folder["run"].path]
        + options)
    #expect(output.code == 64)
    #expect(output.notes.contains(problem), "\(output.notes)")
  }

  @Test func measuresUnderConditions() throws {
    let output = try CommandLineTool.run([
      "eval", "--model", fixture.model, "--data", rows, "--policy", policy, "--conditions", "wording,framed,edge",
      "--max-tokens", "4",
      "--json",
    ])
    #expect(output.code == 0, "\(output.notes)")
    for text in [#""condition":"wording""#, #""condition":"framed""#, #""reason":"no row is for it""#] {
      #expect(output.output.contains(text), "\(output.output.prefix(2000))")
    }
    #expect(!output.output.contains(#""condition":"override""#))
    let wrong = try CommandLineTool.run([
      "eval", "--model", fixture.model, "--data", rows, "--policy", policy, "--conditions", "worded",
    ])
    #expect(wrong.code == 64 && wrong.notes.contains("\"worded\" is not one of all, exact, wording"))
  }

  @Test func aHeldOutNearDuplicateIsAnError() throws {
    let text = try String(contentsOfFile: policy, encoding: .utf8).replacing("Mind the risks", with: "Take care, now!")
    let leaking = try fixture.folder.file("leaking.json", text)
    let output = try CommandLineTool.run(["eval", "--model", fixture.model, "--data", rows, "--policy", leaking])
    #expect(output.code == 1)
    #expect(
      output.notes.contains("held_out_paraphrases[0] is a near duplicate (1.0) of its wordings[1]"),
      "\(output.notes)")
  }
}
