import CSTCore
import Foundation

/// One training run with its folder: starts or resumes it, keeps files and progress up to date, stops it on Ctrl-C.
struct TrainingSession {
  /// What a run is made of, read and checked.
  struct Inputs {
    let trainer: DPOTrainer
    /// The shape of the adapter that is trained.
    let adapter: LoRAConfiguration
    let pairs: [ConfiguredPair]
    let plan: TrainingPlan
    let record: RunRecord
  }

  private let inputs: Inputs
  private let directory: RunDirectory
  private let checkpoint: TrainingCheckpoint?
  private let interrupt: InterruptFlag
  private let isProfiled: Bool

  /// The exit code after an interruption.
  var interruptExitCode: Int32 { interrupt.exitCode }

  /// Reads the checkpoint of a run that is to go on.
  /// - Parameter isProfiled: Whether the run's time is shown by kind of work and written beside its other files.
  init(_ inputs: Inputs, directory: RunDirectory, isProfiled: Bool = false) throws {
    self.inputs = inputs
    self.directory = directory
    self.isProfiled = isProfiled
    if directory.opening == .resuming {
      let checkpoint = try TrainingCheckpoint(
        contentsOf: directory.checkpointFile, for: inputs.trainer.model.configuration)
      guard checkpoint.adapter.configuration == inputs.adapter else {
        throw CommandError(
          "\(directory.checkpointFile.path): its adapter has \(Self.words(checkpoint.adapter.configuration)), this run's "
            + "has \(Self.words(inputs.adapter)): resume with the settings it was made with")
      }
      self.checkpoint = checkpoint
    } else {
      checkpoint = nil
    }
    interrupt = InterruptFlag(message: "stopping after this step and saving (again: stop at once, saving nothing)")
  }

  /// Runs to the end or the first Ctrl-C.
  /// - Parameter onStep: Called with every step's report.
  /// - Returns: The record as it was saved.
  func run(onStep: (StepReport) -> Void = { _ in }) async throws -> RunRecord {
    var record = inputs.record
    record.resumedAfterStep = checkpoint?.step ?? 0
    record.stepsDone = record.resumedAfterStep
    noteStart(of: record)
    // A resumed run's files stay as they are until its first event: the checkpoint may turn out to be another run's.
    var log = checkpoint == nil ? try open(record) : nil
    var progress = ProgressLine()
    var tokens = 0
    if isProfiled { WorkProfile.startRecording() }
    do {
      let events = inputs.trainer.run(
        on: inputs.pairs, plan: inputs.plan, resuming: checkpoint, shouldStop: { [interrupt] in interrupt.isSet })
      for try await event in events {
        if log == nil { log = try open(record) }
        switch event {
        case .step(let report):
          try log?.append(report)
          try record.add(report)
          tokens += report.tokens
          onStep(report)
          progress.show(Self.words(report, record), isLast: report.step == report.totalSteps)
        case .checkpoint(let checkpoint):
          try directory.save(checkpoint, baseModelName: baseModelName)
          try directory.save(record)
        case .finished(let adapter):
          let isComplete = record.totalSteps.map { record.stepsDone >= $0 } ?? true
          try adapter.write(to: directory.location, baseModelName: baseModelName)
          record.end(isComplete ? .finished : .interrupted)
          try directory.save(record)
        }
      }
    } catch {
      progress.end()
      if log != nil {
        record.end(.failed)
        try? directory.save(record)
      }
      throw error
    }
    progress.end()
    if isProfiled {
      let steps = record.stepsDone - record.resumedAfterStep
      let report = ProfileReport(WorkProfile.stopRecording(), steps: steps, tokens: tokens)
      try directory.save(report)
      Console.note(report.table)
    }
    Console.note(
      "saved the adapter, checkpoint.safetensors, metrics.jsonl and run.json in \(directory.location.path)\n")
    return record
  }

  private var baseModelName: String { URL(filePath: inputs.record.model.path).lastPathComponent }

  private func open(_ record: RunRecord) throws -> MetricsLog {
    let log = try directory.open(afterStep: record.resumedAfterStep)
    try directory.save(record)
    return log
  }

  // MARK: Words

  private func noteStart(of record: RunRecord) {
    let data = record.data
    let machine = record.machine
    Console.note(
      "\(data.pairs) pairs from \(data.rowsUsed) rows; \(machine.kernels) kernels, "
        + "\(record.options.precision.rawValue), \(machine.threads) threads\n")
    if data.truncatedPairs > 0 {
      Console.note(
        "note: \(data.truncatedPairs) of \(data.pairs) pairs have an answer that is cut to fit "
          + "--max-length \(record.options.maxLength)\n")
    }
    if record.resumedAfterStep > 0 { Console.note("going on after step \(record.resumedAfterStep)\n") }
  }

  private static func words(_ report: StepReport, _ record: RunRecord) -> String {
    func rounded(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    let stepsHere = Double(max(1, report.step - record.resumedAfterStep))
    let secondsLeft = record.seconds / stepsHere * Double(report.totalSteps - report.step)
    return [
      "step \(report.step)/\(report.totalSteps)",
      "loss \(rounded(report.loss, 4))",
      "margin \(rounded(report.rewardMargin, 3))",
      "accuracy \(rounded(report.metrics.rewardAccuracy, 2))",
      "\(Int(Double(report.tokens) / max(report.seconds, 1e-9))) tokens/s",
      "\(readableDuration(seconds: secondsLeft)) left",
    ].joined(separator: "  ")
  }

  private static func words(_ adapter: LoRAConfiguration) -> String {
    let targets = adapter.targets.map(\.rawValue).joined(separator: ",")
    return "rank \(adapter.rank), alpha \(adapter.alpha), dropout \(adapter.dropout), targets \(targets)"
  }
}
