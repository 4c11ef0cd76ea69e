import CSTCore

/// Something that happened while data is generated, for showing progress.
@nonexhaustive
public enum SynthesisEvent: Sendable, Hashable {
  /// The teacher replied to a call.
  case replied(stage: SynthesisStage, promptTokens: Int, completionTokens: Int)
  /// The reply that came had this many thoughts before its answer, which were taken out.
  case strippedThoughts(Int)
  /// The reply that came ended for a reason of this name, which nobody here knows; it counts as whole.
  case unknownFinishReason(String)
  /// A call was answered from the journal.
  case reused(stage: SynthesisStage)
  /// An attempt at a call failed.
  case failed(TeacherError.Reason)
  /// What comes of the prompt at this position is known; prompts before it may still be worked on.
  case settled(position: Int)
}

/// Counts of what happened while data is generated.
public struct SynthesisTally: Sendable, Hashable, Codable {
  /// Calls the teacher replied to.
  public var calls = 0
  /// Calls answered from the journal.
  public var reusedCalls = 0
  /// Tokens of conversations sent, as far as the teacher counts them.
  public var promptTokens = 0
  /// Tokens of replies, as far as the teacher counts them.
  public var completionTokens = 0
  /// Failed attempts by kind.
  public var failures: [String: Int] = [:]
  /// Thoughts that were taken out of replies.
  public var strippedThoughts = 0
  /// Replies that ended for a reason that is not known, by its name.
  public var unknownFinishReasons: [String: Int] = [:]
  /// Rows made.
  public var rows = 0
  /// Rejected prompts by reason.
  public var rejected: [String: Int] = [:]

  /// No counts yet.
  public init() {}

  /// Prompts with an outcome.
  public var prompts: Int { rows + rejected.values.reduce(0, +) }

  /// Counts an event.
  public mutating func add(_ event: SynthesisEvent) {
    switch event {
    case .replied(_, let prompt, let completion):
      calls += 1
      promptTokens += prompt
      completionTokens += completion
    case .strippedThoughts(let count): strippedThoughts += count
    case .unknownFinishReason(let reason): unknownFinishReasons[reason, default: 0] += 1
    case .reused: reusedCalls += 1
    case .settled: break
    case .failed(let reason): failures[reason.description, default: 0] += 1
    }
  }

  /// Counts an outcome.
  public mutating func add(_ outcome: SynthesisOutcome) {
    switch outcome.result {
    case .pair: rows += 1
    case .rejected(let rejection): rejected[rejection.reason.rawValue, default: 0] += 1
    }
  }
}
