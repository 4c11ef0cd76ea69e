import Foundation
import TestSupport
import Testing

/// Hugging Face folders as MODEL: the commands take them as they take GGUF files.
@Suite struct FolderCommandTests {
  private func model(_ name: String) -> String {
    ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/models/\(name)").path
  }

  @Test func infoDescribesTheArchitecture() throws {
    let object = try CommandLineTool.run(["info", model("phi4-mini"), "--json"]).object()
    #expect(object["architecture"] as? String == "phi3")
    #expect(object["rope_scaling"] as? String == "longrope")
    #expect(object["rotated_width"] as? Int == 12)
    #expect(object["lora_targets"] as? [String] == ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"])
    let text = try CommandLineTool.run(["info", model("mistral")]).output
    #expect(text.contains("a sliding window of 8 tokens"))
    #expect(try CommandLineTool.run(["info", model("qwen2")]).output.contains("biases: q_proj, k_proj, v_proj"))
  }

  @Test func trainAndScore() throws {
    let fixture = try ToolFixture()
    let out = fixture.out()
    let training = try CommandLineTool.run([
      "train", "--model", model("phi3"), "--data", fixture.data, "--method", "dpo", "--out", out, "--lora-rank", "2",
      "--steps", "2", "--batch-size", "2",
    ])
    #expect(training.code == 0, "\(training.notes)")
    let run = try JSONSerialization.jsonObject(
      with: Data(contentsOf: fixture.folder["run"].appending(path: "run.json")))
    let record = (run as? [String: Any])?["model"] as? [String: Any]
    #expect((record?["sha256"] as? String)?.count == 64)
    #expect((record?["bytes"] as? Int ?? 0) > 60_000)
    let scores = try CommandLineTool.run([
      "score", "--model", model("phi3"), "--adapter", out, "--data", fixture.data, "--out", fixture.out("scores.jsonl"),
    ])
    #expect(scores.code == 0, "\(scores.notes)")
  }

  @Test func targetsOfAnotherArchitecture() throws {
    let fixture = try ToolFixture()
    let outcome = try CommandLineTool.run([
      "train", "--model", model("phi3"), "--data", fixture.data, "--method", "dpo", "--out", fixture.out(),
      "--lora-targets", "q_proj,o_proj", "--steps", "1",
    ])
    #expect(outcome.code == 1)
    #expect(outcome.notes.contains("--lora-targets: this model has no q_proj; it has qkv_proj"))
  }

  @Test func generate() throws {
    let outcome = try CommandLineTool.run([
      "generate", "--model", model("qwen3"), "--prompt", "the", "--max-tokens", "5", "--temperature", "0",
    ])
    #expect(outcome.code == 0, "\(outcome.notes)")
  }
}
