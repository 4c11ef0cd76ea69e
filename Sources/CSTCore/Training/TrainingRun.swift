/// What a run reports.
@nonexhaustive
public enum TrainingEvent: Sendable {
  /// An optimizer step was taken.
  case step(StepReport)
  /// A sign that the run does not learn what it should.
  case alarm(TrainingAlarm)
  /// A state to go on from later.
  case checkpoint(TrainingCheckpoint)
  /// The run is over; no event follows.
  case finished(LoRAAdapter)
}

/// The events of one training run. One `next()` computes one optimizer step; leaving the loop stops the run.
public struct TrainingRun: AsyncSequence, Sendable {
  /// What a run reports.
  public typealias Element = TrainingEvent

  let trainer: DPOTrainer
  /// What to train on; asked for once, on the compute thread.
  let data: @Sendable () throws -> TrainingData
  let plan: TrainingPlan
  let checkpoint: TrainingCheckpoint?
  let shouldStop: @Sendable () -> Bool

  /// Starts the run from its beginning (or its checkpoint).
  public func makeAsyncIterator() -> Iterator { Iterator(run: self) }

  /// Computes the run step by step.
  public struct Iterator: AsyncIteratorProtocol, Sendable {
    private let run: TrainingRun
    /// The run between two steps; `nil` before it has started.
    private(set) var state: TrainingState?
    /// What is still to be told of a run that is over; `nil` while it goes on.
    private var ending: [TrainingEvent]?

    init(run: TrainingRun) { self.run = run }

    /// The next event; `nil` after ``TrainingEvent/finished(_:)``.
    ///
    /// Runs on a compute thread, not on the cooperative pool.
    /// - Throws: ``ConversationError``, ``TrainingError``; `CancellationError` where the task is cancelled. After an error
    ///   the run is over.
    public mutating func next() async throws -> TrainingEvent? {
      do {
        try Task.checkCancellation()
        if let ending {
          self.ending = Array(ending.dropFirst())
          return ending.first
        }
        return try await advance()
      } catch {
        ending = []
        throw error
      }
    }

    /// Takes the data and makes or restores what is trained, unless that is done.
    @discardableResult
    mutating func start() async throws -> TrainingState {
      if let state { return state }
      let run = run
      let started = try await onComputeThread { try TrainingState(run) }
      state = started
      return started
    }

    private mutating func advance() async throws -> TrainingEvent {
      var current = try await start()
      if let event = current.pendingEvent() {
        state = current
        return event
      }
      if current.isFinished || (current.hasTakenStep && run.shouldStop()) {
        ending = [.finished(current.adapter.converted)]
        return .checkpoint(current.checkpoint)
      }
      let before = current
      let (after, report) = try await onComputeThread {
        var state = before
        let report = try state.step()
        return (state, report)
      }
      state = after
      return .step(report)
    }
  }
}
