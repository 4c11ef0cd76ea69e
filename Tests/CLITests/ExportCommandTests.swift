import Foundation
import Testing

/// `cst export` on the tiny model: formats, what is inferred and what is refused, exit codes.
@Suite struct ExportCommandTests {
  private func trained() throws -> (ToolFixture, [String]) {
    let fixture = try ToolFixture()
    let outcome = try CommandLineTool.run(fixture.train(out: fixture.out(), "--steps", "2"))
    try #require(outcome.code == 0, "\(outcome.notes)")
    return (fixture, ["export", "--model", fixture.model, "--adapter", fixture.out()])
  }

  @Test func formatsFollowTheName() throws {
    let (fixture, export) = try trained()
    let replay = ["--policy", fixture.policy, "--data", fixture.answers]
    let file = try CommandLineTool.run(export + ["--out", fixture.out("a.gguf"), "--type", "f32", "--json"] + replay)
    let report = try #require(file.object()["replay"] as? [String: Any])
    #expect(report["answers"] as? Int == 28)
    #expect(((report["switching"] as? [String: Any])?["after"] as? [String: Any])?["total"] as? Int == 6)
    let run = ["--run", fixture.out() + "/run.json", "--base-model", "somebody/tiny"]
    let folder = try CommandLineTool.run(export + ["--out", fixture.out("merged")] + run)
    #expect(folder.code == 0, "\(folder.notes)")
    #expect(folder.output.contains("largest change per token"))
    let card = try String(contentsOf: fixture.folder["merged/README.md"], encoding: .utf8)
    #expect(card.contains("base_model: somebody/tiny") && card.contains("| lora rank | 4 |"))
    // Both are models like any other.
    for model in ["a.gguf", "merged"] {
      let score = ["score", "--model", fixture.out(model), "--data", fixture.data, "--rows", "0"]
      #expect(try CommandLineTool.run(score).code == 0)
    }
  }

  @Test func anAdapterForLlamaCppWorksHereToo() throws {
    let (fixture, export) = try trained()
    let lora = export + ["--out", fixture.out("lora.gguf"), "--format", "gguf-lora"]
    #expect(try CommandLineTool.run(lora).code == 0)
    let score = ["score", "--model", fixture.model, "--data", fixture.data, "--precision", "f32"]
    let scores = try [fixture.out(), fixture.out("lora.gguf")].map {
      try CommandLineTool.run(score + ["--adapter", $0])
    }
    #expect(scores[0].output == scores[1].output && !scores[0].output.isEmpty)
    let again = try CommandLineTool.run(lora)
    #expect(again.code == 1 && again.errorLines.count == 1 && again.notes.contains("older export"))
    #expect(try CommandLineTool.run(lora + ["--force"]).code == 0)
  }

  @Test func beyondTheToleranceItFails() throws {
    let (fixture, export) = try trained()
    let outcome = try CommandLineTool.run(
      export + ["--out", fixture.out("b.gguf"), "--type", "q4_0", "--tolerance", "0.0000001"])
    #expect(outcome.code == 1)
    #expect(outcome.errorLines.count == 1 && outcome.notes.contains("b.failed.gguf"))
    #expect(try fixture.folder.names().isDisjoint(with: ["b.gguf"]))
    #expect(try fixture.folder.names().contains("b.failed.gguf"))
  }

  @Test func whatIsUnclearIsRefused() throws {
    let fixture = try ToolFixture()
    let export = ["export", "--model", fixture.model]
    for arguments in [
      ["--out", "a.bin"], ["--out", "a.gguf", "--format", "huggingface"], ["--out", "a", "--format", "gguf"],
      ["--out", "a", "--type", "q8_0"], ["--out", "a", "--format", "peft"], ["--out", "a.gguf", "--rows", "1"],
      ["--out", "a.gguf", "--tolerance", "-1"], ["--out", "a.gguf", "--type", "q6_K"],
    ] {
      let outcome = try CommandLineTool.run(export + arguments)
      #expect(outcome.code == 64, "\(arguments)")
      #expect(outcome.errorLines.count == 1, "\(outcome.notes)")
    }
  }
}
