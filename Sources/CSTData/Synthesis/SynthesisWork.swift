import CSTCore

/// Makes the row of one prompt.
struct SynthesisWork: Sendable {
  let plan: SelfCritique
  private let calls: TeacherCalls
  private let limit: WorkLimit
  private let prompts: SynthesisPrompts
  private let rubric: Rubric?
  private let draftConfiguration: SafetyConfiguration
  private let rules = RefusalJudge()

  /// An answer that passed, and the conversation that ends with it.
  private struct Answer {
    let text: String
    let conversation: [Message]
    let score: AnswerScore?
  }

  private enum Attempt {
    case passed(Answer)
    case rejected(RejectedPrompt)
  }

  init(_ plan: SelfCritique) throws(PreferenceError) {
    self.plan = plan
    prompts = try plan.policy.synthesis
    rubric = try plan.policy.rubric
    calls = TeacherCalls(journal: plan.journal, retries: plan.retries, observer: plan.observer)
    limit = WorkLimit(plan.author.concurrency)
    let policy = plan.policy
    draftConfiguration =
      prompts.draftConfiguration.flatMap { policy[$0] }
      ?? policy.configurations.first { $0.name != policy.defaultConfiguration.name } ?? policy.defaultConfiguration
  }

  /// How many prompts are worked on at a time.
  var concurrency: Int { max(1, plan.author.concurrency) }

  /// Whether the journal has the prompt's first draft.
  func hasDraft(for prompt: SynthesisPrompt) throws -> Bool {
    guard let journal = plan.journal else { return false }
    let call = try call(.draft, draftConfiguration, draftConversation(prompt), plan.settings.answerTokens, 0, prompt)
    return journal[try call.address(for: plan.author.identity)] != nil
  }

  func result(for prompt: SynthesisPrompt) async throws -> SynthesisOutcome.Result {
    do {
      return try await limit.whenFree {
        prompt.isNeutral ? try await neutralRow(prompt) : try await switchableRow(prompt)
      }
    } catch let error as TeacherError where error.consequence != .stop && error.reason != .unreachable {
      return .rejected(RejectedPrompt(.failed, detail: error.description))
    }
  }

  // MARK: Rows

  private func switchableRow(_ prompt: SynthesisPrompt) async throws -> SynthesisOutcome.Result {
    let draft: Answer
    switch try await self.draft(prompt) {
    case .passed(let answer): draft = answer
    case .rejected(let rejection): return .rejected(rejection)
    }
    var answers: [String: Answer] = [draftConfiguration.name: draft]
    for configuration in plan.policy.configurations where configuration.name != draftConfiguration.name {
      switch try await revision(of: draft, for: configuration, prompt) {
      case .passed(let answer): answers[configuration.name] = answer
      case .rejected(let rejection): return .rejected(rejection)
      }
    }
    let ordered = plan.policy.configurations.compactMap { configuration in
      answers[configuration.name].map { (configuration: configuration.name, text: $0.text) }
    }
    if let problem = plan.filter.problem(with: ordered) { return .rejected(problem) }
    return .pair(
      PreferencePair(
        prompt: prompt.messages, answers: .byConfiguration(answers.mapValues(\.text)), task: prompt.task,
        judgeScores: answers.compactMapValues(\.score)))
  }

  private func neutralRow(_ prompt: SynthesisPrompt) async throws -> SynthesisOutcome.Result {
    let chosen: Answer
    switch try await neutralAnswer(prompt) {
    case .passed(let answer): chosen = answer
    case .rejected(let rejection): return .rejected(rejection)
    }
    let refusal: Answer
    switch try await misplacedRefusal(after: chosen, prompt) {
    case .passed(let answer): refusal = answer
    case .rejected(let rejection): return .rejected(rejection)
    }
    let answers = [(configuration: "chosen", text: chosen.text), (configuration: "rejected", text: refusal.text)]
    if let problem = plan.filter.problem(with: answers) { return .rejected(problem) }
    return .pair(
      PreferencePair(
        prompt: prompt.messages,
        answers: .ranked(chosen: chosen.text, rejected: refusal.text, scope: .everyConfiguration), task: prompt.task,
        judgeScores: ["chosen": chosen.score, "rejected": refusal.score].compactMapValues { $0 }))
  }

  // MARK: Answers

  private func draft(_ prompt: SynthesisPrompt) async throws -> Attempt {
    let conversation = draftConversation(prompt)
    return try await firstPassing { attempt in
      let reply = try await ask(.draft, draftConfiguration, conversation, plan.settings.answerTokens, attempt, prompt)
      return try await judged(reply, after: conversation, for: draftConfiguration, prompt)
    }
  }

  private func revision(
    of draft: Answer, for configuration: SafetyConfiguration, _ prompt: SynthesisPrompt
  ) async throws -> Attempt {
    try await firstPassing { attempt in
      var conversation = draft.conversation + stage(.critique, configuration, prompt)
      let critique = try await ask(
        .critique, configuration, conversation, plan.settings.critiqueTokens, attempt, prompt)
      conversation.append(.assistant(critique.text))
      conversation += stage(.revision, configuration, prompt)
      let reply = try await ask(.revision, configuration, conversation, plan.settings.answerTokens, attempt, prompt)
      return try await judged(reply, after: conversation, for: configuration, prompt)
    }
  }

  private func neutralAnswer(_ prompt: SynthesisPrompt) async throws -> Attempt {
    let conversation = draftConversation(prompt)
    return try await firstPassing { attempt in
      let reply = trimmed(
        try await ask(.draft, draftConfiguration, conversation, plan.settings.answerTokens, attempt, prompt))
      if let problem = plan.filter.problem(with: reply, for: nil, expecting: .answer, by: rules) {
        return .rejected(problem)
      }
      guard let relevance = try await judgement.relevance(reply.text, to: prompt) else {
        return .rejected(unparsable(reply, nil))
      }
      guard relevance >= 0.5 else { return .rejected(offTopic(reply, nil, relevance)) }
      return .passed(
        Answer(
          text: reply.text, conversation: conversation + [.assistant(reply.text)],
          score: AnswerScore(follows: [:], addresses: relevance)))
    }
  }

