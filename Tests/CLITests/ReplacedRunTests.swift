import Foundation
import Testing

/// `cst train --overwrite`: the older run is there, whole, until the new one is. And what signals do.
@Suite struct ReplacedRunTests {
  private func bytes(_ folder: String) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return Dictionary(
      uniqueKeysWithValues: try names.map { ($0, try Data(contentsOf: URL(filePath: folder + "/" + $0))) })
  }

  private func steps(_ folder: String) -> Int {
    let text = (try? String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").count
  }

  private static let long = ["--steps", "100000", "--overwrite", "--checkpoint-seconds", "0"]

  @Test(arguments: [SIGKILL, SIGINT, SIGTERM])
  func anEndedReplacementLeavesTheOlderRun(signal: Int32) throws {
    let fixture = try ToolFixture()
    let run = fixture.out()
    #expect(try CommandLineTool.run(fixture.train(out: run, "--steps", "2")).code == 0)
    let older = try bytes(run)
    let ended = try CommandLineTool.run(fixture.train(out: run) + Self.long) { process in
      while process.isRunning, steps(run + ".partial") < 3 {
        let now = try bytes(run)
        #expect(now == older)
        usleep(2_000)
      }
      kill(process.processIdentifier, signal)
    }
    #expect(ended.code == 128 + signal, "\(ended.notes)")
    #expect(try bytes(run) == older)
    if signal != SIGKILL {
      #expect(ended.output.contains("run.partial") && ended.notes.contains("--out \(run).partial --resume"))
    }

    let again = try CommandLineTool.run(fixture.train(out: run) + Self.long)
    #expect(again.code == 1 && again.errorLines.count == 1 && again.notes.contains("--out \(run).partial --resume"))
    let rest = ["--steps", "100000", "--resume"]
    let resumed = try CommandLineTool.run(fixture.train(out: run + ".partial") + rest) { process in
      let before = steps(run + ".partial")
      while process.isRunning, steps(run + ".partial") <= before { usleep(2_000) }
      process.interrupt()
    }
    #expect(resumed.code == 130 && resumed.notes.contains("going on after step"), "\(resumed.notes)")
    #expect(try bytes(run) == older)
  }

  @Test func aFailedReplacementLeavesTheOlderRun() throws {
    let fixture = try ToolFixture()
    let run = fixture.out()
    #expect(try CommandLineTool.run(fixture.train(out: run, "--steps", "2")).code == 0)
    let older = try bytes(run)
    let failed = try CommandLineTool.run(
      fixture.train(out: run, "--steps", "50", "--overwrite", "--learning-rate", "1e30", "--max-grad-norm", "0"))
    #expect(failed.code == 1 && failed.errorLines.count == 1, "\(failed.notes)")
    #expect(try bytes(run) == older)
  }

  @Test func itTakesTheNameWhenItIsWhole() throws {
    let fixture = try ToolFixture()
    let (run, alone) = (fixture.out(), fixture.out("alone"))
    #expect(try CommandLineTool.run(fixture.train(out: run, "--steps", "2", "--profile")).code == 0)
    let interrupted = try CommandLineTool.run(fixture.train(out: run, "--steps", "60", "--overwrite")) { process in
      while process.isRunning, steps(run + ".partial") < 3 { usleep(2_000) }
      process.interrupt()
    }
    #expect(interrupted.code == 130)
    let resumed = try CommandLineTool.run(fixture.train(out: run + ".partial", "--steps", "60", "--resume"))
    #expect(resumed.code == 0 && resumed.output == "\(run): finished after step 60\n", "\(resumed.notes)")
    #expect(try CommandLineTool.run(fixture.train(out: alone, "--steps", "60")).code == 0)
    let (replaced, undisturbed) = (try bytes(run), try bytes(alone))
    #expect(Set(replaced.keys) == Set(undisturbed.keys), "no profile of the older run")
    #expect(replaced["adapter_model.safetensors"] == undisturbed["adapter_model.safetensors"])
    #expect(!FileManager.default.fileExists(atPath: run + ".partial"))
  }

  /// Whether this process, and so every tool that it starts, ignores that its terminal goes away.
  private static let ignoresHangup: Bool = {
    let before = signal(SIGHUP, SIG_IGN)
    signal(SIGHUP, before)
    return unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }()

  @Test(.enabled(if: !ignoresHangup, "SIGHUP is ignored here"))
  func aTerminalThatGoesAwayLosesNoWork() throws { try expectSaved(at: SIGHUP, ignoring: nil, code: 129) }

  @Test func soDoesTheEndOfTheSession() throws { try expectSaved(at: SIGTERM, ignoring: nil, code: 143) }

  /// As nohup starts it.
  @Test func aRunThatIsToOutliveItsTerminalDoes() throws { try expectSaved(at: SIGHUP, ignoring: SIGHUP, code: 0) }

  private func expectSaved(at signal: Int32, ignoring ignored: Int32?, code: Int32) throws {
    let fixture = try ToolFixture()
    let run = fixture.out()
    let train = fixture.train(out: run, "--steps", ignored == nil ? "100000" : "60")
    let outcome = try CommandLineTool.run(train, ignoring: ignored) { process in
      while process.isRunning, steps(run) < 3 { usleep(2_000) }
      kill(process.processIdentifier, signal)
    }
    #expect(outcome.code == code, "\(outcome.notes)")
    #expect(outcome.errorLines.isEmpty)
    let data = try Data(contentsOf: URL(filePath: run + "/run.json"))
    let record = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(record["status"] as? String == (code == 0 ? "finished" : "interrupted"))
    #expect(record["steps_done"] as? Int == steps(run))
    let score = ["score", "--model", fixture.model, "--data", fixture.data, "--adapter", run]
    #expect(try CommandLineTool.run(score).code == 0)
  }
}
