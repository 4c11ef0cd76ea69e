import Foundation
import Testing

/// Adapters of every form through the tool: `cst train --lora-…`, and `cst adapter`.
@Suite struct AdapterCommandTests {
  private func scores(_ fixture: ToolFixture, _ adapter: String) throws -> String {
    let outcome = try CommandLineTool.run([
      "score", "--model", fixture.model, "--data", fixture.data, "--precision", "f32", "--adapter", adapter,
    ])
    try #require(outcome.code == 0, "\(outcome.notes)")
    return outcome.output
  }

  @Test func trainInfoCompressConvert() throws {
    let fixture = try ToolFixture()
    let run = try CommandLineTool.run(
      fixture.train(
        out: fixture.out(), "--steps", "2", "--lora-rslora", "--lora-rank-pattern", "q_proj=2", "--lora-alpha-pattern",
        "down_proj=3", "--lora-exclude", "o_proj", "--lora-layers", "0-1", "--lora-plus-ratio", "16", "--json"))
    try #require(run.code == 0, "\(run.notes)")
    let options = try #require(run.object()["options"] as? [String: Any])
    #expect(options["lora_rslora"] as? Bool == true && options["lora_plus_ratio"] as? Double == 16)
    #expect(options["lora_rank_pattern"] as? [String] == ["q_proj=2"])
    #expect((options["lora_targets"] as? [String])?.contains("o_proj") == false)
    let model = ["--model", fixture.model]
    let info = try CommandLineTool.run(["adapter", "info", fixture.out(), "--json"] + model)
    let modules = try #require(info.object()["modules"] as? [[String: Any]])
    #expect(modules.contains { $0["rank"] as? Int == 2 } && modules.contains { $0["rank"] as? Int == 4 })
    #expect(try CommandLineTool.run(["adapter", "info", fixture.out()] + model).output.contains("rsLoRA"))
    let small = try CommandLineTool.run(
      ["adapter", "compress", fixture.out(), "--rank", "1", "--out", fixture.out("small"), "--json"] + model)
    let kept = try #require(small.object()["kept"] as? Double)
    #expect(kept > 0.1 && kept <= 1.0001)
    let high = try CommandLineTool.run(
      ["adapter", "compress", fixture.out(), "--rank", "9", "--out", fixture.out("high")] + model)
    #expect(high.code == 1 && high.notes.contains("highest rank is 4"))
    for (name, more) in [("b.gguf", []), ("plain", ["--lora-plain"])] {
      let convert = ["adapter", "convert", fixture.out(), "--out", fixture.out(name)] + more + model
      #expect(try CommandLineTool.run(convert).code == 0)
      #expect(try !scores(fixture, fixture.out(name)).isEmpty)
    }
    let plain = try String(contentsOf: fixture.folder["plain/adapter_config.json"], encoding: .utf8)
    #expect(!plain.contains("rank_pattern") && plain.contains("\"use_rslora\" : false"))
  }

  @Test(arguments: [
    ["--lora-dora"], ["--lora-init", "pissa"], ["--lora-init", "olora", "--lora-targets", ".*q_proj"],
  ])
  func otherStarts(options: [String]) throws {
    let fixture = try ToolFixture()
    let run = try CommandLineTool.run(fixture.train(out: fixture.out(), "--steps", "2") + options)
    #expect(run.code == 0, "\(run.notes)")
    #expect(try !scores(fixture, fixture.out()).isEmpty)
    let goOn = ["--init-adapter", fixture.out(), "--steps", "1"]
    let next = try CommandLineTool.run(
      ["train", "--model", fixture.model, "--data", fixture.data, "--method", "dpo", "--out", fixture.out("next")]
        + goOn)
    #expect(next.code == 0, "\(next.notes)")
  }

  @Test(arguments: [
    (["--lora-rank-pattern", "c_attn=2"], "--lora-rank-pattern"), (["--lora-layers", "7"], "--lora-layers"),
    (["--lora-targets", ".*"], "lm_head"),
    (["--lora-exclude", "q_proj", "--lora-targets", "v_proj"], "--lora-exclude"),
    (["--lora-init", "pissa", "--lora-rank", "4000"], "--lora-rank"),
  ])
  func whatMatchesNothingIsRefused(options: [String], part: String) throws {
    let fixture = try ToolFixture()
    let arguments = [
      "train", "--model", fixture.model, "--data", fixture.data, "--method", "dpo", "--out", fixture.out(),
    ]
    let outcome = try CommandLineTool.run(arguments + options + ["--steps", "1"])
    #expect(outcome.code == 1 && outcome.errorLines.count == 1 && outcome.notes.contains(part), "\(outcome.notes)")
  }

  @Test(arguments: [
    (["--lora-rank-pattern", "q_proj"], "KEY=NUMBER"), (["--lora-rank-pattern", "q_proj=1.5"], "whole number"),
    (["--lora-plus-ratio", "0"], "--lora-plus-ratio"), (["--lora-layers", "3-1"], "--lora-layers"),
    (["--lora-dora", "--lora-init", "pissa"], "exclude"), (["--lora-dora", "--lora-plain"], "--lora-plain"),
    (["--lora-dora", "--init-adapter", "a"], "--init-adapter"), (["--lora-init", "corda"], "pissa"),
    (["--lora-layers", "0", "--lora-targets", ".*q_proj"], "--lora-layers"),
  ])
  func wrongUsage(options: [String], part: String) throws {
    let outcome = try CommandLineTool.run(
      ["train", "--model", "m", "--data", "d", "--out", "o", "--method", "dpo"] + options)
    #expect(outcome.code == 64 && outcome.errorLines.count == 1 && outcome.notes.contains(part), "\(outcome.notes)")
  }
}
