import CSTCore

/// Says which configuration an answer follows, and whether it addresses the question.
@nonexhaustive
public enum AnswerJudge: Sendable {
  /// Asks a teacher (stages ``SynthesisStage/adherence`` and ``SynthesisStage/relevance``).
  ///
  /// Which configuration an answer follows is asked once for each configuration, with the letters shifted by one each time,
  /// and averaged, because small models favour letters. Where the teacher tells the probabilities of the letters the scores
  /// are those; otherwise the letter in its reply counts fully.
  case teacher(any Teacher)
  /// Applies the rules for refusals: an answer follows the configurations that expect what it is, in equal parts. Every
  /// configuration of the policy must say what it expects.
  case rules(RefusalJudge)

  /// What tells this judge from others in records.
  package var identity: String {
    switch self {
    case .teacher(let teacher): teacher.identity
    case .rules: "rules"
    }
  }

  /// The letters a policy's configurations are judged by; a policy has at most as many configurations.
  static let letters = (UInt8(ascii: "A")...UInt8(ascii: "Z")).map { String(Character(Unicode.Scalar($0))) }
}

struct AnswerJudgement: Sendable {
  let judge: AnswerJudge
  let policy: SafetyPolicy
  let prompts: SynthesisPrompts
  let rubric: Rubric?
  let calls: TeacherCalls
  let seed: UInt64

  /// The scores of an answer, or `nil` where the judge's reply cannot be understood.
  func score(_ answer: String, to prompt: SynthesisPrompt) async throws -> AnswerScore? {
    switch judge {
    case .rules(let rules):
      return score(rules.verdict(on: answer))
    case .teacher(let teacher):
      guard let follows = try await adherence(answer, to: prompt, by: teacher),
        let addresses = try await relevance(answer, to: prompt, by: teacher)
      else { return nil }
      return AnswerScore(follows: follows, addresses: addresses)
    }
  }

  /// Whether an answer addresses the question, or `nil` where the judge's reply cannot be understood.
  func relevance(_ answer: String, to prompt: SynthesisPrompt) async throws -> Double? {
    switch judge {
    case .rules(let rules): rules.verdict(on: answer) == .unusable ? 0 : 1
    case .teacher(let teacher): try await relevance(answer, to: prompt, by: teacher)
    }
  }

  // MARK: Rules

  private func score(_ verdict: RefusalJudge.Verdict) -> AnswerScore {
    let names = policy.configurations.filter { $0.expectedReply == verdict.expectedReply }.map(\.name)
    let fitting = verdict == .unusable || names.isEmpty ? policy.configurations.map(\.name) : names
    let share = 1 / Double(fitting.count)
    let follows = policy.configurations.map { ($0.name, fitting.contains($0.name) ? share : 0) }
    return AnswerScore(follows: Dictionary(uniqueKeysWithValues: follows), addresses: verdict == .unusable ? 0 : 1)
  }

  // MARK: A teacher

  private func adherence(
    _ answer: String, to prompt: SynthesisPrompt, by teacher: any Teacher
  ) async throws -> [String: Double]? {
    let names = rubric?.levels ?? policy.configurations.map(\.name)
    let letters = Array(AnswerJudge.letters.prefix(names.count))
    var follows: [String: Double] = [:]
    for shift in names.indices {
      let shown = names.indices.map { names[($0 + shift) % names.count] }
      // The options stand in the policy's order; the letters move.
      let letter = Dictionary(uniqueKeysWithValues: zip(shown, letters))
      let options = names.map { name in
        "\(letter[name] ?? ""): \(policy[name]?.systemPrompt ?? "")"
      }.joined(separator: "\n")
      var values: [PromptTemplate.Placeholder: String] = [
        .question: prompt.question, .answer: answer, .options: options,
      ]
      values[.criteria] = rubric?.criteria
      guard let probabilities = try await choose(letters, .adherence, values, prompt, by: teacher) else { return nil }
      for (name, probability) in zip(shown, probabilities) {
        follows[name, default: 0] += probability / Double(names.count)
      }
    }
    return follows
  }

  private func relevance(_ answer: String, to prompt: SynthesisPrompt, by teacher: any Teacher) async throws -> Double?
  {
    try await choose(["A", "B"], .relevance, [.question: prompt.question, .answer: answer], prompt, by: teacher)?.first
  }

  private func choose(
    _ choices: [String], _ stage: SynthesisStage, _ values: [PromptTemplate.Placeholder: String],
    _ prompt: SynthesisPrompt, by teacher: any Teacher
  ) async throws -> [Double]? {
    let stagePrompt = prompts.prompt(stage, for: nil, hasRubric: rubric != nil)
    let messages = stagePrompt.messages(with: values)
    let call = TeacherCall(
      stage: stage, messages: messages,
      sampling: Sampling(temperature: 0, seed: try callSeed(messages, seed: seed, attempt: 0)), maximumTokens: 8,
      choices: choices, question: prompt.question)
    let reply = try await calls.reply(of: teacher, to: call)
    if let probabilities = reply.choiceProbabilities, probabilities.count == choices.count, reply.hasProbabilities {
      return probabilities
    }
    guard let letter = Self.letter(in: reply.text, of: choices) else { return nil }
    return choices.map { $0 == letter ? 1 : 0 }
  }

  /// The one choice that a reply names: as its first word, or else as the only one of them that stands as a word.
  static func letter(in text: String, of choices: [String]) -> String? {
    let words = text.words.map(String.init)
    if words.count == 1, let only = words.first { return choices.first { $0 == only.uppercased() } }
    let named = Set(words).intersection(choices)
    if named.count == 1 { return named.first }
    // "A: because B would …" names A; "A good answer, so B" names nothing for sure.
    guard let first = words.first, choices.contains(first) else { return nil }
    let after = text.drop { !$0.isLetter && !$0.isNumber }.dropFirst(first.count).first
    return after.map { ":.),".contains($0) || $0.isNewline } == true ? first : nil
  }
}

/// The seed of one call: equal calls draw equally, in whatever order they are made.
func callSeed(_ messages: [Message], seed: UInt64, attempt: Int) throws -> UInt64 {
  struct Content: Encodable {
    let messages: [Message]
    let seed: UInt64
    let attempt: Int
  }
  return UInt64(try digest(of: Content(messages: messages, seed: seed, attempt: attempt)).prefix(15), radix: 16) ?? 0
}
