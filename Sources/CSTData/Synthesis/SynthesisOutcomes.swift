import CSTCore

/// What comes of each prompt, in their order: an asynchronous sequence.
///
/// Several prompts are worked on at a time, a bounded number ahead of the one that is asked for.
public struct SynthesisOutcomes: AsyncSequence, Sendable {
  /// What came of one prompt.
  public typealias Element = SynthesisOutcome

  let work: SynthesisWork
  let prompts: [SynthesisPrompt]

  /// Starts from the first prompt.
  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  /// Waits for one outcome after the other.
  public final class Iterator: AsyncIteratorProtocol {
    private let work: SynthesisWork
    private let prompts: [SynthesisPrompt]
    private var window: [Task<SynthesisOutcome, any Error>] = []
    private var started = 0
    private var earlierAlike: [Int?]?

    init(_ outcomes: SynthesisOutcomes) {
      work = outcomes.work
      prompts = outcomes.prompts
    }

    deinit { for task in window { task.cancel() } }

    /// The next prompt's outcome; `nil` at the end.
    public func next() async throws -> SynthesisOutcome? {
      try Task.checkCancellation()
      let earlierAlike = try self.earlierAlike ?? prepare()
      // So far ahead that a slow prompt in front does not leave the teacher idle.
      while started < prompts.count, window.count < 4 * work.concurrency { start(earlierAlike[started]) }
      guard let task = window.first else { return nil }
      let window = self.window
      do {
        let outcome = try await withTaskCancellationHandler {
          try await task.value
        } onCancel: {
          for task in window { task.cancel() }
        }
        self.window.removeFirst()
        return outcome
      } catch {
        for task in window { task.cancel() }
        self.window = []
        started = prompts.count
        throw error
      }
    }

    private func start(_ earlierAlike: Int?) {
      let (position, prompt) = (started, prompts[started])
      let original = earlierAlike.map { prompts[$0].question }
      window.append(
        Task { [work] in
          let result: SynthesisOutcome.Result =
            if let original {
              .rejected(RejectedPrompt(.nearDuplicate, detail: "nearly the same prompt as \"\(original)\""))
            } else {
              try await work.result(for: prompt)
            }
          work.plan.observer(.settled(position: position))
          return SynthesisOutcome(position: position, prompt: prompt, result: result)
        })
      started += 1
    }

    /// For each prompt one before it that is nearly the same.
    private func prepare() throws -> [Int?] {
      try work.plan.check(prompts: prompts)
      let alike = work.plan.filter.nearDuplicates.earlierMatches(in: prompts.map(\.text))
      earlierAlike = alike
      return alike
    }
  }
}
