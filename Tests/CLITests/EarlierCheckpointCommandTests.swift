import CSTCore
import Foundation
import TestSupport
import Testing

/// Runs of an earlier version go on with `--resume` as that version would have gone on with them.
@Suite(.enabled(if: CheckpointFixture.isForThisMachine, "the bits are those of x86-64"))
struct EarlierCheckpointCommandTests {
  @Test(arguments: ["labels", "rows"]) func aKilledRunEndsAsItDidThen(name: String) throws {
    let (fixture, folder) = (CheckpointFixture(name), try TemporaryFolder())
    let run = folder["run"]
    try FileManager.default.copyItem(at: fixture.run, to: run)
    let outcome = try CommandLineTool.run(
      ["train", "--out", run.path, "--resume"] + fixture.options(), environment: ["CST_KERNELS": "scalar"])
    #expect(outcome.code == 0, "\(outcome.notes)")
    #expect(outcome.notes.contains("going on after step 6"))
    let metrics = try CheckpointFixture.metrics(in: run.appending(path: "metrics.jsonl"))
    #expect(try metrics == fixture.metrics(kernels: "scalar"))
    let digest = try SHA256.digest(ofFile: run.appending(path: "adapter_model.safetensors"))
    #expect(try digest == fixture.adapterDigest(kernels: "scalar"))
  }
}
