import TestSupport
import Testing

@testable import CSTCore

/// A conversation that goes on says what the same conversation says when it is rendered at once.
@Suite struct DialogueTests {
  @Test func turnsEqualWholeConversations() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    var dialogue = Dialogue(with: model, maximumTokens: 12)
    var reused: [Int] = []
    var messages: [Message] = []
    for (turn, prompt) in ["Be kind.", "Be kind.", "Be brief.", nil, "Be kind."].enumerated() {
      dialogue.systemPrompt = prompt
      var shown = ""
      let reply = try await dialogue.reply(to: "Question \(turn)?") { piece in
        shown += piece
        return .goOn
      }
      messages.append(.user("Question \(turn)?"))
      let whole = try await model.replies(
        to: [[prompt].compactMap { $0 }.map(Message.system) + messages], maximumTokens: 12)
      #expect(reply.text == whole[0] && shown == reply.text, "turn \(turn)")
      messages.append(.assistant(reply.text))
      #expect(dialogue.turns == messages)
      reused.append(reply.reusedTokens)
    }
    // The second turn goes on where the first ended, and the last finds what was said under its prompt before.
    #expect(reused[1] > 20 && reused[4] >= reused[1])
    dialogue.forget()
    #expect(dialogue.turns.isEmpty && dialogue.systemPrompt == "Be kind.")
  }

  @Test func aStoppedReplyStaysAsFarAsItWasShown() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    var dialogue = Dialogue(with: model, maximumTokens: 40)
    var shown = ""
    let reply = try await dialogue.reply(to: "Why?") { piece in
      shown += piece
      return shown.count < 5 ? .goOn : .stop
    }
    #expect(!reply.isComplete && reply.text == shown && reply.completionTokens < 40)
    #expect(dialogue.turns == [.user("Why?"), .assistant(shown)])
    let next = try await dialogue.reply(to: "And?")
    #expect(next.reusedTokens >= reply.promptTokens)
  }

  @Test func failuresLeaveTheConversationAsItWas() async throws {
    struct Refusal: Error {}
    let model = try await tinyLanguageModel()
    var dialogue = Dialogue(with: model, maximumTokens: 4)
    try await dialogue.reply(to: "One")
    let before = dialogue.turns
    await #expect(throws: ConversationError.self) {
      try await dialogue.reply(to: String(repeating: "long ", count: 400))
    }
    await #expect(throws: Refusal.self) { try await dialogue.reply(to: "Two") { _ in throw Refusal() } }
    #expect(dialogue.turns == before)
    try await dialogue.reply(to: "Two")
    #expect(dialogue.turns.count == 4)
  }
}
