import CSTCore
import CSTData
import Foundation
import Synchronization

/// One run of `cst synth`: works through the prompts, shows progress, stops on Ctrl-C, writes the files at the end.
final class SynthesisSession: Sendable {
  private let prompts: [SynthesisPrompt]
  private let files: SynthesisFiles
  private let interrupt: InterruptFlag
  private let progress = SharedProgress()
  private let state: Mutex<State>
  private let plan: SelfCritique

  private struct State {
    var record: SynthesisRecord
    /// Prompts of which is known what comes of them; they are taken up in their order.
    var settled = 0
    /// When the teacher replied for the first time, and how many prompts were settled then.
    var firstReply: (time: ContinuousClock.Instant, settled: Int)?
  }

  var interruptExitCode: Int32 { interrupt.exitCode }

  init(_ plan: SelfCritique, prompts: [SynthesisPrompt], files: SynthesisFiles, record: SynthesisRecord) {
    self.plan = plan
    self.prompts = prompts
    self.files = files
    state = Mutex(State(record: record))
    interrupt = InterruptFlag(message: "stopping; finished calls are kept (again: stop at once)")
  }

  /// Runs to the end or the first Ctrl-C.
  /// - Returns: The record as it was saved.
  func run() async throws -> SynthesisRecord {
    let clock = ContinuousClock()
    let start = clock.now
    try save(state.withLock { $0.record })
    do {
      try files.save(await allOutcomes())
      return try end(.finished, clock.now - start)
    } catch is CancellationError {
      return try end(.interrupted, clock.now - start)
    } catch {
      let record = try? end(.failed, clock.now - start)
      guard let error = error as? TeacherError else { throw error }
      throw CommandError(
        "\(error); \(record?.tally.prompts ?? 0) of \(prompts.count) prompts are done, and every reply is kept in "
          + "\(files.journal.path): run the same command again to go on")
    }
  }

  private func allOutcomes() async throws -> [SynthesisOutcome] {
    let work = Task {
      var outcomes: [SynthesisOutcome] = []
      for try await outcome in self.observed().outcomes(for: self.prompts) {
        outcomes.append(outcome)
        self.show(outcome)
      }
      return outcomes
    }
    let watch = Task { [interrupt] in
      while !interrupt.isSet { try await Task.sleep(for: .milliseconds(100)) }
      work.cancel()
    }
    defer { watch.cancel() }
    return try await work.value
  }

  // MARK: Progress

  private func observed() -> SelfCritique {
    var plan = plan
    plan.observer = { [self] event in
      let text = state.withLock { state in
        state.record.tally.add(event)
        if case .settled = event { state.settled += 1 }
        if case .replied = event, state.firstReply == nil { state.firstReply = (.now, state.settled) }
        return Self.words(state, total: prompts.count)
      }
      progress.show(text, isLast: false)
    }
    return plan
  }

  private func show(_ outcome: SynthesisOutcome) {
    let text = state.withLock { state in
      state.record.tally.add(outcome)
      return Self.words(state, total: prompts.count)
    }
    progress.show(text, isLast: outcome.position + 1 == prompts.count)
  }

  private static func words(_ state: State, total: Int) -> String {
    let tally = state.record.tally
    var parts = ["prompts \(state.settled)/\(total)", "\(tally.rows) rows"]
    if !tally.rejected.isEmpty { parts.append("rejected \(SynthesisRecord.list(tally.rejected))") }
    parts.append("\(tally.calls) calls")
    if tally.reusedCalls > 0 { parts.append("\(tally.reusedCalls) from the journal") }
    if let first = state.firstReply {
      let seconds = (ContinuousClock.now - first.time) / .seconds(1)
      let done = state.settled - first.settled
      if seconds > 0, tally.completionTokens > 0 {
        parts.append("\(Int(Double(tally.completionTokens) / seconds)) tokens/s")
      }
      if done > 0 {
        parts.append("\(readableDuration(seconds: seconds / Double(done) * Double(total - state.settled))) left")
      }
    }
    if !tally.failures.isEmpty { parts.append("failed attempts: \(SynthesisRecord.list(tally.failures))") }
    return parts.joined(separator: ", ")
  }

  // MARK: The record

  private func end(_ status: SynthesisRecord.Status, _ time: Duration) throws -> SynthesisRecord {
    progress.end()
    let record = state.withLock { state in
      state.record.status = status
      state.record.end = Date()
      state.record.seconds = time / .seconds(1)
      return state.record
    }
    try save(record)
    return record
  }

  private func save(_ record: SynthesisRecord) throws { try RecordFile.write(record, to: files.record) }
}
