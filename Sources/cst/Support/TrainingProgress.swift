import CSTCore
import Foundation

/// A training run as the terminal shows it.
enum TrainingProgress {
  static func interruptFlag() -> InterruptFlag {
    InterruptFlag(message: "stopping after this step and saving (again: stop at once, saving nothing)")
  }

  /// Goes through a run, and shows how far it is and what was saved where.
  /// - Parameter observe: Called with every event.
  /// - Returns: The run at its end.
  static func follow(_ run: SavedRun, observe: (TrainingEvent) -> Void = { _ in }) async throws -> SavedRun.Progress {
    noteStart(of: run)
    var line = ProgressLine()
    defer { line.end() }
    var last: SavedRun.Progress?
    for try await progress in run {
      observe(progress.event)
      switch progress.event {
      case .step(let report): line.show(words(report, progress.record), isLast: report.step == report.totalSteps)
      case .alarm(let alarm):
        line.end()
        Console.note("warning: after step \(alarm.step): \(alarm)\(rows(alarm))\n")
      default: break
      }
      last = progress
    }
    guard let last else { throw CancellationError() }
    return last
  }

  /// Says where the files of a run are that has come to its end, and how to go on where it was stopped.
  static func noteEnd(of run: SavedRun.Progress) {
    let place = run.location.path
    Console.note("saved the adapter, checkpoint.safetensors, metrics.jsonl and run.json in \(place)\n")
    if let older = run.record.replaces {
      Console.note("\(older) is as it was; to go on with this run and replace it: --out \(place) --resume\n")
    }
  }

  private static func noteStart(of run: SavedRun) {
    let record = run.record
    let (data, machine) = (record.data, record.machine)
    Console.note(
      "\(data.pairs) pairs from \(data.rowsUsed) rows; \(machine.kernels) kernels, "
        + "\(record.options["precision"]?.words ?? ""), \(machine.threads) threads\n")
    if data.truncatedPairs > 0 {
      Console.note(
        "note: \(data.truncatedPairs) of \(data.pairs) pairs have an answer that is cut to fit "
          + "--max-length \(record.options["max_length"]?.words ?? "")"
          + "\(record.options["max_completion_length"].map { " and --max-completion-length \($0.words ?? "")" } ?? "")\n"
      )
    }
    if let older = record.replaces {
      Console.note("\(older) stays as it is until this run is finished, which grows in \(run.folder.place.path)\n")
    }
    if record.resumedAfterStep > 0 { Console.note("going on after step \(record.resumedAfterStep)\n") }
  }

  private static func rows(_ alarm: TrainingAlarm) -> String {
    alarm.rows.isEmpty ? "" : " (rows \(alarm.rows.map(String.init).joined(separator: ", ")), counted from 0)"
  }

  private static func words(_ report: StepReport, _ record: RunRecord) -> String {
    func rounded(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    let stepsHere = Double(max(1, report.step - record.resumedAfterStep))
    let secondsLeft = record.seconds / stepsHere * Double(report.totalSteps - report.step)
    var words = [
      "step \(report.step)/\(report.totalSteps)",
      "loss \(rounded(report.loss, 4))",
      "margin \(rounded(report.rewardMargin, 3))",
      "accuracy \(rounded(report.metrics.rewardAccuracy, 2))",
    ]
    if let retained = report.retainedLoss { words.append("retained \(rounded(retained, 3))") }
    words.append("\(Int(Double(report.tokens) / max(report.seconds, 1e-9))) tokens/s")
    words.append("\(readableDuration(seconds: secondsLeft)) left")
    return words.joined(separator: "  ")
  }
}
