/// What a run reports.
@nonexhaustive
public enum TrainingEvent: Sendable {
  /// An optimizer step was taken.
  case step(StepReport)
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
  let pairs: @Sendable () throws -> [EncodedPair]
  let plan: TrainingPlan
  let checkpoint: TrainingCheckpoint?
  let shouldStop: @Sendable () -> Bool

  /// Starts the run from its beginning (or its checkpoint).
  public func makeAsyncIterator() -> Iterator { Iterator(run: self) }

  /// Computes the run step by step.
  public struct Iterator: AsyncIteratorProtocol {
    private enum Phase {
      case notStarted
      case training(TrainingState)
      case ending([TrainingEvent])
    }

    private let run: TrainingRun
    private var phase = Phase.notStarted

    init(run: TrainingRun) { self.run = run }

    /// The next event; `nil` after ``TrainingEvent/finished(_:)``.
    ///
    /// Runs on a compute thread, not on the cooperative pool.
    /// - Throws: ``ConversationError``, ``TrainingError``; `CancellationError` where the task is cancelled. After an error
    ///   the run is over.
    public mutating func next() async throws -> TrainingEvent? {
      try Task.checkCancellation()
      switch phase {
      case .ending(var events):
        guard !events.isEmpty else { return nil }
        let event = events.removeFirst()
        phase = .ending(events)
        return event
      case .notStarted:
        phase = .ending([])
        let run = run
        let state = try await onComputeThread { try TrainingState(run) }
        phase = .training(state)
        return try await next()
      case .training(var state):
        if let event = state.pendingEvent() {
          phase = .training(state)
          return event
        }
        phase = .ending([])
        if state.isFinished || (state.hasTakenStep && run.shouldStop()) {
          phase = .ending([.finished(state.adapter)])
          return .checkpoint(state.checkpoint)
        }
        let initial = state
        let (advanced, report) = try await onComputeThread {
          var state = initial
          let report = try state.step()
          return (state, report)
        }
        phase = .training(advanced)
        return .step(report)
      }
    }
  }
}
