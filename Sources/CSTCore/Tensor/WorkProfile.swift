import Synchronization

/// Where the computing time of this process went while it was recorded, by kind of work.
///
/// ```swift
/// WorkProfile.startRecording()
/// for try await event in trainer.run(on: pairs) { … }
/// let profile = WorkProfile.stopRecording()
/// ```
///
/// Times are wall time seen from the thread that computes, waiting for its helpers included. One thread computes at a
/// time; where two do, what the second one does is not counted. Recording costs under a microsecond an operation.
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

  /// Starts to record, from zero.
  public static func startRecording() { WorkRecorder.shared.start() }

  /// Ends the recording and gives what it saw; a profile of zeros where there was none.
  public static func stopRecording() -> WorkProfile { WorkRecorder.shared.stop() }
}

/// Adds up the time of operations while somebody records a ``WorkProfile``.
final class WorkRecorder: Sendable {
  static let shared = WorkRecorder()

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
  try WorkRecorder.shared.measure(.elementwise, body)
}
