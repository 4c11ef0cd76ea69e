import Foundation
import TestSupport
import Testing

/// `cst synth` with a teacher of templates: everything but the teacher is real.
@Suite struct SynthCommandTests {
  private let fixture: SynthesisFixture

  init() throws { fixture = try SynthesisFixture(prompts: 30) }

  @Test func everyPromptIsARowOrRejected() throws {
    let outcome = try CommandLineTool.run(fixture.synth("--limit", "20", "--json"))
    #expect(outcome.code == 0, "\(outcome.notes)")
    let record = try outcome.object()
    let tally = try #require(record["tally"] as? [String: Any])
    #expect(tally["rows"] as? Int == 18 && record["status"] as? String == "finished")
    #expect(tally["rejected"] as? [String: Int] == ["near-duplicate": 2])
    #expect(try fixture.lines("pairs.jsonl").count == 18)
    let rejected = try fixture.lines("pairs.rejected.jsonl")
    #expect(rejected.count == 2 && rejected.allSatisfy { $0.contains(#""reason":"near-duplicate""#) })
    // The rows train, and the rejected prompts are prompts again.
    let again = try CommandLineTool.run(
      fixture.synth(prompts: fixture.folder["pairs.rejected.jsonl"].path, out: "again.jsonl"))
    #expect(again.code == 0, "\(again.notes)")
    let check = try CommandLineTool.run([
      "train", "--model", fixture.model, "--data", fixture.folder["pairs.jsonl"].path, "--policy", fixture.policy,
      "--out",
      fixture.folder["run"].path, "--steps", "1",
    ])
    #expect(check.code == 0, "\(check.notes)")
  }

  @Test func aRerunGoesOnAndRepeatsNothing() throws {
    #expect(try CommandLineTool.run(fixture.synth("--limit", "10")).code == 0)
    let more = try CommandLineTool.run(fixture.synth("--json")).object()
    let tally = try #require(more["tally"] as? [String: Any])
    #expect((tally["reused_calls"] as? Int ?? 0) > 20 && (tally["calls"] as? Int ?? 0) > 20)
    let rows = try fixture.lines("pairs.jsonl")
    #expect(try CommandLineTool.run(fixture.synth()).code == 0)
    #expect(try fixture.lines("pairs.jsonl") == rows)
    #expect(Set(rows).count == rows.count)
  }

  @Test func dryRunsEstimateAndWriteNoRows() throws {
    let outcome = try CommandLineTool.run(fixture.synth("--dry-run"))
    #expect(outcome.code == 0 && outcome.output.contains("27 prompts: about "))
    let estimate = try CommandLineTool.run(fixture.synth("--dry-run", "--json")).object()
    // Three are near duplicates, and the first sample's four drafts are in the journal now.
    #expect(estimate["prompts"] as? Int == 23 && estimate["sampled_prompts"] as? Int == 4)
    #expect(!FileManager.default.fileExists(atPath: fixture.folder["pairs.jsonl"].path))
  }

  @Test func ctrlCKeepsTheJournalAndTheRowsOfBefore() throws {
    let fixture = try SynthesisFixture(prompts: 3000)
    #expect(try CommandLineTool.run(fixture.synth("--limit", "3")).code == 0)
    let rows = try fixture.lines("pairs.jsonl")
    let journal = fixture.folder["pairs.journal.jsonl"]
    let outcome = try CommandLineTool.run(fixture.synth()) { process in
      while process.isRunning, try Data(contentsOf: journal).count < 100_000 { usleep(2_000) }
      process.interrupt()
    }
    #expect(outcome.code == 130 && outcome.notes.contains("run the same command again"))
    #expect(try fixture.lines("pairs.jsonl") == rows)
    let record = try JSONSerialization.jsonObject(with: Data(contentsOf: fixture.folder["pairs.run.json"]))
    #expect((record as? [String: Any])?["status"] as? String == "interrupted")
  }

