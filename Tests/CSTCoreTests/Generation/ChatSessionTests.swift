import TestSupport
import Testing

@testable import CSTCore

/// A conversation that goes on says what the same conversation says when it is rendered at once.
@Suite struct ChatSessionTests {
  @Test func turnsEqualWholeConversations() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    let session = ChatSession(with: model, maximumTokens: 12)
    var reused: [Int] = []
    var messages: [Message] = []
    for (turn, prompt) in ["Be kind.", "Be kind.", "Be brief.", nil, "Be kind."].enumerated() {
      session.systemPrompt = prompt
      var shown = ""
      var last: Reply?
      for try await piece in session.stream(to: "Question \(turn)?").pieces {
        shown += piece.text
        last = piece.reply
      }
      let reply = try #require(last)
      messages.append(.user("Question \(turn)?"))
      let whole = try await ReplyEngine(model: model).respond(
        to: [prompt].compactMap { $0 }.map(Message.system) + messages, maximumTokens: 12)
      #expect(reply.text == whole.text && shown == reply.text, "turn \(turn)")
      messages.append(.assistant(reply.text))
      #expect(session.turns == messages)
      reused.append(reply.reusedTokens)
    }
    // The second turn goes on where the first ended, and the last finds what was said under its prompt before.
    #expect(reused[1] > 20 && reused[4] >= reused[1])
    session.forget()
    #expect(session.turns.isEmpty && session.systemPrompt == "Be kind.")
  }

  @Test func aStoppedReplyStaysAsFarAsItWasShown() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    let session = ChatSession(with: model, maximumTokens: 40)
    var shown = ""
    var pieces: [ReplyStream.Piece] = []
    for try await piece in session.stream(to: "Why?").pieces {
      shown += piece.text
      pieces.append(piece)
      if shown.count >= 5 { break }
    }
    #expect(pieces.allSatisfy { $0.reply == nil } && pieces.count < 40)
    #expect(session.turns == [.user("Why?"), .assistant(shown)])
    let next = try await session.respond(to: "And?")
    #expect(next.reusedTokens >= pieces[0].promptTokens)
  }

  @Test func failuresLeaveTheConversationAsItWas() async throws {
    let model = try await tinyLanguageModel()
    let session = ChatSession(with: model, maximumTokens: 4)
    try await session.respond(to: "One")
    let before = session.turns
    await #expect(throws: ConversationError.self) {
      try await session.respond(to: String(repeating: "long ", count: 400))
    }
    let cancelled = Task {
      for try await _ in session.stream(to: "Two").pieces { withUnsafeCurrentTask { $0?.cancel() } }
    }
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(session.turns == before)
    try await session.respond(to: "Two")
    #expect(session.turns.count == 4)
  }

  /// Asking again while a reply is being read keeps what was read of it, and the older reader is told.
  @Test func askingAgainEndsTheReplyBefore() async throws {
    let session = ChatSession(with: try await tinyLanguageModel().withRandomAdapter(), maximumTokens: 100)
    var older = session.stream(to: "One").pieces.makeAsyncIterator()
    var read = try #require(try await older.next()).text
    read += try #require(try await older.next()).text
    let reply = try await session.respond(to: "Two")
    #expect(session.turns == [.user("One"), .assistant(read), .user("Two"), .assistant(reply.text)])
    await #expect(throws: CancellationError.self) { while try await older.next() != nil {} }
    #expect(session.turns.count == 4)
  }
}
