import Dispatch
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One request in flight: what has arrived, how long that may take, and who waits for it.
///
/// Whatever comes first settles it, once: the reply, a failure, a limit, or the cancellation of the waiting task.
///
/// Each has a session, and so a connection and a queue, of its own: a server that floods one exchange does not delay the
/// others, and the end of an exchange is the end of everything that belongs to it.
final class HTTPExchange: NSObject, Sendable {
  private typealias Outcome = Result<TeacherReply, any Error>

  private struct State {
    var reader: ChatCompletionReader
    var receivedBytes = 0
    var start = ContinuousClock.now
    var lastArrival = ContinuousClock.now
    var hasResponse = false
    var outcome: Outcome?
    var waiting: CheckedContinuation<TeacherReply, any Error>?
    var session: URLSession?
  }

  private let limits: HTTPLimits
  private let state: Mutex<State>

  init(reader: ChatCompletionReader, limits: HTTPLimits) {
    self.limits = limits
    state = Mutex(State(reader: reader))
    super.init()
  }

  /// Sends a request, which is done once in an exchange, and waits for the outcome.
  /// - Throws: ``TeacherError``, or `CancellationError` as soon as the waiting task is cancelled.
  func run(_ request: URLRequest) async throws -> TeacherReply {
    try Task.checkCancellation()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { start(request, waiting: $0) }
    } onCancel: {
      let session = finish { _ in .failure(CancellationError()) }
      // Elsewhere, because whoever cancels should not wait.
      DispatchQueue.global().async { session?.invalidateAndCancel() }
    }
  }

  private func start(_ request: URLRequest, waiting: CheckedContinuation<TeacherReply, any Error>) {
    let early = state.withLock { state -> Outcome? in
      if let outcome = state.outcome { return outcome }
      let session = makeSession()
      state.session = session
      state.waiting = waiting
      state.start = .now
      state.lastArrival = .now
      // Within the lock, so that a cancellation finds a task that runs.
      session.dataTask(with: request).resume()
      return nil
    }
    if let early { waiting.resume(with: early) } else { watch() }
  }

  // MARK: What arrives

  /// The status and headers have arrived. Does nothing the second time.
  func receive(_ response: URLResponse) {
    settle { state in
      guard !state.hasResponse else { return nil }
      state.hasResponse = true
      state.lastArrival = .now
      guard let response = response as? HTTPURLResponse else {
        return .failure(TeacherError(.malformedReply, detail: "the response is not one of HTTP"))
      }
      do { try state.reader.begin(response) } catch { return .failure(error) }
      return nil
    }
  }

  func receive(_ data: Data) {
    settle { [limits] state in
      state.lastArrival = .now
      state.receivedBytes += data.count
      guard state.receivedBytes <= limits.maximumBytes else {
        return .failure(TeacherError(.tooLarge, detail: "the reply is larger than \(limits.maximumBytes) bytes"))
      }
      do { return try state.reader.append(data).map { .success($0) } } catch { return .failure(error) }
    }
  }

  /// The server wants the request sent elsewhere.
  func redirect(status: Int, to target: URL?) { settle { .failure($0.reader.redirection(status: status, to: target)) } }

  /// Nothing more will arrive.
  func end(_ error: (any Error)?) {
    settle { state in
      Outcome(catching: {
        guard let error else { return try state.reader.end() }
        return try state.reader.interrupted(by: Self.failure(error, hasResponse: state.hasResponse))
      })
    }
  }

  private static func failure(_ error: any Error, hasResponse: Bool) -> TeacherError {
    // The code alone: descriptions differ between systems, and may say more than the address.
    let code = (error as NSError).code
    let name = "\((error as NSError).domain) \(code)"
    if code == NSURLErrorTimedOut { return TeacherError(.timedOut, detail: "the system gave up waiting (\(name))") }
    return hasResponse
      ? TeacherError(.cutOff, detail: "the connection ended before the reply did (\(name))")
      : TeacherError(.unreachable, detail: "no connection, or it ended before any response (\(name))")
  }

  // MARK: Limits

  private func watch() {
    let deadline = state.withLock { state -> ContinuousClock.Instant? in
      state.outcome == nil ? min(state.lastArrival + limits.idle, state.start + limits.total) : nil
    }
    guard let deadline else { return }
    let wait = max(ContinuousClock.now.duration(to: deadline), .zero)
    // A day at most: longer waits overflow; the watch is then taken up again.
    let nanoseconds = Int(min(wait, .seconds(86_400)) / .nanoseconds(1)) + 1
    DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [weak self] in
      self?.checkLimits()
      self?.watch()
    }
  }

  private func checkLimits() {
    settle { [limits] state in
      let now = ContinuousClock.now
      let passed: String
      if now >= state.start + limits.total {
        passed = "the reply took longer than \(limits.total)"
      } else if now >= state.lastArrival + limits.idle {
        passed = "not a byte arrived for \(limits.idle)"
      } else {
        return nil
      }
      return Outcome(catching: { try state.reader.interrupted(by: TeacherError(.timedOut, detail: passed)) })
    }
  }

  // MARK: Settling

  /// Runs a step that may settle the exchange, unless it is settled, hands the outcome to whoever waits and ends the
  /// session.
  private func settle(_ step: (inout State) -> Outcome?) { finish(step)?.invalidateAndCancel() }

  /// The same without the end of the session, which is left to the caller: it waits for the session's own work.
  private func finish(_ step: (inout State) -> Outcome?) -> URLSession? {
    let finished = state.withLock { state -> (Outcome, CheckedContinuation<TeacherReply, any Error>?, URLSession?)? in
      guard state.outcome == nil, let outcome = step(&state) else { return nil }
      state.outcome = outcome
      defer { (state.waiting, state.session) = (nil, nil) }
      return (outcome, state.waiting, state.session)
    }
    guard let (outcome, waiting, session) = finished else { return nil }
    waiting?.resume(with: outcome)
    return session
  }
}