  /// 100 kills at random moments: what is there in the end is what an undisturbed run gives, to the byte.
  @Test func killsLoseAndDoubleNothing() throws {
    let undisturbed = try SynthesisFixture(prompts: 200)
    #expect(try CommandLineTool.run(undisturbed.synth()).code == 0)
    let rows = try undisturbed.lines("pairs.jsonl")
    let rejected = try undisturbed.lines("pairs.rejected.jsonl")
    #expect(rows.count + rejected.count == 200)
    var kills = 0
    while kills < 100 {
      let disturbed = try SynthesisFixture(prompts: 200)
      var isFinished = false
      while !isFinished {
        let outcome = try CommandLineTool.run(disturbed.synth()) { process in
          // After so much more in the journal, and then at any moment: progress does not depend on the machine's speed.
          let enough = disturbed.journalSize + .random(in: 0...8_000)
          while process.isRunning, disturbed.journalSize < enough { usleep(500) }
          usleep(.random(in: 0...5_000))
          if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        isFinished = outcome.code == 0
        if !isFinished {
          try #require(outcome.code == 128 + SIGKILL, "\(outcome.notes)")
          kills += 1
        }
      }
      #expect(try disturbed.lines("pairs.jsonl") == rows)
      #expect(try disturbed.lines("pairs.rejected.jsonl") == rejected)
      let calls = try disturbed.lines("pairs.journal.jsonl").dropFirst().map { $0.prefix(80) }
      #expect(Set(calls).count == calls.count, "a call was made twice after it was recorded")
      #expect(try disturbed.folder.names().filter { $0.contains("partial") }.count <= 1)
    }
  }

  @Test func filesOfOthersAreNotReplaced() throws {
    _ = try fixture.folder.file("pairs.jsonl", "mine\n")
    let outcome = try CommandLineTool.run(fixture.synth())
    #expect(outcome.code == 1 && outcome.errorLines.count == 1 && outcome.notes.contains("not written by cst synth"))
    #expect(try fixture.lines("pairs.jsonl") == ["mine"])
    let input = try CommandLineTool.run(fixture.synth(prompts: fixture.prompts, out: "prompts.jsonl"))
    #expect(input.code == 1 && input.notes.contains("this file is read"))
  }

  @Test(arguments: [
    ("prompts.jsonl", "{\"prompt\": \"a b c\"}\n{\"question\": \"b\"}\n", ["prompts.jsonl:2", "\"prompt\": missing"]),
    ("prompts.jsonl", "", ["no prompts"]),
    (
      "policy.json", #"{"name": "p", "default": "a", "configurations": [], "synthesis": {"draught": "x"}}"#, ["draught"]
    ),
    ("teacher.json", #"{"draft": {"*": []}}"#, ["teacher.json", "draft"]),
    (
      "teacher.json", #"{"draft": {"*": ["Take this for what it is, an answer of words."]}}"#,
      ["critique", "add texts"]
    ),
  ])
  func mistakesAreNamed(name: String, text: String, words: [String]) throws {
    _ = try fixture.folder.file(name, text)
    let outcome = try CommandLineTool.run(fixture.synth())
    #expect(outcome.code == 1 && outcome.errorLines.count == 1)
    // Templates that lack a stage fail prompt by prompt, and the reason stands beside each.
    let rejected = (try? fixture.lines("pairs.rejected.jsonl").joined()) ?? ""
    for word in words { #expect((outcome.notes + rejected).contains(word), "\(outcome.notes)") }
  }

  @Test(arguments: [
    ["--attempts", "2", "--temperature", "0"], ["--max-length-ratio", "0.5"], ["--teacher-model", "m"],
    ["--min-words", "0"], ["--no-stream"], ["--concurrency", "3"], ["--key-variable", "sk-secret"],
    ["--judge", "nobody"], ["--limit", "0"],
  ])
  func wrongUsage(options: [String]) throws {
    let outcome = try CommandLineTool.run(fixture.synth() + options)
    #expect(outcome.code == 64 && outcome.errorLines.count == 1 && outcome.notes.contains(options[0]))
  }
}

/// A policy, prompts and templates in a folder of their own. Every tenth prompt is nearly the same as one before.
struct SynthesisFixture {
  let folder: TemporaryFolder
  let model: String
  let policy: String
  let prompts: String
  let teacher: String

  init(prompts count: Int) throws {
    let tool = try ToolFixture()
    folder = tool.folder
    (model, policy) = (tool.model, tool.policy)
    let words = ["tea", "colds", "rent", "loans", "burns", "wills", "taxes", "coughs", "bikes", "cats", "roofs"]
    let rows = (0..<count).map { index in
      let number = index % 10 == 9 ? index - 1 : index
      let question = "How do \(words[number % 11])\(number) and \(words[number / 11 % 11])\(number) go with \(number)"
      let more = index % 4 == 3 && index % 10 < 8 ? #","configuration":"*""# : ""
      return #"{"prompt":"\#(question)\#(index % 10 == 9 ? "?" : "")"\#(more)}"#
    }
    prompts = try folder.file("prompts.jsonl", rows.joined(separator: "\n") + "\n")
    let refusal = "I can't give advice on {{question}}, because cases differ. A professional can help you."
    let answers = [
      "Take it slowly with {{question}} and drink water.", "Most people do well with {{question}} after a day of rest.",
    ]
    let texts = [
      "draft": ["*": answers], "critique": ["*": ["It gives advice."]], "revision": ["cautious": [refusal]],
      "misplaced_refusal": ["*": [refusal]],
    ]
    teacher = folder["teacher.json"].path
    try JSONEncoder().encode(texts).write(to: folder["teacher.json"])
  }

  /// `cst synth` with the rules as judge.
  func synth(prompts: String? = nil, out: String = "pairs.jsonl", _ more: String...) -> [String] {
    [
      "synth", "--policy", policy, "--prompts", prompts ?? self.prompts, "--teacher", teacher, "--judge", "rules",
      "--out",
      folder[out].path,
    ] + more
  }

  /// Bytes in the journal.
  var journalSize: Int {
    var status = stat()
    return stat(folder["pairs.journal.jsonl"].path, &status) == 0 ? Int(status.st_size) : 0
  }

  func lines(_ name: String) throws -> [Substring] {
    String(decoding: try Data(contentsOf: folder[name]), as: UTF8.self).split(separator: "\n")
  }
}
