import Foundation
import Synchronization
import TestSupport
import Testing

@testable import CSTCore

/// Calls that are made independently get what each would get alone.
@Suite struct ReplyEngineTests {
  private static let questions = (0..<12).map { index in
    [Message.system("Be kind."), .user("Question \(index): " + String(repeating: "why ", count: index % 5))]
  }
  private static let drawn = Sampling(temperature: 0.9, topP: 0.95, seed: 8)

  private func replies(_ engine: ReplyEngine, _ conversations: [[Message]]) async throws -> [Reply] {
    try await withThrowingTaskGroup(of: (Int, Reply).self) { group in
      for (index, messages) in conversations.enumerated() {
        group.addTask { (index, try await engine.respond(to: messages, sampling: Self.drawn, maximumTokens: 30)) }
      }
      var replies: [Int: Reply] = [:]
      for try await (index, reply) in group { replies[index] = reply }
      return conversations.indices.compactMap { replies[$0] }
    }
  }

  @Test func repliesDependOnNothingElse() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    var alone: [Reply] = []
    for messages in Self.questions {
      let engine = ReplyEngine(model: model, slots: 1, cachedTokens: 0)
      alone.append(try await engine.respond(to: messages, sampling: Self.drawn, maximumTokens: 30))
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
    let engine = ReplyEngine(model: model)
    for try await piece in engine.stream(to: Self.questions[4], sampling: Self.drawn, maximumTokens: 30) {
      streamed += piece
    }
    #expect(streamed == alone[4].text)
  }

  /// Token by token, beside others: every id once, the text that is complete with it, and the whole reply at the end.
  @Test func piecesCarryTokenIDs() async throws {
    let engine = ReplyEngine(model: try await tinyLanguageModel().withRandomAdapter(), slots: 3)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for messages in Self.questions {
        group.addTask {
          let whole = try await engine.respond(to: messages, sampling: Self.drawn, maximumTokens: 30)
          var pieces: [ReplyStream.Piece] = []
          for try await piece in engine.stream(to: messages, sampling: Self.drawn, maximumTokens: 30).pieces {
            pieces.append(piece)
          }
          #expect(pieces.compactMap(\.token) == whole.tokens)
          #expect(pieces.map(\.text).joined() == whole.text)
          #expect(pieces.last?.reply?.tokens == whole.tokens && pieces.dropLast().allSatisfy { $0.reply == nil })
          #expect(whole.finishReason == (whole.isComplete ? .stop : .length))
          #expect(pieces.allSatisfy { $0.promptTokens == whole.promptTokens })
        }
      }
      try await group.waitForAll()
    }
  }

  /// Many at once: in order, each with its own draws, and progress to the end.
  @Test func manyAreRepliedToInOrder() async throws {
    let engine = ReplyEngine(model: try await tinyLanguageModel().withRandomAdapter(), slots: 4)
    let told = Mutex<[WorkProgress]>([])
    let same = [[Message]](repeating: [.user("Say something.")], count: 6)
    let replies = try await engine.replies(to: same + [Self.questions[2]], sampling: Self.drawn, maximumTokens: 8) {
      progress in told.withLock { $0.append(progress) }
    }
    #expect(replies.count == 7 && Set(replies.prefix(6).map(\.text)).count > 1)
    #expect(told.withLock { $0.map(\.done) } == Array(0...7) && told.withLock { $0.allSatisfy { $0.total == 7 } })
    #expect(replies[0].text == (try await engine.respond(to: same[0], sampling: Self.drawn, maximumTokens: 8)).text)
    #expect(try await engine.replies(to: []).isEmpty)
    await #expect(throws: ConversationError.self) {
      try await engine.replies(to: [same[0], [.user(String(repeating: "long ", count: 400))]])
    }
  }

  /// Leaving the loop frees the place for whoever waits.
  @Test func leavingTheLoopEndsTheReply() async throws {
    let engine = ReplyEngine(model: try await tinyLanguageModel(), slots: 1)
    for try await _ in engine.stream(to: [.user("Go on.")], sampling: Self.drawn, maximumTokens: 100_000).pieces {
      break
    }
    #expect(try await engine.respond(to: [.user("Now?")], maximumTokens: 3).completionTokens <= 3)
  }

  /// A chain of draft, critique and revision computes only what each call adds.
  @Test func aChainReusesWhatItHasSaid() async throws {
    let engine = ReplyEngine(model: try await tinyLanguageModel(), slots: 2, cachedTokens: 4096)
    var messages = Self.questions[3]
    var last = try await engine.respond(to: messages, sampling: Self.drawn, maximumTokens: 12)
    for request in ["Criticise it.", "Write it again."] {
      messages += [.assistant(last.text), .user(request)]
      let next = try await engine.respond(to: messages, sampling: Self.drawn, maximumTokens: 12)
      // The prompt before and, where its text makes the same tokens again, the reply.
      #expect(next.reusedTokens >= last.promptTokens)
      let fresh = ReplyEngine(model: engine.model, slots: 1, cachedTokens: 0)
      #expect(try await fresh.respond(to: messages, sampling: Self.drawn, maximumTokens: 12).text == next.text)
      last = next
    }
  }

  @Test func aCancelledCallFreesItsPlace() async throws {
    let engine = ReplyEngine(model: try await tinyLanguageModel(), slots: 1)
    let long = Task { try await engine.respond(to: [.user("Go on.")], sampling: Self.drawn, maximumTokens: 100_000) }
    let waiting = Task { try await engine.respond(to: [.user("And you?")], maximumTokens: 100_000) }
    waiting.cancel()
    long.cancel()
    for task in [long, waiting] {
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    #expect(try await engine.respond(to: [.user("Now?")], maximumTokens: 3).completionTokens <= 3)
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
      try await engine.respond(to: [.user(String(repeating: "long ", count: 400))])
    }
  }
}
