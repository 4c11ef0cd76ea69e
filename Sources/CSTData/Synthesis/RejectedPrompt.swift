import CSTCore

/// Why no row came of a prompt.
public struct RejectedPrompt: Sendable, Hashable, Codable {
  /// The kind of cause; rejections are counted by it.
  @nonexhaustive
  public enum Reason: String, Sendable, Hashable, Codable, CaseIterable {
    /// An answer that should answer the question declines.
    case refusal
    /// The judge said neither one thing nor the other.
    case judgeUnparsable = "judge unparsable"
    /// An answer without words.
    case empty
    /// A thought before the answer that has no end.
    case unclosedThought = "unclosed thought"
    /// An answer that was cut at the limit of tokens.
    case truncated
    /// An answer that is not what was asked for: it follows another configuration than its own, does not address the
    /// question, or is little but repetition.
    case notAsAsked = "not as asked"
    /// The prompt is nearly one that came before, or two answers to it are nearly the same.
    case nearDuplicate = "near-duplicate"
    /// An answer of too few words.
    case tooShort = "too short"
    /// One answer is much longer than another, so that length would tell them apart.
    case lengthGap = "length gap"
    /// The teacher gave no reply; a later run tries again.
    case failed
  }

  /// The kind of cause.
  public var reason: Reason
  /// The configuration whose answer is to blame, where one is.
  public var configuration: String?
  /// What was expected and what was found.
  public var detail: String
  /// The answer that is to blame, where one is.
  public var answer: String?

  package init(_ reason: Reason, configuration: String? = nil, detail: String, answer: String? = nil) {
    self.reason = reason
    self.configuration = configuration
    self.detail = detail
    self.answer = answer
  }
}
