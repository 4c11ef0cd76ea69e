import Dispatch

/// Runs long computation on a thread of its own kind: never on Swift's cooperative pool, whose few threads must stay
/// free for everything else.
package func onComputeThread<Result: Sendable>(
  _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
  let recorder = WorkRecorder.current
  return try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global(qos: .userInitiated).async {
      continuation.resume(with: Swift.Result { try WorkRecorder.$current.withValue(recorder, operation: body) })
    }
  }
}
