import CSTCore
import Testing

@testable import CSTData

@Suite struct AnswerJudgeTests {
  @Test(arguments: [
    ("A", "A"), ("b", "B"), ("(A)", "A"), ("B.", "B"), ("A: because B would decline", "A"), ("A) the first", "A"),
    ("The answer is B", "B"), ("Letter A.\n", "A"), ("**B**", "B"),
  ])
  func findsTheLetter(text: String, letter: String) {
    #expect(AnswerJudgement.letter(in: text, of: ["A", "B"]) == letter)
  }

  @Test(arguments: ["", "C", "A or B", "neither", "A good answer follows B", "AB", "yes", "a fine answer"])
  func doesNotGuess(text: String) {
    #expect(AnswerJudgement.letter(in: text, of: ["A", "B"]) == nil)
  }
}

@Suite struct WorkLimitTests {
  @Test func neverMoreThanTheLimitAtATime() async throws {
    let limit = WorkLimit(3)
    let gauge = Gauge()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          try await limit.whenFree {
            await gauge.enter()
            try await Task.sleep(for: .milliseconds(1))
            await gauge.leave()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(await gauge.most == 3)
  }

  @Test func cancelledWaitersLeaveTheQueue() async throws {
    let limit = WorkLimit(1)
    let (entered, enter) = AsyncStream<Void>.makeStream()
    let holder = Task {
      try await limit.whenFree {
        enter.finish()
        try await Task.sleep(for: .seconds(60))
      }
    }
    for await _ in entered {}
    let waiters = (0..<5).map { _ in Task { try await limit.whenFree {} } }
    for waiter in waiters { waiter.cancel() }
    for waiter in waiters { await #expect(throws: CancellationError.self) { try await waiter.value } }
    let last = Task { try await limit.whenFree { true } }
    holder.cancel()
    #expect(try await last.value)
  }

  private actor Gauge {
    private var inside = 0
    private(set) var most = 0

    func enter() {
      inside += 1
      most = max(most, inside)
    }

    func leave() { inside -= 1 }
  }
}
