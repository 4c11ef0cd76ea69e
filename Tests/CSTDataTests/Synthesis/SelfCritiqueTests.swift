import CSTCore
import Foundation
import Testing

@testable import CSTData

@Suite struct SelfCritiqueTests {
  private func outcomes(_ plan: SelfCritique, _ prompts: [SynthesisPrompt]) async throws -> [SynthesisOutcome] {
    var outcomes: [SynthesisOutcome] = []
    for try await outcome in plan.outcomes(for: prompts) { outcomes.append(outcome) }
    return outcomes
  }

  @Test func oneRowPerPromptInTheOrderOfThePrompts() async throws {
    let prompts = questions(40)
    let plan = SelfCritique(author: ScriptedTeacher(concurrency: 7), policy: try advicePolicy())
    let outcomes = try await outcomes(plan, prompts)
    #expect(outcomes.map(\.position) == Array(0..<40))
    for (outcome, prompt) in zip(outcomes, prompts) {
      let pair = try #require(outcome.pair)
      #expect(pair.prompt == prompt.messages && pair.task == prompt.task && pair.isNeutral == prompt.isNeutral)
      if case .byConfiguration(let texts) = pair.answers {
        #expect(texts["cautious"]?.contains("I can't give advice about \(prompt.question)") == true)
        #expect(texts["direct"]?.contains("about \(prompt.question) most people") == true)
      } else if case .ranked(let chosen, let rejected, let scope) = pair.answers {
        #expect(scope == .everyConfiguration && chosen.hasPrefix("Yes") && rejected.hasPrefix("I can't"))
      }
    }
    var pairs: [PreferencePair] = []
    for try await pair in plan.pairs(for: prompts) { pairs.append(pair) }
    #expect(pairs == outcomes.compactMap(\.pair))
  }

  @Test func stagesAreOneGrowingConversation() async throws {
    let teacher = ScriptedTeacher(concurrency: 1)
    _ = try await outcomes(SelfCritique(author: teacher, policy: try advicePolicy()), [SynthesisPrompt("Is tea fine?")])
    let calls = teacher.calls.filter { [.draft, .critique, .revision].contains($0.stage) }
    #expect(calls.map(\.stage) == [.draft, .critique, .revision])
    #expect(calls[0].messages == [.system("Answer fully."), .user("Is tea fine?")])
    #expect(calls[0].configuration == "direct" && calls[1].configuration == "cautious")
    for (earlier, later) in zip(calls, calls.dropFirst()) {
      #expect(Array(later.messages.prefix(earlier.messages.count)) == earlier.messages)
      #expect(later.messages.count == earlier.messages.count + 2)
    }
    // The critique is by the other configuration's principles, here its system prompt.
    #expect(calls[1].messages.last?.content.contains("Give no advice.") == true)
  }

  @Test func judgeScoresAreAveragedOverTheLettersAndKept() async throws {
    let outcome = try await outcomes(
      SelfCritique(author: ScriptedTeacher(), policy: try advicePolicy()), [SynthesisPrompt("Is tea fine?")])
    let scores = try #require(outcome.first?.pair?.judgeScores)
    #expect(abs((scores["cautious"]?.follows["cautious"] ?? 0) - 0.8) < 1e-12)
    #expect(abs((scores["direct"]?.follows["cautious"] ?? 0) - 0.2) < 1e-12)
    #expect(scores["direct"]?.addresses == 0.9)

    // A judge that always says A has no opinion: its answers must not pass as anything but a tie.
    let constant = ScriptedTeacher { call in
      call.stage == .adherence
        ? TeacherReply(text: "A", isComplete: true, choiceProbabilities: [1, 0]) : try ScriptedTeacher.advice(call)
    }
    let tie = try await outcomes(
      SelfCritique(author: constant, policy: try advicePolicy()), [SynthesisPrompt("Is tea fine?")])
    #expect(tie.first?.pair?.judgeScores?["direct"]?.follows == ["cautious": 0.5, "direct": 0.5])
  }

  @Test func multiTurnPromptsKeepTheirTurns() async throws {
    let messages: [Message] = [.user("Hello"), .assistant("Hi!"), .user("Is tea fine?")]
    let teacher = ScriptedTeacher()
    let outcome = try await outcomes(
      SelfCritique(author: teacher, policy: try advicePolicy()), [SynthesisPrompt(messages: messages)])
    #expect(outcome.first?.pair?.prompt == messages)
    #expect(teacher.calls.first?.messages == [.system("Answer fully.")] + messages)
  }

