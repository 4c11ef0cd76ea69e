import Synchronization

/// Lets a fixed number of prompts be worked on at the same time; others wait for their turn, first come first served.
///
/// A prompt's calls follow one another, so it bounds the calls in flight too, and a conversation that was begun goes on
/// before another begins: its keys and values are still there.
final class WorkLimit: Sendable {
  private struct State {
    var free: Int
    var waiting: [(ticket: Int, turn: CheckedContinuation<Bool, Never>)] = []
    var nextTicket = 0
    /// Tickets cancelled before they could wait.
    var cancelled: Set<Int> = []
  }

  private let state: Mutex<State>

  init(_ count: Int) { state = Mutex(State(free: max(1, count))) }

  func whenFree<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    let isMyTurn = await withTaskCancellationHandler {
      await withCheckedContinuation { turn in
        let answer: Bool? = state.withLock { state in
          if state.cancelled.remove(ticket) != nil { return false }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiting.append((ticket, turn))
          return nil
        }
        if let answer { turn.resume(returning: answer) }
      }
    } onCancel: {
      let turn = state.withLock { state in
        guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
          state.cancelled.insert(ticket)
          return CheckedContinuation<Bool, Never>?.none
        }
        return state.waiting.remove(at: index).turn
      }
      turn?.resume(returning: false)
    }
    guard isMyTurn else { throw CancellationError() }
    defer { release(ticket) }
    try Task.checkCancellation()
    return try await body()
  }

  private func release(_ ticket: Int) {
    let next = state.withLock { state in
      state.cancelled.remove(ticket)
      guard !state.waiting.isEmpty else {
        state.free += 1
        return CheckedContinuation<Bool, Never>?.none
      }
      return state.waiting.removeFirst().turn
    }
    next?.resume(returning: true)
  }
}
