import CSTCore

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
