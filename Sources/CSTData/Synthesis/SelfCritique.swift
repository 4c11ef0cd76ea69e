import CSTCore

/// Generates preference data by self-critique (Bai et al., arXiv 2212.08073), distilled into pairs for Configurable Safety
/// Tuning (Gallego, arXiv 2404.00495).
///
/// For each prompt the teacher *drafts* an answer under one configuration. For every other configuration it *criticises*
/// the draft by that configuration's principles and *revises* it, all in one growing conversation. A *judge* says which
/// configuration each answer follows and whether it addresses the question, a *filter* drops what will not do, and what is
/// left is a row with one answer per configuration. A neutral prompt gives a neutral row instead: the draft is chosen, and
/// a misplaced refusal is rejected.
///
/// ```swift
/// for try await pair in SelfCritique(author: teacher, policy: policy).pairs(for: prompts) { save(pair) }
/// ```
///
/// Results come in the order of the prompts and do not depend on how many are worked on at a time. With a ``journal``, a
/// run that was killed goes on where it stopped.
public struct SelfCritique: Sendable {
  /// Who writes.
  public var author: any Teacher
  /// Who judges.
  public var judge: AnswerJudge
  /// The configurations, and the prompts of every stage.
  public var policy: SafetyPolicy
  /// How the teacher is asked.
  public var settings: SynthesisSettings
  /// What an answer must be like.
  public var filter: SynthesisFilter
  /// What happens where a call fails.
  public var retries: RetryPolicy
  /// Where replies are kept, so that no call is made twice.
  public var journal: SynthesisJournal?
  /// Told of every call, from several threads.
  public var observer: @Sendable (SynthesisEvent) -> Void

  /// Creates a generator of preference data. Nothing happens until results are asked for.
  ///
  /// - Parameter author: Who drafts, critiques and revises.
  /// - Parameter judge: Who judges; the author where `nil`.
  /// - Parameter policy: The configurations, and what it says about generating data.
  /// - Parameter settings: How answers are asked for.
  /// - Parameter filter: Which pairs are kept.
  /// - Parameter retries: When a failed call is tried again.
  /// - Parameter journal: Keeps every reply, so that a killed run goes on; nothing is kept where `nil`.
  /// - Parameter observer: Told of every call.
  public init(
    author: any Teacher, judge: AnswerJudge? = nil, policy: SafetyPolicy,
    settings: SynthesisSettings = SynthesisSettings(), filter: SynthesisFilter = SynthesisFilter(),
    retries: RetryPolicy = RetryPolicy(), journal: SynthesisJournal? = nil,
    observer: @escaping @Sendable (SynthesisEvent) -> Void = { _ in }
  ) {
    self.author = author
    self.judge = judge ?? .teacher(author)
    self.policy = policy
    self.settings = settings
    self.filter = filter
    self.retries = retries
    self.journal = journal
    self.observer = observer
  }

  /// The rows for these prompts, in their order; prompts without one are left out.
  ///
  /// - Returns: A sequence that throws what ``outcomes(for:)`` throws.
  public func pairs(for prompts: [SynthesisPrompt]) -> AsyncCompactMapSequence<SynthesisOutcomes, PreferencePair> {
    outcomes(for: prompts).compactMap { $0.pair }
  }

  /// What comes of each prompt, in their order.
  ///
  /// - Returns: A sequence with one outcome a prompt. It throws `PreferenceError` where policy and settings do not go
  ///   together, ``TeacherError`` where no call can succeed, ``DatasetError`` where the journal cannot be written, and
  ///   `CancellationError`. Leaving the loop cancels calls in flight.
  public func outcomes(for prompts: [SynthesisPrompt]) -> SynthesisOutcomes {
    SynthesisOutcomes(plan: self, prompts: prompts)
  }

  /// Checks that policy, judge and prompts go together.
  package func check(prompts: [SynthesisPrompt]) throws(PreferenceError) {
    _ = try policy.synthesis
    func invalid(_ detail: String) -> PreferenceError { PreferenceError(reason: .invalidPolicy, detail: detail) }
    let count = policy.configurations.count
    guard count >= 2 else { throw invalid("pairs need two configurations to tell apart; it has \(count)") }
    guard count <= AnswerJudge.letters.count else {
      throw invalid("it has \(count) configurations; data is generated for at most \(AnswerJudge.letters.count)")
    }
    let expected = Set(policy.configurations.map(\.expectedReply))
    if case .rules = judge, expected != [.refusal, .answer] {
      throw invalid(
        "the judge of rules tells refusals from answers, so every configuration must say what it \"expects\", "
          + "some a refusal and some an answer")
    }
  }
}

/// How a teacher is asked, apart from what the policy says.
public struct SynthesisSettings: Sendable, Hashable, Encodable {
  /// How replies are drawn. Every call has a seed of its own, derived from this one and the call's content.
  package let sampling: Sampling
  /// Where an answer is cut, in the teacher's tokens; a cut answer is rejected.
  package let answerTokens: Int
  /// Where a critique is cut, in the teacher's tokens.
  package let critiqueTokens: Int
  /// How often an answer that will not do by itself is tried, before its prompt is rejected. More than once helps only at a temperature above 0.
  package let attempts: Int

  /// Traps where a count is not positive.
  public init(
    sampling: Sampling = Sampling(temperature: 0.7, topP: 0.9), answerTokens: Int = 256, critiqueTokens: Int = 96,
    attempts: Int = 1
  ) {
    precondition(answerTokens > 0 && critiqueTokens > 0 && attempts > 0, "SynthesisSettings: counts must be positive")
    self.sampling = sampling
    self.answerTokens = answerTokens
    self.critiqueTokens = critiqueTokens
    self.attempts = attempts
  }
}