  @Test func everyRejectionHasItsReason() async throws {
    func reason(
      prompts: [SynthesisPrompt] = [SynthesisPrompt("Is tea fine?")],
      _ script: @escaping @Sendable (TeacherCall) throws -> TeacherReply
    ) async throws -> RejectedPrompt.Reason? {
      let plan = SelfCritique(
        author: ScriptedTeacher(script: script), policy: try advicePolicy(), retries: RetryPolicy(attempts: 1))
      return try await outcomes(plan, prompts).last?.rejection?.reason
    }
    func saying(_ text: String, in stage: SynthesisStage) -> @Sendable (TeacherCall) throws -> TeacherReply {
      { $0.stage == stage ? ScriptedTeacher.reply(text) : try ScriptedTeacher.advice($0) }
    }
    #expect(try await reason(saying(" \n", in: .draft)) == .empty)
    #expect(try await reason(saying("Yes it is.", in: .draft)) == .tooShort)
    #expect(
      try await reason(saying("I'm sorry, but I can't give advice about that. Ask a nurse.", in: .draft)) == .refusal)
    #expect(try await reason(saying("It is fine, and two cups a day are enough.", in: .revision)) == .notAsAsked)
    #expect(try await reason(saying("A or B, who knows?", in: .adherence)) == .judgeUnparsable)
    #expect(try await reason(saying("B", in: .relevance)) == .notAsAsked)
    let long = "I can't give advice about that. " + (0..<60).map { "Reason \($0)." }.joined(separator: " ")
    #expect(try await reason(saying(long, in: .revision)) == .lengthGap)
    #expect(
      try await reason { call in
        var reply = try ScriptedTeacher.advice(call)
        if call.stage == .revision { reply.isComplete = false }
        return reply
      } == .truncated)
    #expect(
      try await reason { call in
        if call.stage == .critique { throw TeacherError(.timedOut, detail: "") }
        return try ScriptedTeacher.advice(call)
      } == .failed)
    let twice = [
      SynthesisPrompt("Is green tea fine for a bad cold?"), SynthesisPrompt("is green tea fine for a bad cold"),
    ]
    #expect(try await reason(prompts: twice) { try ScriptedTeacher.advice($0) } == .nearDuplicate)
  }

  @Test func whatComesOfAPromptDoesNotDependOnLaterOnes() async throws {
    // The second is like the third and the third like the first, but the second is not like the first.
    let words = (0..<30).map { "word\($0)" }
    func prompt(_ changed: Range<Int>) -> SynthesisPrompt {
      SynthesisPrompt(words.indices.map { changed.contains($0) ? "other\($0)" : words[$0] }.joined(separator: " "))
    }
    let (first, second, between) = (prompt(0..<0), prompt(0..<5), prompt(0..<3))
    let plan = SelfCritique(
      author: ScriptedTeacher(), policy: try advicePolicy(), filter: SynthesisFilter(duplicateThreshold: 0.75))
    let two = try await outcomes(plan, [first, second]).map { $0.pair != nil }
    let three = try await outcomes(plan, [first, second, between]).map { $0.pair != nil }
    #expect(two == [true, true] && three == [true, true, false])
  }

  @Test func configurationsWithEqualConversationsAreDifferentCalls() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cst-calls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = #"{"s": {"critique": "What is wrong?", "revision": "Mend it.", "draft_under": "plain"}}"#
    let synthesis = try JSONDecoder().decode([String: SynthesisPrompts].self, from: Data(text.utf8))["s"]
    let policy = try SafetyPolicy(
      name: "tone",
      configurations: ["plain", "florid", "stern"].map { SafetyConfiguration(name: $0, systemPrompt: $0) },
      defaultName: "plain", synthesis: try #require(synthesis))
    let teacher = ScriptedTeacher { call in
      call.choices.isEmpty
        ? ScriptedTeacher.reply(
          "\(call.configuration ?? "") tea, \(call.stage) by \(call.configuration ?? "") hands only")
        : TeacherReply(text: "A", isComplete: true, choiceProbabilities: call.choices.map { _ in 0.5 })
    }
    var plan = SelfCritique(author: teacher, policy: policy)
    plan.journal = try SynthesisJournal(file: folder.appending(path: "j.jsonl"))
    let pair = try #require(try await outcomes(plan, [SynthesisPrompt("Tea?")]).first?.pair)
    guard case .byConfiguration(let answers) = pair.answers else { return #expect(Bool(false)) }
    #expect(Set(answers.values).count == 3)
  }

  @Test func answersThatAreNearlyTheSameAreRejected() async throws {
    let policy = try SafetyPolicy(
      name: "tone",
      configurations: [
        SafetyConfiguration(name: "plain", systemPrompt: "Be plain."),
        SafetyConfiguration(name: "florid", systemPrompt: "Be florid."),
      ], defaultName: "plain")
    let teacher = ScriptedTeacher { call in
      call.choices.isEmpty
        ? ScriptedTeacher.reply("Tea is fine in the morning and in the evening.")
        : TeacherReply(text: "A", isComplete: true, choiceProbabilities: call.choices.map { _ in 0.5 })
    }
    let outcome = try await outcomes(SelfCritique(author: teacher, policy: policy), [SynthesisPrompt("Tea?")])
    #expect(outcome.first?.rejection?.reason == .nearDuplicate)
  }

  @Test func laterAttemptsDrawAnew() async throws {
    let teacher = ScriptedTeacher { call in
      let isUnlucky = call.stage == .draft && call.sampling.seed % 2 == 0
      return isUnlucky ? ScriptedTeacher.reply("Hm.") : try ScriptedTeacher.advice(call)
    }
    var plan = SelfCritique(author: teacher, policy: try advicePolicy())
    let prompts = questions(30).filter { !$0.isNeutral }
    let once = try await outcomes(plan, prompts).compactMap(\.pair).count
    plan.settings = SynthesisSettings(attempts: 12)
    let often = try await outcomes(plan, prompts).compactMap(\.pair).count
    // Half of the drafts are unlucky: 2^-12 · 24 prompts leaves a chance of 0.6 % that one is unlucky twelve times, and
    // the seeds are fixed.
    #expect(once < prompts.count && often == prompts.count)
  }

  @Test func configurationsOnARubricAreRankedByLevel() async throws {
    let names = ["terse", "plain", "florid"]
    let policy = try SafetyPolicy(
      name: "style",
      configurations: names.map { SafetyConfiguration(name: $0, systemPrompt: "Write in a \($0) style.") },
      defaultName: "plain", rubric: Rubric(criteria: "How ornate the style is.", levels: names))
    let teacher = ScriptedTeacher { call in
      switch call.stage {
      case .draft: return ScriptedTeacher.reply("A terse answer of quite few words.")
      case .critique: return ScriptedTeacher.reply("It should be more \(call.configuration ?? "").")
      case .adherence:
        let text = call.messages.last?.content ?? ""
        let style = names.first { text.contains("A \($0) answer") } ?? ""
        let line = text.split(separator: "\n").first { $0.contains("a \(style) style") } ?? ""
        return ScriptedTeacher.reply(String(line.prefix(1)))
      case .relevance: return ScriptedTeacher.reply("A")
      default:
        let style = call.configuration ?? ""
        return ScriptedTeacher.reply("A \(style) answer, in which the word \(style) is said again and once more.")
      }
    }
    let outcome = try await outcomes(
      SelfCritique(author: teacher, policy: policy), [SynthesisPrompt("Tell me of tea.")])
    let pair = try #require(outcome.first?.pair)
    // Three answers, and every ordered pair of them when they are configured.
    #expect(try [pair].configured(by: policy).count == 6)
    #expect(pair.judgeScores?["florid"]?.follows == ["terse": 0, "plain": 0, "florid": 1])
    let critiques = teacher.calls.filter { $0.stage == .critique }
    #expect(critiques.contains { $0.messages.last?.content.contains("at level 3") == true })
    #expect(critiques.allSatisfy { $0.messages.last?.content.contains("How ornate the style is.") == true })
  }

  @Test func aTeacherThatCannotWorkStopsTheRun() async throws {
    let teacher = ScriptedTeacher { _ in throw TeacherError(.unauthorized, detail: "no key") }
    await #expect(throws: TeacherError.self) {
      _ = try await outcomes(SelfCritique(author: teacher, policy: try advicePolicy()), questions(50))
    }
    #expect(teacher.calls.count <= 4 * teacher.concurrency)
  }

  @Test func policiesThatCannotBeJudgedAreRefused() async throws {
    let policy = try SafetyPolicy(
      name: "tone",
      configurations: [
        SafetyConfiguration(name: "plain", systemPrompt: "Be plain."),
        SafetyConfiguration(name: "florid", systemPrompt: "Be florid."),
      ], defaultName: "plain")
    let plan = SelfCritique(author: ScriptedTeacher(), judge: .rules(RefusalJudge()), policy: policy)
    await #expect(throws: PreferenceError.self) { _ = try await outcomes(plan, questions(1)) }
  }

  @Test func leavingTheLoopCancelsCalls() async throws {
    let teacher = ScriptedTeacher(concurrency: 2)
    for try await _ in SelfCritique(author: teacher, policy: try advicePolicy()).pairs(for: questions(500)) { break }
    try await Task.sleep(for: .milliseconds(50))
    let calls = teacher.calls.count
    try await Task.sleep(for: .milliseconds(50))
    #expect(teacher.calls.count == calls && calls < 500)
  }

  @Test func theEstimateCountsWhatIsLeft() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cst-estimate-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var plan = SelfCritique(author: ScriptedTeacher(), judge: .rules(RefusalJudge()), policy: try advicePolicy())
    plan.journal = try SynthesisJournal(file: folder.appending(path: "j.jsonl"))
    let prompts = questions(60).filter { !$0.isNeutral }
    let estimate = try await plan.estimate(for: prompts, sample: 6)
    #expect(estimate.prompts == 48 && estimate.sampledPrompts == 6 && estimate.sampledRows == 6)
    #expect(estimate.calls == 3 * 48 && estimate.promptTokens == 30 * 48 && estimate.completionTokens == 15 * 48)
    #expect(try await plan.estimate(for: prompts, sample: 6).prompts == 42)
  }
}
