/// When to ask again, and after how long.
///
/// The wait grows twofold with each attempt and is drawn from zero to that bound, so that calls which failed together do
/// not come back together ("full jitter"). It is never shorter than the server asked for, within reason.
///
/// ```swift
/// let reply = try await RetryPolicy().run { try await teacher.reply(to: call) }
/// ```
public struct RetryPolicy: Sendable, Hashable {
  /// How often to try in all.
  package var attempts: Int
  /// The longest wait after the first failure; doubled after each one that follows.
  package var baseDelay: Duration
  /// The longest wait after any failure, unless the server asks for more.
  package var maximumDelay: Duration
  /// The longest wait that a server is granted.
  package var maximumRetryAfter: Duration

  /// Traps unless there is at least one attempt and no wait is negative.
  public init(
    attempts: Int = 6, baseDelay: Duration = .milliseconds(500), maximumDelay: Duration = .seconds(30),
    maximumRetryAfter: Duration = .seconds(120)
  ) {
    precondition(attempts > 0, "the number of attempts is above 0, not \(attempts)")
    precondition(
      baseDelay >= .zero && maximumDelay >= .zero && maximumRetryAfter >= .zero,
      "waits are not negative: \(baseDelay), \(maximumDelay), \(maximumRetryAfter)")
    self.attempts = attempts
    self.baseDelay = baseDelay
    self.maximumDelay = maximumDelay
    self.maximumRetryAfter = maximumRetryAfter
  }

  /// The wait after the failure of an attempt, counted from 1.
  package func delay(
    after attempt: Int, retryAfter: Duration? = nil, using generator: inout some RandomNumberGenerator
  ) -> Duration {
    var bound = min(baseDelay, maximumDelay)
    for _ in 1..<max(attempt, 1) where bound < maximumDelay { bound = min(bound * 2, maximumDelay) }
    let drawn = bound * Double.random(in: 0...1, using: &generator)
    return max(drawn, min(retryAfter ?? .zero, maximumRetryAfter))
  }

  /// The operation's value, from the first attempt that does not fail.
  /// - Parameters:
  ///   - generator: Draws the waits. Nothing else depends on it.
  ///   - onFailure: Told of every failure, the last one too.
  /// - Throws: The first ``TeacherError`` that another attempt would not mend, or that of the last attempt, each with
  ///   the number of attempts in its detail. Any other error, `CancellationError` for one, at once and as it is.
  package nonisolated(nonsending) func run<Value>(
    using generator: some RandomNumberGenerator = SystemRandomNumberGenerator(),
    onFailure: (TeacherError) -> Void = { _ in },
    sleep: nonisolated(nonsending) (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    operation: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    var generator = generator
    var attempt = 1
    while true {
      try Task.checkCancellation()
      do {
        return try await operation()
      } catch var error as TeacherError {
        onFailure(error)
        guard error.consequence == .retry, attempt < attempts else {
          error.detail += " (after \(attempt) attempt\(attempt == 1 ? "" : "s"))"
          throw error
        }
        try await sleep(delay(after: attempt, retryAfter: error.retryAfter, using: &generator))
        attempt += 1
      }
    }
  }
}
