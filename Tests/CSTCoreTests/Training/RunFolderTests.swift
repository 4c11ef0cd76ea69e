import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// What is in a run's folder, and when.
@Suite struct RunFolderTests {
  private static let files: Set = [
    "adapter_config.json", "adapter_model.safetensors", "checkpoint.safetensors", "metrics.jsonl", "run.json",
  ]

  @Test func aRunIsInItsFolder() async throws {
    let fixture = try await RunFixture()
    var reports: [StepReport] = []
    var adapterFiles: [UInt64] = []
    var adapter: LoRAAdapter?
    let end = try await fixture.run("run") { progress in
      #expect(progress.location == fixture.folder["run"])
      switch progress.event {
      case .step(let report): reports.append(report)
      case .alarm(let alarm): Issue.record("\(alarm)")
      case .checkpoint: adapterFiles.append(try Self.fileNumber(in: fixture.folder["run"]))
      case .finished(let trained):
        adapterFiles.append(try Self.fileNumber(in: fixture.folder["run"]))
        adapter = trained
      }
    }
    #expect(Set(try fixture.bytes("run").keys) == Self.files)
    #expect(reports.map(\.step) == Array(1...6))
    #expect(try fixture.metrics("run") == reports.map { $0.row.filter { $0.key != "seconds" } })
    #expect(adapterFiles.count == 2 && adapterFiles[0] == adapterFiles[1], "the adapter is written once")
    let written = try LoRAAdapter(contentsOf: fixture.folder["run"], for: fixture.model.configuration)
    #expect(try #require(adapter).parameters.map(\.scalars) == written.parameters.map(\.scalars))
    let record = try fixture.record("run")
    #expect(record.status == .finished && record.stepsDone == 6 && record.totalSteps == 6)
    #expect(record.metrics == reports.last?.row)
    #expect(try RecordFile.text(record) == RecordFile.text(#require(end).record), "it says the same when it is read")
    #expect(record.options["beta"] == .number(0.5) && record.options["method"] == .text("dpo"))
  }

  private static func fileNumber(in folder: URL) throws -> UInt64 {
    let path = folder.appending(path: "adapter_model.safetensors").path
    return try #require(FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? UInt64)
  }

  @Test func aFolderIsOpenedForWhatIsInIt() async throws {
    let fixture = try await RunFixture()
    func reason(_ name: String, _ opening: RunFolder.Opening) -> RunFolderError.Reason? {
      do throws(RunFolderError) {
        _ = try RunFolder(fixture.folder[name], opening: opening)
        return nil
      } catch { return error.reason }
    }
    #expect(reason("rows.jsonl", .fresh) == .notAFolder)
    #expect(reason("run", .resuming) == .nothingToResume)
    #expect(try !RunFolder(fixture.folder["run"], opening: .freshOrResuming).isResuming)
    try await fixture.run("run", stoppingAfterStep: 1)
    #expect(reason("run", .fresh) == .holdsRun)
    #expect(try RunFolder(fixture.folder["run"], opening: .freshOrResuming).isResuming)
    #expect(reason("run", .resuming) == nil && reason("run", .replacing) == nil)
  }

  @Test func itGoesOnToTheSameBits() async throws {
    let fixture = try await RunFixture()
    try await fixture.run("undisturbed")
    let stopped = try await fixture.run("stopped", stoppingAfterStep: 2)
    #expect(stopped?.record.status == .interrupted)
    #expect(try fixture.metrics("stopped").count == 2)
    let end = try await fixture.run("stopped", .freshOrResuming)
    #expect(end?.record.resumedAfterStep == 2)
    try expectEqualRuns("stopped", "undisturbed", fixture)
  }

  /// Whatever ends a run, the steps before are not lost.
  @Test func cancellationAndErrorsKeepTheStepsBefore() async throws {
    let fixture = try await RunFixture()
    let work = Task {
      try await fixture.run("cancelled") { if $0.record.stepsDone == 3 { withUnsafeCurrentTask { $0?.cancel() } } }
    }
    await #expect(throws: CancellationError.self) { try await work.value }
    #expect(try fixture.record("cancelled").status == .interrupted)
    #expect(try fixture.checkpoint("cancelled").step == 3)
    try await fixture.run("cancelled", .resuming)
    try await fixture.run("undisturbed")
    try expectEqualRuns("cancelled", "undisturbed", fixture)

    let failing = fixture.trainer(learningRate: 1e30)
    await #expect(throws: TrainingError.self) { try await fixture.run("failed", .fresh, failing) }
    let steps = try fixture.metrics("failed").count
    #expect(steps >= 1)
    #expect(try fixture.checkpoint("failed").step == steps)
    #expect(try fixture.record("failed").status == .failed)
  }

