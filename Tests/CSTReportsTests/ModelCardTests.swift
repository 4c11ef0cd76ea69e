import Foundation
import TestSupport
import Testing

import CSTCore
@testable import CSTReports

/// What a folder says about the model in it.
@Suite struct ModelCardTests {
  private func policy() throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "advice",
      configurations: [
        SafetyConfiguration(name: "cautious", systemPrompt: "Give no advice.\nBe | kind."),
        SafetyConfiguration(name: "direct", systemPrompt: "Answer fully."),
      ], defaultName: "cautious")
  }

  @Test func itStatesBasePolicyRunAndFiles() async throws {
    let fixture = try await ExportFixture()
    let run = try fixture.folder.file(
      "run.json",
      #"""
      {"version": "0.1.0", "command_line": ["cst"], "start": "2026-01-02T03:04:05Z", "end": "2026-01-02T03:05:06Z",
       "machine": {"kernels": "avx2", "processors": 2, "system": "Debian", "threads": 2}, "metrics": {"loss/direct": 0.5},
       "resumed_after_step": 0, "status": "finished", "interrupted": false, "total_steps": 7, "tokens": 9, "seconds": 1.5,
       "model": {"path": "/home/somebody/tiny.gguf", "bytes": 1, "sha256": "ab"},
       "data_file": {"path": "/home/somebody/rows.jsonl", "bytes": 1, "sha256": "cd"}, "policy_file": null,
       "data": {"rows_in_file": 3, "rows": "all", "rows_used": 3, "pairs": 6, "truncated_pairs": 0}, "steps_done": 7,
       "options": {"beta": 0.1, "lora_targets": ["q_proj"], "shuffle": true, "epochs": null}}
      """#)
    let card = ModelCard(
      baseModel: "somebody/Tiny", license: "apache-2.0", policy: try policy(),
      sections: [try .trainingRun(contentsOf: URL(filePath: run))])
    let text = card.text(of: try ModelExport(of: fixture.tuned, as: .huggingFace(.f16), card: card))
    #expect(
      text.hasPrefix(
        """
        ---
        base_model: somebody/Tiny
        library_name: transformers
        license: "apache-2.0"
        pipeline_tag: text-generation
        tags:
        - configurable-safety-tuning
        - dpo
        - lora
        ---

        # Tiny
        """))
    for part in [
      "**cautious** (default):\n\n    Give no advice.\n    Be | kind.\n", "| beta | 0.1 |", "| lora targets | q_proj |",
      "| rows, pairs | 3, 6 |", "rows.jsonl (SHA-256 cd)", "| shuffle | yes |", "rank 4 and alpha 8.0",
      "weights in F16",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(!text.contains("/home/somebody") && !text.contains("epochs"))
  }

  @Test func itClaimsNothingItWasNotTold() async throws {
    let fixture = try await ExportFixture()
    let text = ModelCard().text(of: try ModelExport(of: fixture.tuned, as: .peft))
    #expect(text.contains("Licence: not stated"))
    #expect(!text.contains("license:") && !text.contains("base_model:") && !text.contains("## "))
    #expect(text.contains("library_name: peft") && text.contains("Base model: tiny.gguf"))
  }

  @Test func aRecordOfSomethingElseIsRefused() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("run.json", #"{"version": 3}"#)
    FormatFixtures.expectError(.badSyntax, naming: "run.json") {
      _ = try ModelCard.Section.trainingRun(contentsOf: URL(filePath: file))
    }
    FormatFixtures.expectError(.unreadable, naming: "gone.json") {
      _ = try ModelCard.Section.measures(inReport: folder["gone.json"])
    }
  }
}
