import CSTCore
import CSTData
import Testing

@Suite struct RetryPolicyTests {
  private static let busy = TeacherError(.rateLimited, detail: "busy")

  /// Runs an operation that fails with these errors in turn, then gives its number of calls.
  private func run(
    _ policy: RetryPolicy = RetryPolicy(), failures: [any Error]
  ) async -> (outcome: Result<Int, any Error>, told: [TeacherError.Reason], waits: [Duration], calls: Int) {
    var (told, waits, calls) = ([TeacherError.Reason](), [Duration](), 0)
    let outcome: Result<Int, any Error>
    do {
      outcome = .success(
        try await policy.run(
          using: SeededGenerator(seed: 3), onFailure: { told.append($0.reason) }, sleep: { waits.append($0) },
          operation: {
            calls += 1
            if calls <= failures.count { throw failures[calls - 1] }
            return calls
          }))
    } catch { outcome = .failure(error) }
    return (outcome, told, waits, calls)
  }

  @Test func triesAgainUntilItSucceeds() async throws {
    let kinds: [TeacherError.Reason] = [.rateLimited, .cutOff, .timedOut, .malformedReply, .serverError]
    let result = await run(failures: kinds.map { TeacherError($0, detail: "x") })
    #expect(try result.outcome.get() == 6)
    #expect(result.told == kinds)
    #expect(result.waits.count == 5)
  }

  @Test func givesUpAfterTheLastAttempt() async throws {
    let result = await run(RetryPolicy(attempts: 3), failures: Array(repeating: Self.busy, count: 9))
    let error = try #require(throws: TeacherError.self) { try result.outcome.get() }
    #expect(error.detail == "busy (after 3 attempts)" && error.reason == .rateLimited)
    #expect(result.told.count == 3 && result.waits.count == 2 && result.calls == 3)
  }

  @Test(arguments: [
    TeacherError.Reason.unauthorized, .notFound, .redirected, .promptTooLong, .refusedRequest, .unsupportedCall,
  ])
  func doesNotRepeatWhatWouldFailAgain(kind: TeacherError.Reason) async throws {
    let result = await run(failures: [Self.busy, TeacherError(kind, detail: "no")])
    let error = try #require(throws: TeacherError.self) { try result.outcome.get() }
    #expect(error.reason == kind && error.detail == "no (after 2 attempts)")
    #expect(result.told == [.rateLimited, kind] && result.calls == 2)
  }

  @Test func otherErrorsPassAtOnce() async {
    struct Other: Error {}
    let result = await run(failures: [Other()])
    #expect(throws: Other.self) { try result.outcome.get() }
    let cancelled = await run(failures: [CancellationError()])
    #expect(throws: CancellationError.self) { try cancelled.outcome.get() }
    #expect(result.told.isEmpty && cancelled.told.isEmpty && result.calls == 1 && cancelled.calls == 1)
  }

  /// The default wait of a real sleep is an hour here, so this ends only because cancelling ends the wait.
  @Test func cancellationEndsTheWait() async {
    let policy = RetryPolicy(maximumRetryAfter: .seconds(3600))
    let failed = AsyncStream<Void>.makeStream()
    let task = Task {
      try await policy.run(
        onFailure: { _ in failed.continuation.yield() },
        operation: { throw TeacherError(.rateLimited, detail: "busy", retryAfter: .seconds(3600)) }) as Int
    }
    for await _ in failed.stream { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func waitsGrowTwofoldToTheirBoundAndFillTheirRange() {
    let policy = RetryPolicy()
    var generator = SeededGenerator(seed: 11)
    for (attempt, bound) in [(1, 0.5), (2, 1), (3, 2), (6, 16), (7, 30), (60, 30), (100_000, 30)] {
      let draws = (0..<400).map { _ in policy.delay(after: attempt, using: &generator) / .seconds(1) }
      #expect(draws.allSatisfy { (0...bound).contains($0) })
      // The least and the largest of 400 uniform draws miss these marks once in 10¹⁸ times: 0.9⁴⁰⁰.
      #expect(draws.min()! < 0.1 * bound && draws.max()! > 0.9 * bound)
    }
  }

  @Test func waitsAsLongAsTheServerAsksWithinReason() {
    let policy = RetryPolicy(baseDelay: .seconds(8))
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<100 {
      #expect(policy.delay(after: 1, retryAfter: .seconds(9), using: &generator) == .seconds(9))
      #expect(policy.delay(after: 1, retryAfter: .seconds(9000), using: &generator) == .seconds(120))
    }
    let draws = (0..<100).map { _ in policy.delay(after: 1, retryAfter: .seconds(4), using: &generator) }
    #expect(draws.allSatisfy { $0 >= .seconds(4) && $0 <= .seconds(8) })
    #expect(draws.contains { $0 > .seconds(4) })
  }

  @Test func aPolicyWithoutWaitsHasNone() {
    var generator = SeededGenerator(seed: 5)
    #expect(RetryPolicy(baseDelay: .zero).delay(after: 50, using: &generator) == .zero)
    #expect(RetryPolicy(maximumDelay: .zero).delay(after: 50, using: &generator) == .zero)
  }
}