  /// Time decides when there is a checkpoint, and nothing else.
  @Test(arguments: [(0.0, 5), (600, 0)])
  func checkpointsFollowTheTime(seconds: Double, inBetween: Int) async throws {
    let fixture = try await RunFixture()
    var (plan, steps) = (fixture.plan, [Int]())
    #expect(plan.checkpointSeconds == 600, "ten minutes unless said otherwise")
    plan.checkpointSeconds = seconds
    try await fixture.run("timed", .fresh, nil, plan) { progress in
      if case .checkpoint(let checkpoint) = progress.event { steps.append(checkpoint.step) }
    }
    #expect(steps == Array(1..<1 + inBetween) + [6])
    plan.checkpointSeconds = nil
    try await fixture.run("untimed", .fresh, nil, plan)
    try expectEqualRuns("timed", "untimed", fixture)
  }

  // MARK: Replacing

  @Test func theOlderRunStaysUntilTheNewOneIsWhole() async throws {
    let fixture = try await RunFixture()
    try await fixture.run("run")
    _ = try fixture.folder.file("run/notes.txt", "mine")
    let older = try fixture.bytes("run")
    let other = fixture.trainer(learningRate: 1e-3)
    let end = try await fixture.run("run", .replacing, other) { progress in
      if case .finished = progress.event { return }
      let now = try fixture.bytes("run")
      #expect(now == older, "after \(progress.record.stepsDone) steps")
    }
    #expect(end?.location == fixture.folder["run"])
    #expect(try fixture.folder.names() == ["tiny.gguf", "rows.jsonl", "run"])
    #expect(Set(try fixture.bytes("run").keys) == Self.files.union(["notes.txt"]))
    #expect(try fixture.record("run").status == .finished && fixture.record("run").replaces == nil)
    try await fixture.run("alone", .replacing, other)
    try expectEqualRuns("run", "alone", fixture)
  }

  @Test(arguments: [1e-3, 1e30])
  func aReplacementThatIsStoppedGoesOnBeside(learningRate: Double) async throws {
    let fixture = try await RunFixture()
    try await fixture.run("run")
    let older = try fixture.bytes("run")
    let other = fixture.trainer(learningRate: learningRate)
    if learningRate < 1 {
      let stopped = try await fixture.run("run", .replacing, other, stoppingAfterStep: 2)
      #expect(stopped?.location.lastPathComponent == "run.partial")
    } else {
      await #expect(throws: TrainingError.self) { try await fixture.run("run", .replacing, other) }
    }
    #expect(try fixture.bytes("run") == older)
    #expect(try fixture.checkpoint("run.partial").step >= 1)
    let refusal = #expect(throws: RunFolderError.self) { try RunFolder(fixture.folder["run"], opening: .replacing) }
    #expect(refusal?.reason == .unfinishedReplacement && refusal?.location.lastPathComponent == "run.partial")

    guard learningRate < 1 else { return }
    let end = try await fixture.run("run.partial", .resuming, other)
    #expect(end?.location.lastPathComponent == "run" && end?.record.status == .finished)
    #expect(try fixture.folder.names() == ["tiny.gguf", "rows.jsonl", "run"])
    try await fixture.run("undisturbed", .fresh, other)
    try expectEqualRuns("run", "undisturbed", fixture)
  }

  private func expectEqualRuns(_ one: String, _ other: String, _ fixture: RunFixture) throws {
    let (one, other) = (
      try (fixture.bytes(one), fixture.metrics(one)), try (fixture.bytes(other), fixture.metrics(other))
    )
    #expect(one.1 == other.1)
    for name in ["adapter_model.safetensors", "adapter_config.json", "checkpoint.safetensors"] {
      #expect(one.0[name] == other.0[name], "\(name)")
    }
  }
}
