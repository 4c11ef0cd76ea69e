import CSTCore
import Foundation
import TestSupport
import Testing

/// `cst data check`: exit codes, what is printed where, and the forms of the report.
@Suite struct DataCheckTests {
  private let good =
    #"{"system":"Be kind.","prompt":"What now?","chosen":"Have some tea first.","rejected":"Do not ask me."}"#

  private func check(_ arguments: String...) throws -> CommandLineTool.Outcome {
    try CommandLineTool.run(["data", "check"] + arguments)
  }

  @Test func exitCodesFollowErrorsOnly() throws {
    let folder = try TemporaryFolder()
    let clean = try check(folder.file("clean.jsonl", good))
    #expect(clean.code == 0)
    #expect(clean.output.contains("No findings.") && clean.output.contains("0 errors, 0 warnings"))

    let warned = try check(folder.file("warned.jsonl", good + "\n" + good))
    #expect(warned.code == 0)
    #expect(warned.output.contains("warning: exact duplicates (1)"))
    #expect(warned.output.contains("warned.jsonl:2: says the same as line 1"))

    let broken = try check(folder.file("broken.jsonl", good + "\n{\"prompt\": \"x\"}\n?"))
    #expect(broken.code == 1)
    #expect(broken.output.contains("error: unreadable rows (2)"))
    #expect(broken.output.contains("broken.jsonl:2: malformed row: field \"chosen\": missing"))
    #expect(broken.output.contains("broken.jsonl:3: "))
    #expect(broken.output.contains("→ Mend or remove"))
    #expect(broken.errorLines.isEmpty)
  }

  @Test func whatCannotBeUsedIsOneLine() throws {
    let fixture = try ToolFixture()
    let missing = try check(fixture.folder["missing.jsonl"].path)
    #expect(missing.code == 1 && missing.output.isEmpty)
    #expect(missing.errorLines.count == 1 && missing.notes.contains("no such file"))
    let other = try fixture.folder.file("other.jsonl", "?")
    let against = try check(fixture.data, "--against", other)
    #expect(against.code == 1 && against.output.isEmpty && against.errorLines.count == 1)
    #expect(against.notes.contains("other.jsonl:1"))
    for arguments in [
      ["--max-length", "9"], ["--min-tokens", "-1"], ["--max-length", "1", "--model", fixture.model],
    ] {
      let outcome = try CommandLineTool.run(["data", "check", fixture.data] + arguments)
      #expect(outcome.code == 64 && outcome.errorLines.count == 1)
    }
  }

  @Test func policyModelAndOtherFiles() throws {
    let fixture = try ToolFixture()
    let rows = fixture.answers
    #expect(try check(rows, "--policy", fixture.policy).code == 0)
    let outcome = try check(
      rows, "--policy", fixture.policy, "--model", fixture.model, "--max-length", "20", "--against", rows)
    #expect(outcome.code == 1)
    #expect(outcome.output.contains("lengths in tokens"))
    #expect(outcome.output.contains("error: prompts that do not fit (7)"))
    #expect(outcome.output.contains("error: prompts that stand in the other file too (7)"))
    let short = try check(rows, "--min-tokens", "5")
    #expect(short.output.contains("warning: very short answers"))
  }

  @Test func jsonIsOneObject() throws {
    let folder = try TemporaryFolder()
    let rows = try folder.file("rows.jsonl", good + "\n" + good + "\n?\n")
    let outcome = try check(rows, "--json", "--threads", "1")
    #expect(outcome.code == 1)
    #expect(outcome.output.split(separator: "\n").count == 1)
    let object = try outcome.object()
    #expect(object["rows"] as? Int == 3)
    #expect(object["errors"] as? Int == 1 && object["warnings"] as? Int == 1)
    let findings = try #require(object["findings"] as? [[String: Any]])
    #expect(findings.map { $0["kind"] as? String } == ["unreadable-row", "exact-duplicate"])
    #expect(findings.map { $0["severity"] as? String } == ["error", "warning"])
    #expect(findings.map { $0["count"] as? Int } == [1, 1])
    let duplicate = try #require((findings[1]["examples"] as? [[String: Any]])?.first)
    #expect(duplicate["line"] as? Int == 2 && duplicate["other"] as? Int == 1 && duplicate["detail"] is String)
    #expect(findings.allSatisfy { ($0["advice"] as? String)?.isEmpty == false })
    let configuration = try #require((object["configurations"] as? [[String: Any]])?.first)
    #expect(configuration["pairs"] as? Int == 2)
    let chosen = try #require(configuration["chosen"] as? [String: Any])
    #expect(chosen["mean"] as? Double == 4 && chosen["median"] as? Int == 4 && chosen["p95"] as? Int == 4)
    #expect(configuration["chosen_longer_share"] as? Double == 0.5)
    #expect(try check(rows, "--json", "--threads", "2").output == outcome.output)
  }

  @Test func pagesEscapeWhatStandsInTheData() throws {
    let folder = try TemporaryFolder()
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    let row = #"{"system":\#(quoted(hostile)),"prompt":\#(quoted(hostile)),"chosen":"a b c","rejected":"d e f"}"#
    let rows = try folder.file("rows.jsonl", row + "\n" + row + "\n{\"prompt\": \(quoted(hostile))}")
    let page = folder["report.html"]
    #expect(try check(rows, "--html", page.path).code == 1)
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(text.contains("&lt;script&gt;"))
    #expect(!text.contains("<script") && !text.contains("<img"))
    #expect(text.contains("default-src 'none'") && text.contains("prefers-color-scheme: dark"))
    #expect(!text.contains("http://") && !text.contains("https://"))
    #expect(text.contains("<rect class=\"b0\"") && text.contains("<rect class=\"b1\""))
    let folders = try check(rows, "--html", folder["no/such.html"].path)
    #expect(folders.code == 1 && folders.output.isEmpty && folders.errorLines.count == 1)
  }

  @Test func terminalsAreNotDriven() throws {
    let folder = try TemporaryFolder()
    let row = #"{"prompt":"\u001b[2J red","chosen":"a b c","rejected":"d e f"}"#
    let outcome = try check(folder.file("rows.jsonl", row + "\n" + row))
    #expect(!outcome.output.contains("\u{1B}"))
    #expect(outcome.output.contains("·[2J red"))
  }

  @Test func helpHasAnExample() throws {
    let help = try CommandLineTool.run(["data", "check", "--help"]).output
    for part in ["Example: ", "--json", "--threads", "--against", "--html"] { #expect(help.contains(part)) }
    #expect(try CommandLineTool.run(["data", "--help"]).output.contains("check"))
  }

  private func quoted(_ text: String) -> String {
    String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
  }
}
