import Foundation

/// A training run whose results are in its folder before its events are told; see ``RunFolder``.
///
/// One `next()` computes one optimizer step. Whatever ends the run early, an error or the cancellation of its task included,
/// the steps that were done are saved as a checkpoint first; leaving the loop keeps what the last checkpoint has.
public struct SavedRun: AsyncSequence, Sendable {
  /// What happened, and how the run stands after it.
  public struct Progress: Sendable {
    /// What happened; its results are in the files.
    public let event: TrainingEvent
    /// The record as it is saved with the next checkpoint.
    public let record: RunRecord
    /// The folder that the run is in.
    public let location: URL
  }

  /// What happened, and how the run stands after it.
  public typealias Element = Progress

  /// The record at the start.
  public let record: RunRecord
  /// The folder that the run goes into.
  public let folder: RunFolder
  private let start: TrainingRun.Iterator
  private let baseModelName: String

  fileprivate init(_ folder: RunFolder, _ start: TrainingRun.Iterator, _ record: RunRecord, baseModelName: String) {
    self.folder = folder
    self.start = start
    self.record = record
    self.baseModelName = baseModelName
  }

  /// Starts the run from its beginning (or its checkpoint).
  public func makeAsyncIterator() -> Iterator { Iterator(run: self) }

  /// Computes and saves the run step by step.
  public struct Iterator: AsyncIteratorProtocol {
    private let run: SavedRun
    private var events: TrainingRun.Iterator
    private var record: RunRecord
    private var log: MetricsLog?
    /// Steps done at the checkpoint that is in the folder by now.
    private var savedStep: Int?

    fileprivate init(run: SavedRun) {
      self.run = run
      events = run.start
      record = run.record
    }

    /// The next event, when its results are in the files; `nil` at the end.
    /// - Throws: What the run throws, see ``TrainingRun/Iterator/next()``, and `FormatError` where a file cannot be written.
    public mutating func next() async throws -> Progress? {
      do {
        let log = try open()
        guard let event = try await events.next() else { return nil }
        switch event {
        case .step(let report):
          try log.append(report)
          record.add(report)
        case .checkpoint(let checkpoint): try save(checkpoint)
        case .alarm: break
        case .finished:
          // Its checkpoint, with the adapter, was the event before.
          let isComplete = record.totalSteps.map { record.stepsDone >= $0 } ?? true
          record.end(isComplete ? .finished : .interrupted)
          if isComplete {
            record = try run.folder.finish(record)
            return Progress(event: event, record: record, location: run.folder.location)
          }
          try run.folder.save(record)
        }
        return Progress(event: event, record: record, location: run.folder.place)
      } catch {
        if log != nil, record.status == .running {
          record.end(error is CancellationError ? .interrupted : .failed)
          // What went wrong first is what is reported.
          if let state = events.state, state.hasTakenStep {
            try? save(state.checkpoint)
          } else {
            try? run.folder.save(record)
          }
        }
        throw error
      }
    }

    /// The metrics' file. Before the first event nothing is touched.
    private mutating func open() throws -> MetricsLog {
      if let log { return log }
      let opened = try run.folder.open(afterStep: record.resumedAfterStep)
      try run.folder.save(record)
      log = opened
      return opened
    }

    private mutating func save(_ checkpoint: TrainingCheckpoint) throws {
      if savedStep != checkpoint.step { try run.folder.save(checkpoint, baseModelName: run.baseModelName) }
      savedStep = checkpoint.step
      try run.folder.save(record)
    }
  }
}

extension RunFolder {
  /// A run of `trainer` whose results go into this folder. Everything is read and checked, a checkpoint to go on from too;
  /// nothing is written before the first event is asked for.
  ///
  /// - Parameters:
  ///   - trainer: The model, the loss, the adapter and the optimizer.
  ///   - data: What to train on, as the trainer's encoder makes it.
  ///   - plan: Length, batches, order, seed and checkpoints.
  ///   - source: Where the pairs come from.
  ///   - shouldStop: Asked after every step; where it says yes, the run ends early and can be resumed.
  /// - Throws: `FormatError` where a file cannot be read, ``TrainingError`` where there are no pairs or the checkpoint is
  ///   another run's.
  public func run(
    _ trainer: DPOTrainer, on data: TrainingData, plan: TrainingPlan = TrainingPlan(), from source: RunSource,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) async throws -> SavedRun {
    let checkpoint = try checkpoint(for: trainer.model.configuration)
    var events = trainer.run(on: data, plan: plan, resuming: checkpoint, shouldStop: shouldStop).makeAsyncIterator()
    let plan = try await events.start().plan
    let record = try await onComputeThread {
      try RunRecord(
        trainer, on: data, plan: plan, from: source, replacing: replaces, resumedAfterStep: checkpoint?.step ?? 0)
    }
    return SavedRun(self, events, record, baseModelName: trainer.model.source.location.lastPathComponent)
  }

  /// The same over pairs that are the same in every epoch.
  public func run(
    _ trainer: DPOTrainer, on pairs: [EncodedPair], plan: TrainingPlan = TrainingPlan(), from source: RunSource,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) async throws -> SavedRun {
    try await run(trainer, on: TrainingData(pairs), plan: plan, from: source, shouldStop: shouldStop)
  }
}
