import CSTCore

/// What comes of each prompt, in their order: an asynchronous sequence.
///
/// Several prompts are worked on at a time, a bounded number ahead of the one that is asked for.
public struct SynthesisOutcomes: AsyncSequence, Sendable {
  /// What came of one prompt.
  public typealias Element = SynthesisOutcome

  let plan: SelfCritique
  let prompts: [SynthesisPrompt]

  /// Starts from the first prompt.
  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  /// Waits for one outcome after the other.
  public final class Iterator: AsyncIteratorProtocol {
    private let plan: SelfCritique
    private let prompts: [SynthesisPrompt]
    private var window: [Task<SynthesisOutcome, any Error>] = []
    private var started = 0
    /// What makes the rows, and for each prompt one before it that is nearly the same; `nil` before the first.
    private var preparation: (work: SynthesisWork, earlierAlike: [Int?])?

    init(_ outcomes: SynthesisOutcomes) {
      plan = outcomes.plan
      prompts = outcomes.prompts
    }

    deinit { for task in window { task.cancel() } }

    /// The next prompt's outcome; `nil` at the end.
    public func next() async throws -> SynthesisOutcome? {
      try Task.checkCancellation()
      let (work, earlierAlike) = try preparation ?? prepare()
      // So far ahead that a slow prompt in front does not leave the teacher idle.
      while started < prompts.count, window.count < 4 * work.concurrency { start(work, earlierAlike[started]) }
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

    private func start(_ work: SynthesisWork, _ earlierAlike: Int?) {
      let (position, prompt) = (started, prompts[started])
      let original = earlierAlike.map { prompts[$0].question }
      window.append(
        Task {
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

    private func prepare() throws -> (work: SynthesisWork, earlierAlike: [Int?]) {
      try plan.check(prompts: prompts)
      let alike = plan.filter.nearDuplicates.earlierMatches(in: prompts.map(\.text))
      let prepared = (work: try SynthesisWork(plan), earlierAlike: alike)
      preparation = prepared
      return prepared
    }
  }
}

/// What came of one prompt: every prompt has exactly one outcome.
public struct SynthesisOutcome: Sendable, Hashable {
  /// What came of it.
  @nonexhaustive
  public enum Result: Sendable, Hashable {
    /// A row.
    case pair(PreferencePair)
    /// No row, and why.
    case rejected(RejectedPrompt)
  }

  /// The prompt's position among those asked for, counted from 0.
  public var position: Int
  /// The prompt.
  public var prompt: SynthesisPrompt
  /// What came of it.
  public var result: Result

  /// The row, if there is one.
  public var pair: PreferencePair? { if case .pair(let pair) = result { pair } else { nil } }

  /// The rejection, if there is one.
  public var rejection: RejectedPrompt? { if case .rejected(let rejection) = result { rejection } else { nil } }
}
