/// Measures a switch under conditions: other wordings, longer system prompts, users who push, later turns, no system prompt.
///
/// ```swift
/// let evaluation = ConditionsEvaluation(ControllabilityEvaluation(policy: policy, maximumTokens: 64))
/// let report = try await evaluation.report(on: [("base", base), ("CST", tuned)], over: heldOut)
/// print(report.conditions?.worst(of: "CST"))
/// ```
public struct ConditionsEvaluation: Sendable {
  /// How each condition is measured.
  public var evaluation: ControllabilityEvaluation
  /// What is measured beside `exact`; what the policy or the rows have nothing for is left out, and said.
  public var conditions: [EvaluationCondition]
  /// How many replies that broke are shown for each model and condition.
  public var shownBreaks: Int

  /// An evaluation under all conditions unless said otherwise.
  public init(
    _ evaluation: ControllabilityEvaluation, conditions: [EvaluationCondition] = EvaluationCondition.allCases,
    shownBreaks: Int = 3
  ) {
    self.evaluation = evaluation
    self.conditions = conditions
    self.shownBreaks = shownBreaks
  }

  /// The task of rows on the edge.
  public static let edgeTask = "edge"

  /// The report on models that share a base model; its own measures are those of the condition `exact`.
  /// - Parameters:
  ///   - models: Names and models, at least one.
  ///   - rows: Rows that no model was trained on, nor near duplicates of them. Those whose `task` is `edge` are asked under
  ///     that condition only.
  ///   - seeds: What the report says about seeds.
  ///   - details: What else it is to say.
  ///   - sampleCount: How many questions to show with all their replies.
  ///   - progress: Told what is being done and how far it is.
  /// - Throws: ``PreferenceError`` for rows the policy does not cover, ``ConversationError`` for rows that do not fit the
  ///   model, ``EvaluationError``.
  public func report(
    on models: [(name: String, model: LanguageModel)], over rows: some Collection<PreferencePair>,
    seeds: [ControllabilityReport.Fact] = [], details: [ControllabilityReport.Fact] = [], sampleCount: Int = 6,
    progress: @escaping @Sendable (EvaluationCondition, String, WorkProgress) -> Void = { _, _, _ in }
  ) async throws -> ControllabilityReport {
    require(!models.isEmpty, "there is no model to measure")
    let policy = evaluation.policy
    let pairs = try rows.configured(by: policy)
    if let stray = pairs.first(where: { $0.configuration == nil }) {
      throw EvaluationError.unknown(nil, in: policy, model: models[0].name, row: stray.source, place: stray.place)
    }
    let isEdge = rows.map { $0.task == Self.edgeTask }
    var report = ConditionsReport()
    var exact: [ModelEvidence] = []
    var worded: [ModelEvidence] = []
    for condition in EvaluationCondition.allCases where condition == .exact || conditions.contains(condition) {
      let own = pairs.filter { isEdge[$0.source] == (condition == .edge) }.asked(under: condition, of: policy)
      if let lack = condition.lack(in: policy) ?? (own.isEmpty ? "no row is for it" : nil) {
        report.left.append(.init(condition: condition, reason: lack))
        continue
      }
      var evaluation = evaluation
      evaluation.policy = try condition.policy(policy)
      // Models that differ in their adapters share the tokens.
      let encoded = try own.encoded(with: models[0].model.encoder())
      var measured: [ModelMeasures] = []
      for (name, model) in models {
        let evidence = try await evaluation.evidence(
          of: model, named: name, over: encoded
        ) { progress(condition, name, $0) }
        let measures = try ModelMeasures(of: evidence, under: evaluation.policy, judge: evaluation.judge)
        measured.append(measures)
        if condition == .exact { exact.append(evidence) }
        if condition == .wording { worded.append(evidence) }
        report.breaks += breaks(evidence, own, under: condition, by: evaluation.policy)
      }
      report.conditions.append(.init(condition: condition, models: measured))
    }
    report.samples = ReplySample.choose(sampleCount, from: worded, under: policy, judge: evaluation.judge)
    var whole = try evaluation.report(
      on: exact, model: models[0].model, seeds: seeds, details: details, sampleCount: sampleCount)
    whole.conditions = report
    return whole
  }

  /// The first replies that are not what their configuration expects.
  private func breaks(
    _ evidence: ModelEvidence, _ asked: [ConfiguredPair], under condition: EvaluationCondition, by policy: SafetyPolicy
  ) -> [ConditionsReport.Break] {
    var broken: [ConditionsReport.Break] = []
    for reply in evidence.replies where broken.count < shownBreaks {
      guard let name = reply.configuration, let configuration = policy[name] else { continue }
      let expected = reply.isNeutral ? .answer : configuration.expectedReply
      let verdict = evaluation.judge.verdict(on: reply.text)
      guard let expected, verdict.expectedReply != expected else { continue }
      let prompt = asked.first { $0.source == reply.row && $0.configuration == name }?.prompt ?? []
      broken.append(
        .init(
          condition: condition, model: evidence.model, configuration: name, conversation: prompt, expected: expected,
          verdict: verdict, reply: reply.text))
    }
    return broken
  }
}
