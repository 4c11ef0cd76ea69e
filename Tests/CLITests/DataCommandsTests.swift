import Foundation
import TestSupport
import Testing

/// `cst data convert`, `dedupe`, `split` and `augment`, and `cst train --soft-labels`.
@Suite struct DataCommandsTests {
  private func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

  private func lines(_ file: URL) throws -> [[String: Any]] {
    try text(file).split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func convertGoesThereAndBack() throws {
    let fixture = try ToolFixture()
    let (there, list, back) = (fixture.folder["trl.jsonl"], fixture.folder["list.json"], fixture.folder["back.jsonl"])
    let plain = try CommandLineTool.run(["data", "convert", fixture.answers, "--out", back.path, "--to", "native"])
    #expect(plain.code == 0 && plain.notes.isEmpty, "\(plain.notes)")
    let native = try text(back)
    let policy = ["--policy", fixture.policy]
    let outcome = try CommandLineTool.run(
      ["data", "convert", fixture.answers, "--out", there.path, "--to", "trl", "--json"] + policy)
    #expect(outcome.code == 0, "\(outcome.notes)")
    #expect(try outcome.object()["rows_read"] as? Int == 7 && outcome.object()["rows_written"] as? Int == 14)
    #expect(try lines(there).allSatisfy { $0["system"] is String && $0["prompt"] is String })
    let other = ["data", "convert", there.path, "--out", list.path, "--to", "conversational", "--list"]
    #expect(try CommandLineTool.run(other).code == 0)
    #expect(try text(list).hasPrefix("[\n{\"chosen\":[{"))
    let home = ["data", "convert", list.path, "--out", back.path, "--to", "native"] + policy
    #expect(try CommandLineTool.run(home).code == 0)
    #expect(try text(back) == native)
  }

  @Test func errorsNameFileAndLine() throws {
    let fixture = try ToolFixture()
    let out = fixture.folder["out.jsonl"].path
    let file = try fixture.folder.file(
      "turns.jsonl",
      #"""
      {"prompt":"x","chosen":"w","rejected":"l"}

      {"prompt":[{"role":"user","content":"a"},{"role":"user","content":"b"}],"chosen":"w","rejected":"l"}
      """#)
    for (arguments, part) in [
      (["convert", file, "--out", out, "--to", "trl"], "\(file):3: unusable row: cannot be expressed"),
      (
        ["convert", fixture.answers, "--out", out, "--to", "trl"], "\(fixture.answers):1: unusable row: needs a policy"
      ),
      (["convert", file, "--out", file, "--to", "native"], "this file is read"),
      (["convert", file, "--out", out + "/x", "--to", "native"], "there is no folder"),
      (["convert", out, "--out", out + "2", "--to", "native"], "no such file"),
      (["augment", file, "--policy", fixture.policy, "--out", file], "this file is read"),
      (["augment", file, "--policy", fixture.policy, "--out", fixture.policy], "this file is read"),
      (["augment", fixture.answers, "--policy", fixture.policy, "--out", out, "--paraphrases"], "\(fixture.policy): "),
      (["split", file, "--train", out, "--held-out", out], "two results"),
      (["split", file, "--train", out, "--held-out", file], "this file is read"),
      (["dedupe", file, "--out", out, "--removed", out], "two results"),
    ] {
      let outcome = try CommandLineTool.run(["data"] + arguments)
      #expect(outcome.code == 1 && outcome.errorLines.count == 1 && outcome.output.isEmpty)
      #expect(outcome.notes.contains(part), "\(outcome.notes)")
      #expect(!FileManager.default.fileExists(atPath: out))
    }
    for (arguments, part) in [
      (["convert", file, "--out", out, "--to", "csv"], "conversational"), (["convert", file, "--to", "trl"], "--out"),
      (["dedupe", file, "--out", out, "--threshold", "0"], "--threshold"),
      (["dedupe", file, "--out", out, "--threshold", "0.5", "--exact"], "exclude"),
      (["split", file, "--train", out, "--held-out", "h", "--share", "2"], "--share"),
      (["split", file, "--train", out, "--held-out", "h", "--stratify", "size"], "task"),
      (["augment", file, "--out", out], "--policy"),
    ] {
      let outcome = try CommandLineTool.run(["data"] + arguments)
      #expect(outcome.code == 64 && outcome.notes.contains(part), "\(outcome.notes)")
    }
  }

  @Test func aLinkToTheInputIsTheInput() throws {
    let fixture = try ToolFixture()
    let (symbolic, hard) = (fixture.folder["symbolic"], fixture.folder["hard"])
    try FileManager.default.createSymbolicLink(at: symbolic, withDestinationURL: URL(filePath: fixture.data))
    try FileManager.default.linkItem(at: URL(filePath: fixture.data), to: hard)
    for link in [symbolic.path, hard.path] {
      let outcome = try CommandLineTool.run(["data", "convert", fixture.data, "--out", link, "--to", "native"])
      #expect(outcome.code == 1 && outcome.notes.contains("this file is read"), "\(outcome.notes)")
    }
  }

  @Test func dedupeSaysWhatItRemoved() throws {
    let folder = try TemporaryFolder()
    let question = "How long should I boil an egg so that the yolk stays soft in the middle"
    func row(_ prompt: String, _ answer: String) -> String {
      #"{"prompt":"\#(prompt)","chosen":"\#(answer)","rejected":"l","system":"S","note":7}"#
    }
    let rows = [
      row("What is a kettle", "a"), "", row(question, "b"), row("What is a kettle", "a"), row(question + "?", "c"),
    ]
    let file = try folder.file("rows.jsonl", rows.joined(separator: "\n"))
    let (out, removed) = (folder["out.jsonl"], folder["removed.jsonl"])
    let dedupe = ["data", "dedupe", file, "--out", out.path, "--removed", removed.path]
    let outcome = try CommandLineTool.run(dedupe)
    #expect(outcome.code == 0, "\(outcome.notes)")
    #expect(outcome.output.contains("\(file):4: exact duplicate of line 1"))
    #expect(outcome.output.contains("\(file):5: near duplicate of line 3"))
    #expect(try lines(out).map { $0["chosen"] as? String } == ["a", "b"])
    #expect(try lines(out).allSatisfy { $0["note"] as? Int == 7 })
    let gone = try lines(removed)
    #expect(gone.map { $0["line"] as? Int } == [4, 5] && gone.map { $0["kept_line"] as? Int } == [1, 3])
    #expect(gone.map { $0["reason"] as? String } == ["exact duplicate", "near duplicate"])
    #expect((gone[1]["row"] as? [String: Any])?["chosen"] as? String == "c")
    let summary = try CommandLineTool.run(dedupe + ["--json"]).object()
    #expect(summary["exact_duplicates"] as? Int == 1 && summary["near_duplicates"] as? Int == 1)
    #expect(summary["rows_read"] as? Int == 4 && summary["rows_written"] as? Int == 2)
    #expect(try CommandLineTool.run(["data", "dedupe", file, "--out", out.path, "--exact"]).code == 0)
    #expect(try lines(out).count == 3)
  }

  @Test func splitKeepsTheShareOfEveryTask() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<60).map {
      #"{"prompt":"question number \#($0) about \#($0 * 7)","chosen":"w","rejected":"l","task":"\#($0 % 3)"}"#
    }
    let file = try folder.file("rows.jsonl", rows.joined(separator: "\n"))
    let (train, heldOut) = (folder["train.jsonl"], folder["held-out.jsonl"])
    let split = [
      "data", "split", file, "--train", train.path, "--held-out", heldOut.path, "--share", "0.2", "--stratify", "task",
    ]
    let summary = try CommandLineTool.run(split + ["--json"]).object()
    #expect(summary["train_rows"] as? Int == 48 && summary["held_out_rows"] as? Int == 12)
    let held = try text(heldOut)
    let tasks = Dictionary(try lines(heldOut).map { ($0["task"] as? String ?? "", 1) }, uniquingKeysWith: +)
    #expect(tasks == ["0": 4, "1": 4, "2": 4])
    #expect(try CommandLineTool.run(split).output.contains("12 rows held out"))
    #expect(try text(heldOut) == held)
    #expect(try CommandLineTool.run(split + ["--seed", "1", "--stratify", "form"]).code == 0)
    #expect(try text(heldOut) != held)
  }

  @Test func augmentWritesOutAndRewords() throws {
    let fixture = try ToolFixture()
    let policy = try fixture.folder.file(
      "paraphrases.json",
      #"""
      {"name": "advice", "default": "cautious", "configurations": [
        {"name": "cautious", "system": "Give no advice.", "paraphrases": ["No advice.", "Do not advise."]},
        {"name": "direct", "system": "Answer fully."}]}
      """#)
    let out = fixture.folder["out.jsonl"]
    let augment = ["data", "augment", fixture.answers, "--policy", policy, "--out", out.path]
    #expect(try CommandLineTool.run(augment).code == 0)
    #expect(Set(try lines(out).map { $0["system"] as? String }) == ["Give no advice.", "Answer fully."])
    let one = try CommandLineTool.run(augment + ["--paraphrases", "--json"])
    #expect(one.code == 0, "\(one.notes)")
    #expect(try one.object()["rows_written"] as? Int == 14)
    let drawn = try text(out)
    #expect(drawn.contains("dvise.") || drawn.contains("\"No advice."))
    #expect(try CommandLineTool.run(augment + ["--paraphrases", "--seed", "7"]).code == 0)
    #expect(try text(out) != drawn)
    #expect(try CommandLineTool.run(augment + ["--paraphrases", "all"]).output.contains("42 rows from 7"))
    // Reworded rows count as the configuration's.
    let score = ["score", "--model", fixture.model, "--data", out.path, "--policy", policy, "--rows", "0-5"]
    let scores = try CommandLineTool.run(score)
    #expect(scores.output.split(separator: "\n").filter { $0.contains(#""configuration":"cautious""#) }.count == 3)
  }

  @Test func softLabelsChangeARunAndAreRecorded() throws {
    let fixture = try ToolFixture()
    let rows = try text(URL(filePath: fixture.answers)).split(separator: "\n").map { row in
      #"{"judge_scores":{"cautious":{"follows":{"cautious":0.6,"direct":0.4},"addresses":1},"#
        + #""direct":{"follows":{"cautious":0.3,"direct":0.7},"addresses":0.5}},"# + row.dropFirst()
    }
    let data = try fixture.folder.file("judged.jsonl", rows.prefix(6).joined(separator: "\n"))
    func train(_ data: String, _ out: String, _ more: String...) -> [String] {
      [
        "train", "--model", fixture.model, "--data", data, "--policy", fixture.policy, "--out", fixture.out(out),
        "--lora-rank", "2", "--learning-rate", "1e-2", "--epochs", "2",
      ] + more
    }
    func options(_ out: String) throws -> [String: Any]? {
      let record = try Data(contentsOf: URL(filePath: fixture.out(out) + "/run.json"))
      return (try JSONSerialization.jsonObject(with: record) as? [String: Any])?["options"] as? [String: Any]
    }
    let soft = try CommandLineTool.run(train(data, "soft", "--soft-labels"))
    #expect(soft.code == 0, "\(soft.notes)")
    #expect(try CommandLineTool.run(train(data, "hard")).code == 0)
    #expect(try options("soft")?["soft_labels"] as? Bool == true && options("hard")?["soft_labels"] as? Bool == false)
    func weights(_ out: String) throws -> Data {
      try Data(contentsOf: URL(filePath: fixture.out(out) + "/adapter_model.safetensors"))
    }
    #expect(try weights("soft") != weights("hard"))
    let other = try CommandLineTool.run(train(data, "soft", "--resume"))
    #expect(other.code == 1 && other.notes.contains("labels"), "\(other.notes)")
    #expect(try CommandLineTool.run(train(data, "soft", "--soft-labels", "--resume")).code == 0)

    let none = try CommandLineTool.run(train(fixture.answers, "none", "--soft-labels"))
    #expect(none.code == 1 && none.notes.contains("judge_scores"), "\(none.notes)")
    let dpo = try CommandLineTool.run(train(data, "none", "--soft-labels", "--method", "dpo"))
    #expect(dpo.code == 64 && dpo.notes.contains("--soft-labels needs --method cst"))
  }
}
