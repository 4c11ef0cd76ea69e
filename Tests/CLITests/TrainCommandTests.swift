import Foundation
import Testing

@Suite struct TrainCommandTests {
  private func metrics(_ run: String) throws -> [[String: Double]] {
    let text = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8)
    return try text.split(separator: "\n").map {
      try JSONDecoder().decode([String: Double].self, from: Data($0.utf8)).filter { $0.key != "seconds" }
    }
  }

  private func record(_ run: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(filePath: run + "/run.json"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func adapter(_ run: String) throws -> Data {
    try Data(contentsOf: URL(filePath: run + "/adapter_model.safetensors"))
  }

  @Test func writesTheRunsFiles() throws {
    let fixture = try ToolFixture()
    let run = fixture.out()
    let outcome = try CommandLineTool.run([
      "train", "--model", fixture.model, "--data", fixture.answers, "--policy", fixture.policy, "--out", run,
      "--epochs", "2", "--batch-size", "3", "--lora-targets", "q_proj,v_proj", "--json",
    ])
    #expect(outcome.code == 0, "\(outcome.notes)")
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: run)) == [
        "adapter_config.json", "adapter_model.safetensors", "checkpoint.safetensors", "metrics.jsonl", "run.json",
      ])
    // Six rows flipped and a neutral one under both configurations: 14 pairs, 5 steps an epoch.
    let rows = try metrics(run)
    #expect(rows.map { $0["step"] } == (1...10).map(Double.init))
    let names = [
      "loss", "rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies", "logps/chosen",
      "logps/rejected", "grad_norm", "learning_rate", "tokens",
    ]
    #expect(rows.allSatisfy { row in names.allSatisfy { row[$0] != nil } })
    #expect(rows.contains { $0["rewards/margins/direct"] != nil })
    let printed = try outcome.object()
    let saved = try record(run)
    #expect(NSDictionary(dictionary: printed) == NSDictionary(dictionary: saved))
    #expect(saved["status"] as? String == "finished" && saved["interrupted"] as? Bool == false)
    #expect(saved["steps_done"] as? Int == 10 && saved["total_steps"] as? Int == 10)
    #expect((saved["options"] as? [String: Any])?["learning_rate"] as? Double == 1e-4)
    #expect(((saved["model"] as? [String: Any])?["sha256"] as? String)?.count == 64)
    #expect(((saved["policy_file"] as? [String: Any])?["sha256"] as? String)?.count == 64)
    #expect(outcome.notes.contains("step 10/10"))
  }

  @Test func aProfileShowsWhereTheTimeWent() throws {
    let fixture = try ToolFixture()
    let run = fixture.out()
    let outcome = try CommandLineTool.run(fixture.train(out: run, "--steps", "2", "--profile"))
    #expect(outcome.code == 0, "\(outcome.notes)")
    #expect(outcome.notes.contains("everything else"))
    let data = try Data(contentsOf: URL(filePath: run + "/profile.json"))
    let profile = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let work = try #require(profile["work"] as? [[String: Any]])
    let seconds = work.compactMap { $0["seconds"] as? Double }
    #expect(
      work.map { $0["work"] as? String } == [
        "gemm", "attention", "head", "elementwise", "optimizer", "packing", "everything else",
      ])
    #expect(seconds.count == work.count && seconds.allSatisfy { $0 > 0 })
    let whole = try #require(profile["seconds"] as? Double)
    #expect(abs(seconds.reduce(0, +) - whole) < 1e-6 * whole)
    #expect(profile["steps"] as? Int == 2)
    #expect(try #require(profile["floating_point_operations"] as? Double) > 0)
    #expect(work[4]["calls"] as? Int == 2, "one update a step")
    let rows = try metrics(run)
    #expect(profile["tokens"] as? Double == rows.compactMap { $0["tokens"] }.reduce(0, +))
  }

  @Test func anAdapterChangesScores() throws {
    let fixture = try ToolFixture()
    let run = fixture.out()
    #expect(try CommandLineTool.run(fixture.train(out: run, "--epochs", "3", "--learning-rate", "1e-2")).code == 0)
    let score = ["score", "--model", fixture.model, "--data", fixture.data]
    let base = try CommandLineTool.run(score)
    let tuned = try CommandLineTool.run(score + ["--adapter", run])
    #expect(tuned.code == 0 && tuned.output != base.output)
    let again = fixture.out("again")
    #expect(try CommandLineTool.run(fixture.trainFrom(run, out: again)).code == 0)
  }

  @Test func aFolderWithARunIsRefusedUnlessToldOtherwise() throws {
    let fixture = try ToolFixture()
    let run = fixture.out()
    #expect(try CommandLineTool.run(fixture.train(out: run, "--steps", "2")).code == 0)
    let before = try adapter(run)
    let refused = try CommandLineTool.run(fixture.train(out: run, "--steps", "1"))
    #expect(refused.code == 1 && refused.errorLines.count == 1)
    #expect(refused.notes.contains("--overwrite") && refused.notes.contains("--resume"))
    #expect(try adapter(run) == before)
    #expect(try CommandLineTool.run(fixture.train(out: run, "--steps", "1", "--overwrite")).code == 0)
    #expect(try metrics(run).count == 1)
    #expect(try adapter(run) != before)
  }

  @Test func threadsDoNotChangeBits() throws {
    let fixture = try ToolFixture()
    let adapters = try [1, 2, 3].map { threads in
      let run = fixture.out("run\(threads)")
      #expect(try CommandLineTool.run(fixture.train(out: run, "--threads", "\(threads)")).code == 0)
      return try adapter(run)
    }
    #expect(adapters[0] == adapters[1] && adapters[1] == adapters[2])
  }

  @Test func anInterruptedRunGoesOnToTheSameBits() throws {
    let fixture = try ToolFixture()
    let (undisturbed, disturbed) = (fixture.out("undisturbed"), fixture.out("disturbed"))
    let length = ["--steps", "150", "--lora-dropout", "0.1"]
    #expect(try CommandLineTool.run(fixture.train(out: undisturbed) + length).code == 0)
    let interrupted = try CommandLineTool.run(fixture.train(out: disturbed) + length) { process in
      while process.isRunning, (try? metrics(disturbed).count) ?? 0 < 5 { usleep(2_000) }
      process.interrupt()
    }
    #expect(interrupted.code == 130, "\(interrupted.notes)")
    #expect(interrupted.errorLines.isEmpty)
    let halfway = try record(disturbed)
    #expect(halfway["interrupted"] as? Bool == true && halfway["status"] as? String == "interrupted")
    let steps = try #require(halfway["steps_done"] as? Int)
    #expect(steps >= 5 && steps < 150)
    #expect(try metrics(disturbed).count == steps)
    // The adapter of the interrupted run is usable as it is.
    #expect(
      try CommandLineTool.run(["score", "--model", fixture.model, "--data", fixture.data, "--adapter", disturbed]).code
        == 0)

    let other = try CommandLineTool.run(fixture.train(out: disturbed) + length + ["--resume", "--beta", "0.2"])
    #expect(other.code == 1 && other.notes.contains("beta"))
    #expect(try metrics(disturbed).count == steps)
    let otherRank = try CommandLineTool.run(
      fixture.train(out: disturbed).map { $0 == "4" ? "5" : $0 } + length + ["--resume"])
    #expect(otherRank.code == 1 && otherRank.notes.contains("rank 4"))

    let resumed = try CommandLineTool.run(fixture.train(out: disturbed) + length + ["--resume"])
    #expect(resumed.code == 0, "\(resumed.notes)")
    #expect(try adapter(disturbed) == adapter(undisturbed))
    #expect(try metrics(disturbed) == metrics(undisturbed))
    #expect(try record(disturbed)["resumed_after_step"] as? Int == steps)
  }

  @Test func aSecondInterruptEndsAtOnce() throws {
    let fixture = try ToolFixture()
    let run = fixture.out()
    let outcome = try CommandLineTool.run(
      fixture.train(out: run, "--steps", "100000", "--batch-size", "8", "--gradient-accumulation", "4096")
    ) { process in
      while process.isRunning, !FileManager.default.fileExists(atPath: run + "/run.json") { usleep(2_000) }
      process.interrupt()
      usleep(100_000)
      process.interrupt()
    }
    #expect(outcome.code == 130)
  }

  /// What is left after a crash between checkpoints: rows of steps that will be computed again.
  @Test func aKilledRunGoesOnFromItsLastCheckpoint() throws {
    let fixture = try ToolFixture()
    let (undisturbed, killed) = (fixture.out("undisturbed"), fixture.out("killed"))
    let length = ["--steps", "100", "--checkpoint-every", "4"]
    #expect(try CommandLineTool.run(fixture.train(out: undisturbed) + length).code == 0)
    _ = try CommandLineTool.run(fixture.train(out: killed) + length) { process in
      while process.isRunning, (try? metrics(killed).count) ?? 0 < 10 { usleep(2_000) }
      kill(process.processIdentifier, SIGKILL)
    }
    #expect(try record(killed)["status"] as? String == "running")
    #expect(try CommandLineTool.run(fixture.train(out: killed) + length + ["--resume"]).code == 0)
    #expect(try adapter(killed) == adapter(undisturbed))
    #expect(try metrics(killed) == metrics(undisturbed))
  }
}

extension ToolFixture {
  /// One step that starts from an adapter.
  fileprivate func trainFrom(_ adapter: String, out: String) -> [String] {
    [
      "train", "--model", model, "--data", data, "--method", "dpo", "--out", out, "--init-adapter", adapter, "--steps",
      "1",
    ]
  }
}