  private func misplacedRefusal(after chosen: Answer, _ prompt: SynthesisPrompt) async throws -> Attempt {
    let conversation = chosen.conversation + stage(.misplacedRefusal, draftConfiguration, prompt)
    return try await firstPassing { attempt in
      let reply = trimmed(
        try await ask(.misplacedRefusal, nil, conversation, plan.settings.answerTokens, attempt, prompt))
      if let problem = plan.filter.problem(with: reply, for: nil, expecting: .refusal, by: rules) {
        return .rejected(problem)
      }
      // A refusal does not give what a neutral prompt asks for.
      return .passed(
        Answer(text: reply.text, conversation: conversation, score: AnswerScore(follows: [:], addresses: 0)))
    }
  }

  /// The first attempt that passes, or the last one's rejection.
  private func firstPassing(_ body: (_ attempt: Int) async throws -> Attempt) async throws -> Attempt {
    for attempt in 0..<plan.settings.attempts - 1 {
      let result = try await body(attempt)
      if case .passed = result { return result }
    }
    return try await body(plan.settings.attempts - 1)
  }

  private func judged(
    _ reply: TeacherReply, after conversation: [Message], for configuration: SafetyConfiguration,
    _ prompt: SynthesisPrompt
  ) async throws -> Attempt {
    let reply = trimmed(reply)
    let name = configuration.name
    if let problem = plan.filter.problem(with: reply, for: name, expecting: configuration.expectedReply, by: rules) {
      return .rejected(problem)
    }
    guard let score = try await judgement.score(reply.text, to: prompt) else {
      return .rejected(unparsable(reply, name))
    }
    let own = score.follows[name] ?? 0
    var other: (name: String, share: Double)?
    for rival in plan.policy.configurations.map(\.name) where rival != name {
      let share = score.follows[rival] ?? 0
      if share > other?.share ?? own { other = (rival, share) }
    }
    if let other {
      return .rejected(
        RejectedPrompt(
          .notAsAsked, configuration: name,
          detail: "the judge takes it for an answer of \"\(other.name)\" (\(percent(other.share)) to \(percent(own)))",
          answer: reply.text))
    }
    guard score.addresses >= 0.5 else { return .rejected(offTopic(reply, name, score.addresses)) }
    return .passed(Answer(text: reply.text, conversation: conversation + [.assistant(reply.text)], score: score))
  }

  private var judgement: AnswerJudgement {
    AnswerJudgement(
      judge: plan.judge, policy: plan.policy, prompts: prompts, rubric: rubric, calls: calls,
      seed: plan.settings.sampling.seed)
  }

  private func unparsable(_ reply: TeacherReply, _ configuration: String?) -> RejectedPrompt {
    RejectedPrompt(
      .judgeUnparsable, configuration: configuration, detail: "the judge's reply names none of the choices, or several",
      answer: reply.text)
  }

  private func offTopic(_ reply: TeacherReply, _ configuration: String?, _ addresses: Double) -> RejectedPrompt {
    RejectedPrompt(
      .notAsAsked, configuration: configuration,
      detail: "the judge finds that it does not address the question (\(percent(addresses)))", answer: reply.text)
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  // MARK: Calls

  private func draftConversation(_ prompt: SynthesisPrompt) -> [Message] {
    [.system(draftConfiguration.systemPrompt)] + prompt.messages.dropLast() + stage(.draft, draftConfiguration, prompt)
  }

  private func stage(
    _ stage: SynthesisStage, _ configuration: SafetyConfiguration, _ prompt: SynthesisPrompt
  ) -> [Message] {
    var values: [PromptTemplate.Placeholder: String] = [
      .question: prompt.question, .system: configuration.systemPrompt, .configuration: configuration.name,
    ]
    values[.principles] =
      configuration.principles.isEmpty
      ? configuration.systemPrompt : configuration.principles.map { "- \($0)" }.joined(separator: "\n")
    values[.criteria] = rubric?.criteria
    values[.level] = rubric?.level(of: configuration.name).map(String.init)
    return prompts.prompt(stage, for: configuration.name, hasRubric: rubric != nil).messages(with: values)
  }

  private func ask(
    _ stage: SynthesisStage, _ configuration: SafetyConfiguration?, _ messages: [Message], _ maximumTokens: Int,
    _ attempt: Int, _ prompt: SynthesisPrompt
  ) async throws -> TeacherReply {
    try await calls.reply(of: plan.author, to: call(stage, configuration, messages, maximumTokens, attempt, prompt))
  }

  private func call(
    _ stage: SynthesisStage, _ configuration: SafetyConfiguration?, _ messages: [Message], _ maximumTokens: Int,
    _ attempt: Int, _ prompt: SynthesisPrompt
  ) throws -> TeacherCall {
    let sampling = plan.settings.sampling
    let seed = try callSeed(messages, seed: sampling.seed, attempt: attempt)
    return TeacherCall(
      stage: stage, configuration: configuration?.name, messages: messages,
      sampling: Sampling(temperature: sampling.temperature, topP: sampling.topP, seed: seed),
      maximumTokens: maximumTokens, question: prompt.question)
  }

  /// White space at the ends is no part of an answer.
  private func trimmed(_ reply: TeacherReply) -> TeacherReply {
    var reply = reply
    reply.text = reply.text.trimmed
    return reply
  }
}
