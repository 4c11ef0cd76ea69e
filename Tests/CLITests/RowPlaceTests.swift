import Foundation
import TestSupport
import Testing

/// Whatever command reads a row that it cannot use names its file and line.
@Suite struct RowPlaceTests {
  private static let good = #"{"prompt":"May I eat snow?","answers":{"cautious":"Ask a person.","direct":"You may."}}"#
  private static let long = String(repeating: "word ", count: 600)

  /// A file whose third line, after a blank one, is `row`.
  private func file(_ row: String, in fixture: ToolFixture) throws -> String {
    try fixture.folder.file("rows.jsonl", Self.good + "\n\n" + row + "\n")
  }

  /// Commands that compute with rows, all with the policy.
  private func computing(_ file: String, _ fixture: ToolFixture) -> [[String]] {
    [
      ["score", "--data", file], ["eval", "--data", file], ["train", "--data", file, "--out", fixture.out()],
      ["export", "--data", file, "--out", fixture.out("out.gguf")],
    ].map { $0 + ["--model", fixture.model, "--policy", fixture.policy] }
  }

  private func reshaping(_ file: String, _ fixture: ToolFixture) -> [[String]] {
    let (out, policy) = (["--out", fixture.out("out.jsonl")], ["--policy", fixture.policy])
    return [["data", "convert", file, "--to", "trl"] + out + policy, ["data", "augment", file] + out + policy]
  }

  private func expect(
    _ commands: [[String]], toSay parts: String..., in fixture: ToolFixture,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try fixture.folder.names()
    for command in commands {
      let outcome = try CommandLineTool.run(command)
      #expect(outcome.code == 1 && outcome.output.isEmpty, "\(command)", sourceLocation: sourceLocation)
      #expect(outcome.errorLines.count == 1, "\(command): \(outcome.notes)", sourceLocation: sourceLocation)
      for part in parts {
        #expect(outcome.notes.contains(part), "\(command): \(outcome.notes)", sourceLocation: sourceLocation)
      }
    }
    #expect(try fixture.folder.names() == before, sourceLocation: sourceLocation)
  }

  private func check(_ file: String, _ fixture: ToolFixture, says part: String) throws {
    let outcome = try CommandLineTool.run([
      "data", "check", file, "--policy", fixture.policy, "--model", fixture.model, "--max-length", "512",
    ])
    #expect(outcome.output.contains(part), "\(outcome.output)")
  }

  @Test func unreadableRows() throws {
    let fixture = try ToolFixture()
    let file = try file(#"{"prompt":"x"}"#, in: fixture)
    let others = [
      ["data", "dedupe", file, "--out", fixture.out("out.jsonl")],
      ["data", "split", file, "--train", fixture.out("train.jsonl"), "--held-out", fixture.out("held-out.jsonl")],
    ]
    try expect(
      computing(file, fixture) + reshaping(file, fixture) + others,
      toSay: "error: \(file):3: malformed row: field \"chosen\": missing", in: fixture)
    try check(file, fixture, says: "\(file):3: malformed row: field \"chosen\": missing")
  }

  @Test func missingAnswers() throws {
    let fixture = try ToolFixture()
    let file = try file(#"{"prompt":"x","answers":{"cautious":"Ask."}}"#, in: fixture)
    try expect(
      computing(file, fixture),
      toSay: "error: \(file):3: row 1 (counted from 0): missing answer: ", "no answer for \"direct\"", in: fixture)
    // A row's number is that in the file.
    try expect(
      computing(file, fixture).map { $0 + ["--rows", "1-"] },
      toSay: "error: \(file):3: row 1 (counted from 0): missing answer: ", in: fixture)
    try expect(
      reshaping(file, fixture), toSay: "error: \(file):3: unusable row: missing answer: ", in: fixture)
    try check(file, fixture, says: "\(file):3: prompt \"x\": no answer for \"direct\"")
  }

  @Test func promptsThatDoNotFit() throws {
    let fixture = try ToolFixture()
    let file = try file(#"{"prompt":"\#(Self.long)","answers":{"cautious":"Ask.","direct":"Yes."}}"#, in: fixture)
    try expect(computing(file, fixture), toSay: "error: \(file):3: row 1: the prompt has ", in: fixture)
    try check(file, fixture, says: "\(file):3: the prompt has ")
  }

  @Test func duplicates() throws {
    let fixture = try ToolFixture()
    let file = try file(Self.good, in: fixture)
    try check(file, fixture, says: "\(file):3: says the same as line 1")
    let outcome = try CommandLineTool.run(["data", "dedupe", file, "--out", fixture.out("out.jsonl")])
    #expect(outcome.output.contains("\(file):3: exact duplicate of line 1"), "\(outcome.output)")
  }

  /// Scores carry the row's number in the file.
  @Test func selectedRows() throws {
    let fixture = try ToolFixture()
    let score = ["score", "--model", fixture.model, "--data", fixture.data, "--rows"]
    #expect(try CommandLineTool.run(score + ["5"]).object()["row"] as? Int == 5)
    try expect(
      [score + ["5-8"]], toSay: "error: \(fixture.data): --rows 5-8: the file has 8 rows, the last is row 7",
      in: fixture)
    try expect(
      [["score", "--model", fixture.model, "--data", fixture.answers]],
      toSay: "\(fixture.answers):1: row 0 (counted from 0): needs a policy: ", "--policy FILE", in: fixture)
  }
}
