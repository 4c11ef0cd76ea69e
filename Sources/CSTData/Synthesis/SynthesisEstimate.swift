import CSTCore
import Synchronization

/// What generating data will take, measured on a few of the prompts.
public struct SynthesisEstimate: Sendable, Hashable, Codable {
  /// Prompts that have no draft in the journal yet.
  public var prompts: Int
  /// How many of them were worked on to measure.
  public var sampledPrompts: Int
  /// Rows that came of the sampled prompts.
  public var sampledRows: Int
  /// Calls for all of ``prompts``.
  public var calls: Int
  /// Tokens of conversations sent, for all of ``prompts``.
  public var promptTokens: Int
  /// Tokens of replies, for all of ``prompts``.
  public var completionTokens: Int
  /// Seconds for all of ``prompts``.
  public var seconds: Double
}

extension SelfCritique {
  /// Works on a few prompts and says what all of them will take.
  ///
  /// Prompts whose draft is in the journal already do not count, nor do near duplicates of earlier ones. The sample is spread over the others; its replies go to
  /// the journal, so that no call of it is made again.
  ///
  /// - Parameters:
  ///   - prompts: All prompts.
  ///   - sample: How many to work on at most; enough of them to keep the teacher busy give the best guess of the time.
  /// - Throws: What ``outcomes(for:)`` throws.
  public func estimate(for prompts: [SynthesisPrompt], sample: Int) async throws -> SynthesisEstimate {
    let work = try SynthesisWork(self)
    let alike = filter.nearDuplicates.earlierMatches(in: prompts.map(\.text))
    let open = try zip(prompts, alike).filter { try $1 == nil && !work.hasDraft(for: $0) }.map(\.0)
    let count = min(max(1, sample), open.count)
    let chosen = (0..<count).map { open[$0 * open.count / count] }
    let tally = SharedTally()
    var plan = self
    plan.observer = { [observer] event in
      observer(event)
      tally.add(event)
    }
    let clock = ContinuousClock()
    var rows = 0
    let time = try await clock.measure {
      for try await outcome in plan.outcomes(for: chosen) where outcome.pair != nil { rows += 1 }
    }
    let scale = count == 0 ? 0 : Double(open.count) / Double(count)
    func scaled(_ value: Int) -> Int { Int((Double(value) * scale).rounded()) }
    let measured = tally.value
    return SynthesisEstimate(
      prompts: open.count, sampledPrompts: count, sampledRows: rows, calls: scaled(measured.calls),
      promptTokens: scaled(measured.promptTokens), completionTokens: scaled(measured.completionTokens),
      seconds: (time / .seconds(1)) * scale)
  }
}

/// Counts that several threads add to.
private final class SharedTally: Sendable {
  private let tally = Mutex(SynthesisTally())
  func add(_ event: SynthesisEvent) { tally.withLock { $0.add(event) } }
  var value: SynthesisTally { tally.withLock { $0 } }
}
