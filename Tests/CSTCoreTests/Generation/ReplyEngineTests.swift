import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Calls that are made independently get what each would get alone.
@Suite struct ReplyEngineTests {
  private static let questions = (0..<12).map { index in
    [Message.system("Be kind."), .user("Question \(index): " + String(repeating: "why ", count: index % 5))]
  }
  private static let drawn = Sampling(temperature: 0.9, topP: 0.95, seed: 8)

  private func replies(_ engine: ReplyEngine, _ conversations: [[Message]]) async throws -> [GeneratedReply] {
    try await withThrowingTaskGroup(of: (Int, GeneratedReply).self) { group in
      for (index, messages) in conversations.enumerated() {
        group.addTask { (index, try await engine.reply(to: messages, sampling: Self.drawn, maximumTokens: 30)) }
      }
      var replies: [Int: GeneratedReply] = [:]
      for try await (index, reply) in group { replies[index] = reply }
      return conversations.indices.compactMap { replies[$0] }
    }
  }

  @Test func repliesDependOnNothingElse() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    var alone: [GeneratedReply] = []
    for messages in Self.questions {
      let engine = ReplyEngine(model: model, slots: 1, cachedTokens: 0)
      alone.append(try await engine.reply(to: messages, sampling: Self.drawn, maximumTokens: 30))
    }
    #expect(Set(alone.map(\.text)).count > 1)
    for (slots, cachedTokens) in [(1, 4096), (3, 100), (16, 4096)] {
      let engine = ReplyEngine(model: model, slots: slots, cachedTokens: cachedTokens)
      for _ in 0..<2 {
        let together = try await replies(engine, Self.questions)
        #expect(together.map(\.text) == alone.map(\.text), "\(slots) slots")
        #expect(together.map(\.completionTokens) == alone.map(\.completionTokens))
        #expect(together.map(\.isComplete) == alone.map(\.isComplete))
      }
    }
    // The same text as a reply that is read as it is written.
    var streamed = ""
    for try await piece in model.reply(to: Self.questions[4], sampling: Self.drawn, maximumTokens: 30) {
      streamed += piece
    }
    #expect(streamed == alone[4].text)
  }

  /// A chain of draft, critique and revision computes only what each call adds.
  @Test func aChainReusesWhatItHasSaid() async throws {
    let engine = ReplyEngine(model: try await tinyLanguageModel(), slots: 2, cachedTokens: 4096)
    var messages = Self.questions[3]
    var last = try await engine.reply(to: messages, sampling: Self.drawn, maximumTokens: 12)
    for request in ["Criticise it.", "Write it again."] {
      messages += [.assistant(last.text), .user(request)]
      let next = try await engine.reply(to: messages, sampling: Self.drawn, maximumTokens: 12)
      // The prompt before and, where its text makes the same tokens again, the reply.
      #expect(next.reusedTokens >= last.promptTokens)
      let fresh = ReplyEngine(model: engine.model, slots: 1, cachedTokens: 0)
      #expect(try await fresh.reply(to: messages, sampling: Self.drawn, maximumTokens: 12).text == next.text)
      last = next
    }
  }

  @Test func aCancelledCallFreesItsPlace() async throws {
    let engine = ReplyEngine(model: try await tinyLanguageModel(), slots: 1)
    let long = Task { try await engine.reply(to: [.user("Go on.")], sampling: Self.drawn, maximumTokens: 100_000) }
    let waiting = Task { try await engine.reply(to: [.user("And you?")], maximumTokens: 100_000) }
    waiting.cancel()
    long.cancel()
    for task in [long, waiting] {
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    #expect(try await engine.reply(to: [.user("Now?")], maximumTokens: 3).completionTokens <= 3)
  }

  @Test func choicesHaveTheModelsProbabilities() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    let engine = ReplyEngine(model: model)
    let messages = [Message.user("Which one, A, B or C?")]
    let choices = ["A", "Bee", "C"]
    let found = try await engine.choiceProbabilities(of: choices, after: messages)
    #expect(abs(found.probabilities.reduce(0, +) - 1) < 1e-12)
    let encoder = model.encoder()
    let prompt = try encoder.prompt(messages)
    #expect(found.promptTokens == prompt.count)
    let starts = try choices.map { [try encoder.completion($0, to: messages, prompt: prompt).tokens[0]] }
    let scores = try await model.logProbabilities(of: [CompletionGroup(prompt: prompt, completions: starts)])[0]
    for index in choices.indices {
      // Two log-probabilities of about -6 in Float32, each within a few of its 5e-7 roundings.
      let difference = log(found.probabilities[index] / found.probabilities[0]) - (scores[index] - scores[0])
      #expect(abs(difference) < 1e-5)
    }
    #expect(try await engine.choiceProbabilities(of: choices, after: messages).reusedTokens == prompt.count - 1)
  }

  @Test func whatCannotBeAskedIsRefused() async throws {
    let engine = ReplyEngine(model: try await tinyLanguageModel())
    await #expect(throws: ChoiceError(reason: .sameFirstToken("Ax", "Ay"))) {
      try await engine.choiceProbabilities(of: ["B", "Ax", "Ay"], after: [.user("Which?")])
    }
    await #expect(throws: ChoiceError(reason: .noChoices)) {
      try await engine.choiceProbabilities(of: [], after: [.user("Which?")])
    }
    await #expect(throws: ConversationError.self) {
      try await engine.reply(to: [.user(String(repeating: "long ", count: 400))])
    }
  }
}
