import CSTCore

/// How a teacher is asked, apart from what the policy says.
public struct SynthesisSettings: Sendable, Hashable, Encodable {
  /// How replies are drawn. Every call has a seed of its own, derived from this one and the call's content.
  public let sampling: Sampling
  /// Where an answer is cut, in the teacher's tokens; a cut answer is rejected.
  public let answerTokens: Int
  /// Where a critique is cut, in the teacher's tokens.
  public let critiqueTokens: Int
  /// How often an answer that will not do by itself is tried, before its prompt is rejected. More than once helps only at a temperature above 0.
  public let attempts: Int

  /// Traps where a count is not positive.
  public init(
    sampling: Sampling = Sampling(temperature: 0.7, topP: 0.9), answerTokens: Int = 256, critiqueTokens: Int = 96,
    attempts: Int = 1
  ) {
    precondition(
      answerTokens > 0 && critiqueTokens > 0 && attempts > 0, "SynthesisSettings: counts must be positive")
    self.sampling = sampling
    self.answerTokens = answerTokens
    self.critiqueTokens = critiqueTokens
    self.attempts = attempts
  }
}
