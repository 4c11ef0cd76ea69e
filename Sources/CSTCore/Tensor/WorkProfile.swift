import Synchronization

/// Where the computing time of a piece of work went, by kind.
///
/// ```swift
/// let (adapter, profile) = try await WorkProfile.recorded { try await train() }
/// ```
///
/// Times are wall time seen from the thread that computes, waiting for its helpers included. Only what the work itself computes
/// is counted, whatever else the process does; where it computes on two threads, what the second one does is not. Recording
/// costs under a microsecond an operation.
public struct WorkProfile: Sendable, Hashable {
  /// A kind of work.
  @nonexhaustive
  public enum Kind: String, Sendable, CaseIterable {
    /// Matrix products of the layers, low-rank ones included.
    case gemm
    /// Attention, forward and backward.
    case attention
    /// The language-model head with its log-probabilities and their derivatives.
    case head
    /// Norms, rotary embeddings, the feed-forward gate, sums, dropout, rows taken and embedded.
    case elementwise
    /// Updates of the parameters.
    case optimizer
    /// Frozen weights brought into the kernels' layout: once in a process, or in every product where they are streamed.
    case packing
  }

  /// The share of one kind.
  public struct Share: Sendable, Hashable {
    /// The kind of work.
    public let kind: Kind
    /// Wall time in seconds.
    public fileprivate(set) var seconds = 0.0
    /// Operations.
    public fileprivate(set) var calls = 0
    /// Multiplications and additions of matrix products and attention; those of other work are not counted.
    public fileprivate(set) var floatingPointOperations = 0.0
  }

  /// The share of every kind, in the order of ``Kind``.
  public let shares: [Share]
  /// Wall time of the whole recording in seconds.
  public let seconds: Double

  /// Seconds of the recording that no kind accounts for: reading, encoding, bookkeeping, writing.
  public var otherSeconds: Double { seconds - shares.reduce(0) { $0 + $1.seconds } }
  /// Multiplications and additions of all kinds together.
  public var floatingPointOperations: Double { shares.reduce(0) { $0 + $1.floatingPointOperations } }

  /// Runs `body`, and says where its time went.
  public static func recorded<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async rethrows -> (result: Result, profile: WorkProfile) {
    let recorder = WorkRecorder()
    recorder.start()
    let result = try await WorkRecorder.$current.withValue(recorder, operation: body)
    return (result, recorder.stop())
  }
}

/// Adds up the time of the operations of a piece of work, for a ``WorkProfile``.
final class WorkRecorder: Sendable {
  /// The recorder of the work that asks, if it is recorded; ``onComputeThread(_:)`` takes it along.
  @TaskLocal static var current: WorkRecorder?

  /// Runs `body`, an operation of this kind of work, and counts it where the work is recorded.
  static func measure<Result>(
    _ kind: WorkProfile.Kind, floatingPointOperations: @autoclosure () -> Double = 0, _ body: () throws -> Result
  ) rethrows -> Result {
    guard let current else { return try body() }
    return try current.measure(kind, floatingPointOperations: floatingPointOperations(), body)
  }

  private struct State {
    var start = ContinuousClock.now
    var shares = WorkProfile.Kind.allCases.map { WorkProfile.Share(kind: $0) }
    /// The kind of the operation that runs: what it calls counts as part of it.
    var current: WorkProfile.Kind?

    subscript(kind: WorkProfile.Kind) -> WorkProfile.Share {
      get { shares.first { $0.kind == kind } ?? WorkProfile.Share(kind: kind) }
      set { shares = shares.map { $0.kind == kind ? newValue : $0 } }
    }
  }

  private let isRecording = Atomic(false)
  private let state = Mutex(State())

  func start() {
    state.withLock { $0 = State() }
    isRecording.store(true, ordering: .relaxed)
  }

  func stop() -> WorkProfile {
    let wasRecording = isRecording.exchange(false, ordering: .relaxed)
    return state.withLock { state in
      let seconds = wasRecording ? (ContinuousClock.now - state.start) / .seconds(1) : 0
      return WorkProfile(shares: state.shares, seconds: seconds)
    }
  }

  /// Runs `body`, counting its time as work of this kind unless it is part of an operation that is counted already.
  func measure<Result>(
    _ kind: WorkProfile.Kind, floatingPointOperations: @autoclosure () -> Double = 0, _ body: () throws -> Result
  ) rethrows -> Result {
    guard isRecording.load(ordering: .relaxed) else { return try body() }
    let operations = floatingPointOperations()
    let isOutermost = state.withLock { state in
      defer { state.current = state.current ?? kind }
      state[state.current ?? kind].floatingPointOperations += operations
      return state.current == nil
    }
    guard isOutermost else { return try body() }
    let start = ContinuousClock.now
    defer {
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      state.withLock { state in
        state[kind].seconds += seconds
        state[kind].calls += 1
        state.current = nil
      }
    }
    return try body()
  }
}

/// Counts the time of an elementwise operation; see ``WorkRecorder/measure(_:floatingPointOperations:_:)``.
func elementwiseWork<Result>(_ body: () throws -> Result) rethrows -> Result {
  try WorkRecorder.measure(.elementwise, body)
}
