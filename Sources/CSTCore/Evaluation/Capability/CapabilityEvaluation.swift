/// Measures what a model can do beside what it was tuned for, before and after: with its adapter and without.
///
/// ```swift
/// let tasks = try files.map { try CapabilityTask(contentsOf: $0) }
/// let report = try await CapabilityEvaluation().run(on: tuned, over: tasks, named: "CST")
/// ```
///
/// Base and tuned model go through the same code in the same batches, so that their difference is the adapter's alone. A
/// question's options share the computation of what stands before them.
public struct CapabilityEvaluation: Sendable {
  /// The window of a text where none is asked for, unless the model's context is shorter.
  public static let usualWindowLength = 2048

  /// The most tokens of a text that are predicted together; `nil` is the model's context length, and at most
  /// ``usualWindowLength``.
  public var windowLength: Int?
  /// Where the base model's replies to prompts are cut.
  public var maximumTokens: Int

  /// Creates an evaluation. Traps where a length is below 1.
  public init(windowLength: Int? = nil, maximumTokens: Int = 96) {
    require(windowLength ?? 1 >= 1, "a window has at least one token")
    require(maximumTokens >= 1, "a reply has at least one token, not \(maximumTokens)")
    self.windowLength = windowLength
    self.maximumTokens = maximumTokens
  }

  /// The report on a model, beside its base where it has an adapter.
  ///
  /// All tasks are encoded before anything is computed: what does not fit is told at once.
  /// - Parameters:
  ///   - model: The model, with its adapter.
  ///   - tasks: What to measure.
  ///   - name: What the report calls the tuned model.
  ///   - progress: Told what is being done and how far it is.
  /// - Throws: ``EvaluationError`` for a question that does not fit the model's context, an option without a token, prompts
  ///   for a model without an adapter, a window longer than the context, or a score that is not finite;
  ///   ``ConversationError`` for a prompt that does not fit; `CancellationError`.
  /// - Complexity: Two passes over every token where there is an adapter, one where there is none.
  public func run(
    on model: LanguageModel, over tasks: [CapabilityTask], named name: String = "tuned",
    progress: WorkProgress.Report = { _ in }
  ) async throws -> CapabilityReport {
    let pair = ModelPair(model, named: name)
    let works = try tasks.map { try work(of: $0, for: pair) }
    var report = CapabilityReport(
      baseModel: model.identity, tunedModel: pair.tuned == nil ? nil : name, precision: model.precision)
    for (task, work) in zip(tasks, works) {
      switch work {
      case .questions(let questions, let encoded):
        let groups = zip(questions, encoded).enumerated().flatMap { row, question in
          question.1.groups.map { ModelPair.Item(group: $0, row: row, place: question.0.place) }
        }
        let scores = try await pair.scores(of: groups, progress: progress)
        report.multipleChoice.append(.init(name: task.name, Self.answers(to: questions, encoded, scores)))
      case .windows(let windows, let length, let bytes):
        let scores = try await pair.scores(
          of: windows.enumerated().map { .init(group: $1, row: $0) }, progress: progress)
        report.texts.append(
          .init(name: task.name, bytes: bytes, windowLength: length, Self.stretches(of: windows, scores)))
      case .prompts(let prompts):
        let replies = try await ReplyEngine(model: pair.base).replies(
          to: prompts, sampling: .greedy, maximumTokens: maximumTokens, progress: progress)
        let groups = zip(prompts, replies).filter { !$1.tokens.isEmpty }.map { prompt, reply in
          CompletionGroup(prompt: prompt, completions: [reply.tokens])
        }
        let scores = try await pair.scores(
          of: groups.enumerated().map { .init(group: $1, row: $0) }, progress: progress)
        report.drifts.append(
          .init(
            name: task.name, prompts: prompts.count, maximumTokens: maximumTokens, Self.stretches(of: groups, scores)))
      }
    }
    return report
  }

  private static func answers(
    to questions: [MultipleChoiceQuestion], _ encoded: [MultipleChoiceQuestion.Encoded], _ scores: [ModelPair.Scores]
  ) -> [CapabilityReport.Question] {
    var next = scores[...]
    return zip(questions, encoded).map { question, encoded in
      let own = next.prefix(encoded.groups.count)
      next = next.dropFirst(own.count)
      func choice(_ scores: [[Double]]) -> CapabilityReport.Choice {
        CapabilityReport.Choice(
          logProbabilities: MultipleChoiceQuestion.Encoded.inOrder(encoded.members, scores), options: question.options)
      }
      let tuned = own.compactMap(\.tuned)
      return CapabilityReport.Question(
        id: question.id, subject: question.subject, answer: question.answer, base: choice(own.map(\.base)),
        tuned: tuned.isEmpty ? nil : choice(tuned))
    }
  }

  private static func stretches(
    of groups: [CompletionGroup], _ scores: [ModelPair.Scores]
  ) -> [CapabilityReport.Stretch] {
    zip(groups, scores).map { group, scores in
      CapabilityReport.Stretch(tokens: group.completions[0].count, base: scores.base[0], tuned: scores.tuned?[0])
    }
  }
}
