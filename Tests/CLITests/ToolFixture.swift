import Foundation
import TestSupport

/// A tiny model, data and a policy in a folder of their own.
struct ToolFixture {
  let folder: TemporaryFolder
  let model: String
  /// Eight rows with system prompts.
  let data: String
  /// Six rows with an answer per configuration, and a neutral one.
  let answers: String
  let policy: String

  init() throws {
    folder = try TemporaryFolder()
    try TinyModel.write(to: folder["tiny.gguf"])
    model = folder["tiny.gguf"].path
    let rows = (0..<8).map { row in
      #"{"system":"Be \#(row % 2 == 0 ? "brief" : "kind")","prompt":"Question \#(row)?","#
        + #""chosen":"An answer, number \#(row).","rejected":"Another one \#(row * 7)."}"#
    }
    data = try folder.file("rows.jsonl", rows.joined(separator: "\n") + "\n")
    let answerRows = (0..<6).map { row in
      #"{"prompt":"May I do thing \#(row)?","answers":{"cautious":"Ask a person \#(row).","direct":"Do it so \#(row)."}}"#
    }
    let neutral = #"{"prompt":"What is a kettle?","chosen":"A pot.","rejected":"No.","configuration":"*"}"#
    answers = try folder.file("answers.jsonl", (answerRows + [neutral]).joined(separator: "\n") + "\n")
    policy = try folder.file(
      "policy.json",
      #"""
      {"name": "advice", "default": "cautious", "configurations": [
        {"name": "cautious", "system": "Give no advice.", "expects": "refusal"},
        {"name": "direct", "system": "Answer fully.", "expects": "answer"}]}
      """#)
  }

  /// A place for a run.
  func out(_ name: String = "run") -> String { folder[name].path }

  /// `cst train` on the rows with system prompts.
  func train(out: String, _ more: String...) -> [String] {
    ["train", "--model", model, "--data", data, "--method", "dpo", "--out", out, "--lora-rank", "4"] + more
  }
}
