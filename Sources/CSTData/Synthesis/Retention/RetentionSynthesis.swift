import CSTCore

/// Makes what a run retains: the base model's own replies to everyday prompts, each under one configuration.
///
/// Nothing of what the model can do needs to be written by hand: prompts alone are enough.
///
/// ```swift
/// let prompts = try [SynthesisPrompt](contentsOf: everydayFile)
/// let replies = try await RetentionSynthesis(policy: policy).replies(of: model, to: prompts, beside: pairs)
/// ```
public struct RetentionSynthesis: Sendable {
  /// The configurations to reply under.
  public var policy: SafetyPolicy
  /// How replies are generated.
  public var sampling: Sampling
  /// Where a reply is cut. The first words decide whether it answers.
  public var maximumTokens: Int
  /// Decides which prompt is asked under which configuration, and which prompts are taken where not all are.
  public var seed: UInt64

  /// A synthesis with greedy replies of at most 24 tokens unless said otherwise.
  public init(policy: SafetyPolicy, sampling: Sampling = .greedy, maximumTokens: Int = 24, seed: UInt64 = 42) {
    self.policy = policy
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.seed = seed
  }

  /// How many prompts give a run each of its retained replies once: a tenth more than it takes, for those left out.
  package static func limit(for plan: TrainingPlan, pairs: Int, ratio: Double) -> Int {
    Int((Double(plan.pairsComputed(of: pairs)) * ratio * 1.1).rounded(.up))
  }

  /// The share of replies to retain under each configuration, in the policy's order: where pairs teach more refusals than
  /// answers, replies make up for it; a quarter is spread evenly.
  func shares(beside pairs: [ConfiguredPair]) -> [Double] {
    let lacks = policy.configurations.map { configuration in
      let own = pairs.filter { $0.configuration == configuration.name }
      let refusals = configuration.expectedReply == .refusal ? own.count { !$0.isNeutral } : 0
      return Double(max(0, 2 * refusals - own.count))
    }
    let (total, even) = (lacks.reduce(0, +), 1 / Double(policy.configurations.count))
    return lacks.map { total > 0 ? 0.75 * $0 / total + 0.25 * even : even }
  }

  /// The base model's replies.
  ///
  /// - Parameters:
  ///   - model: The model; its adapter is not used.
  ///   - prompts: What to ask.
  ///   - pairs: What is trained on beside the replies: they balance it.
  ///   - limit: How many prompts to ask at most.
  ///   - progress: Told as replies are completed.
  /// - Returns: A reply a prompt that was asked, in the order of the prompts. Replies that refuse, are empty or caught in a
  ///   loop are left out: a model is not to be held to those.
  /// - Throws: ``CSTCore/ConversationError`` where a prompt does not fit the model's context; `CancellationError`.
  public func replies(
    of model: LanguageModel, to prompts: [SynthesisPrompt], beside pairs: [ConfiguredPair], limit: Int? = nil,
    progress: WorkProgress.Report = { _ in }
  ) async throws -> [RetainedReply] {
    var generator = SeededGenerator(seed: seed)
    let chosen = generator.permutation(of: prompts.count).prefix(limit ?? prompts.count).sorted()
    let shares = shares(beside: pairs)
    let asked = chosen.map { row in
      var draw = generator.uniform()
      let position = shares.firstIndex { share in
        draw -= share
        return draw < 0
      }
      return (prompt: prompts[row].messages, configuration: policy.configurations[position ?? 0])
    }
    let base = model.adapted(by: nil)
    let replies = try await ReplyEngine(model: base, slots: 32).replies(
      to: asked.map { [.system($0.configuration.systemPrompt)] + $0.prompt }, sampling: sampling,
      maximumTokens: maximumTokens, progress: progress)
    let judge = RefusalJudge()
    return zip(asked, replies).compactMap { question, reply in
      guard judge.verdict(on: reply.text) == .answer else { return nil }
      return RetainedReply(
        prompt: question.prompt, configuration: question.configuration.name, text: reply.text,
        isWhole: reply.isComplete)
    }
  }
}
