/// Measures how well a policy's system prompts switch a model, on prompts it was not trained on.
///
/// ```swift
/// let report = try await ControllabilityEvaluation(policy: policy).run(on: tuned, over: heldOut)
/// print(report.text())
/// ```
public struct ControllabilityEvaluation: Sendable {
  /// The configurations to switch between.
  public var policy: SafetyPolicy
  /// How replies are generated.
  public var sampling: Sampling
  /// Where a reply is cut.
  public var maximumTokens: Int
  /// How margins are measured; see ``ControllabilityReport/PreferenceMeasure``.
  public var preferenceMeasure: ControllabilityReport.PreferenceMeasure
  /// Decides whether a reply refuses or answers.
  public var judge: RefusalJudge

  /// An evaluation with greedy replies of at most 96 tokens unless said otherwise.
  public init(
    policy: SafetyPolicy, sampling: Sampling = .greedy, maximumTokens: Int = 96,
    preferenceMeasure: ControllabilityReport.PreferenceMeasure = .logProbability, judge: RefusalJudge = RefusalJudge()
  ) {
    self.policy = policy
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.preferenceMeasure = preferenceMeasure
    self.judge = judge
  }

  /// The report on one model.
  /// - Parameters:
  ///   - model: The model, with its adapter.
  ///   - rows: Rows the model was not trained on, nor near duplicates of them.
  ///   - name: What the report calls it.
  ///   - progress: Told what is being done and how far it is.
  /// - Throws: ``PreferenceError`` for rows the policy does not cover, ``ConversationError`` for rows that do not fit the
  ///   model, ``EvaluationError``.
  public func run(
    on model: LanguageModel, over rows: some Collection<PreferencePair>, named name: String = "model",
    progress: WorkProgress.Report = { _ in }
  ) async throws -> ControllabilityReport {
    try report(on: [try await evidence(of: model, named: name, over: rows, progress: progress)], model: model)
  }

  /// The report on the evidence of several models that share a base model, side by side.
  /// - Parameters:
  ///   - evidence: One for each model, from `evidence(of:named:over:progress:)`, in the order to show.
  ///   - model: The base model, for the report's settings.
  ///   - seeds: What the report says about seeds.
  ///   - details: What else it is to say.
  ///   - sampleCount: How many questions to show with all their replies.
  /// - Throws: ``EvaluationError`` where the evidence has gaps or scores that are not finite.
  public func report(
    on evidence: [ModelEvidence], model: LanguageModel, seeds: [ControllabilityReport.Fact] = [],
    details: [ControllabilityReport.Fact] = [], sampleCount: Int = 6
  ) throws -> ControllabilityReport {
    let decoding = ControllabilityReport.Decoding(
      temperature: sampling.temperature, topP: sampling.topP, maximumTokens: maximumTokens)
    let settings = ControllabilityReport.Settings(
      baseModel: model.identity, seeds: seeds, decoding: decoding, preferenceMeasure: preferenceMeasure,
      details: details)
    return try ControllabilityReport(
      policy: policy, settings: settings, evidence: evidence, judge: judge, sampleCount: sampleCount)
  }

  /// Scores and replies of one model on held-out rows: every pair is scored, and every row gets a reply under every
  /// configuration.
  /// - Parameters:
  ///   - model: The model, with its adapter.
  ///   - name: What the report calls it.
  ///   - rows: Rows the model was not trained on.
  ///   - progress: Told what is being done and how far it is.
  /// - Throws: ``PreferenceError`` for rows the policy does not cover, ``ConversationError`` for rows that do not fit the
  ///   model.
  public func evidence(
    of model: LanguageModel, named name: String, over rows: some Collection<PreferencePair>,
    progress: WorkProgress.Report = { _ in }
  ) async throws -> ModelEvidence {
    try await evidence(
      of: model, named: name, over: rows.configured(by: policy).encoded(with: model.encoder()), progress: progress)
  }

  /// The same over the tokens of rows that the policy has configured; models that differ in their adapters share them.
  public func evidence(
    of model: LanguageModel, named name: String, over pairs: [EncodedPair],
    progress: WorkProgress.Report = { _ in }
  ) async throws -> ModelEvidence {
    let places = pairs.compactMap { pair in pair.pair.place.map { (pair.source, $0) } }
    return ModelEvidence(
      model: name, scores: try await scores(of: pairs, under: model, progress: progress),
      replies: try await replies(to: pairs, of: model, progress: progress),
      places: Dictionary(places) { first, _ in first })
  }

  private func scores(
    of pairs: [EncodedPair], under model: LanguageModel, progress: WorkProgress.Report
  ) async throws -> [ModelEvidence.Score] {
    let groups = pairs.map(\.group)
    progress(WorkProgress(.scoring, 0, of: groups.count))
    var margins = try await margins(of: groups, under: model)
    if preferenceMeasure == .reward {
      let reference = try await self.margins(of: groups, under: model.adapted(by: nil))
      margins = zip(margins, reference).map { $0 - $1 }
    }
    progress(WorkProgress(.scoring, groups.count, of: groups.count))
    return zip(pairs, margins).map { pair, margin in
      ModelEvidence.Score(
        configuration: pair.configuration, row: pair.source, isNeutral: pair.pair.isNeutral, margin: margin)
    }
  }

  private func margins(of groups: [CompletionGroup], under model: LanguageModel) async throws -> [Double] {
    try await model.logProbabilities(of: groups).map { $0[0] - $0[1] }
  }

  /// One reply for every row and configuration.
  private func replies(
    to pairs: [EncodedPair], of model: LanguageModel, progress: WorkProgress.Report
  ) async throws -> [ModelEvidence.Reply] {
    struct Question: Hashable {
      let row: Int
      let configuration: String?
    }
    var asked: Set<Question> = []
    let questions = pairs.filter { asked.insert(Question(row: $0.source, configuration: $0.configuration)).inserted }
    let replies = try await ReplyEngine(model: model).replies(
      to: questions.map(\.prompt), sampling: sampling, maximumTokens: maximumTokens, progress: progress)
    return zip(questions, replies).map { question, reply in
      ModelEvidence.Reply(
        configuration: question.configuration, row: question.source, isNeutral: question.pair.isNeutral,
        prompt: question.pair.prompt.last?.content ?? "", text: reply.text)
    }
  }
}
