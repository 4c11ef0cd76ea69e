/// A model's answer as it is written: an asynchronous sequence of pieces of text.
///
/// Joined, the pieces are the answer, without control tokens. One `next()` decodes until there is text to show; leaving
/// the loop stops the decoding.
public struct Reply: AsyncSequence, Sendable {
  /// A piece of text.
  public typealias Element = String

  let model: LanguageModel
  let messages: [Message]
  let sampling: Sampling
  let maximumTokens: Int

  /// Starts the reply from its beginning.
  public func makeAsyncIterator() -> Iterator { Iterator(reply: self) }

  /// Decodes the reply token by token.
  public struct Iterator: AsyncIteratorProtocol {
    private let reply: Reply
    private var decoding: BatchDecoding?
    private var text: TokenTextStream
    private var isFinished = false

    init(reply: Reply) {
      self.reply = reply
      text = TokenTextStream(reply.model.tokenizer)
    }

    /// The next piece of text; `nil` at the end.
    /// - Throws: ``ConversationError`` where the conversation does not fit the model's context; `CancellationError`.
    public mutating func next() async throws -> String? {
      while !isFinished {
        try Task.checkCancellation()
        let decoding = try self.decoding ?? start()
        self.decoding = decoding
        let events = try await onComputeThread { decoding.step() }
        var piece = ""
        for event in events {
          if case .token(_, let token) = event { piece += text.append(token) }
        }
        if decoding.isFinished {
          isFinished = true
          piece += text.finish()
        }
        if !piece.isEmpty { return piece }
      }
      return nil
    }

    private func start() throws -> BatchDecoding {
      let prompt = try reply.model.encoder().prompt(reply.messages)
      let decoding = BatchDecoding(reply.model, slots: 1, retainedTokens: 0)
      decoding.add(
        DecodingRequest(
          prompt: prompt, goal: .reply(maximumTokens: reply.maximumTokens), sampler: Sampler(reply.sampling)))
      return decoding
    }
  }
}

extension LanguageModel {
  /// The model's reply to a question, under a configuration's system prompt.
  ///
  /// - Parameters:
  ///   - question: The user's message.
  ///   - configuration: Whose system prompt comes first; where `nil`, none is given and the model's template decides.
  ///   - sampling: How tokens are chosen.
  ///   - maximumTokens: Where the reply is cut.
  public func reply(
    to question: String, under configuration: SafetyConfiguration?, sampling: Sampling = .greedy,
    maximumTokens: Int = 256
  ) -> Reply {
    let system = configuration.map { [Message.system($0.systemPrompt)] } ?? []
    return reply(to: system + [.user(question)], sampling: sampling, maximumTokens: maximumTokens)
  }

  /// The model's reply to a conversation. Nothing happens until its first piece is asked for.
  ///
  /// - Parameters:
  ///   - messages: The conversation, oldest first; the last message is usually the user's.
  ///   - sampling: How tokens are chosen.
  ///   - maximumTokens: Where the reply is cut.
  public func reply(to messages: [Message], sampling: Sampling = .greedy, maximumTokens: Int = 256) -> Reply {
    Reply(model: self, messages: messages, sampling: sampling, maximumTokens: maximumTokens)
  }

  /// Whole replies to many conversations, decoded together.
  ///
  /// - Parameters:
  ///   - conversations: What to reply to.
  ///   - sampling: How tokens are chosen; every conversation has its own stream of draws.
  ///   - maximumTokens: Where a reply is cut.
  ///   - progress: Called as replies are completed, with the number done.
  /// - Returns: One text per conversation, in order. A greedy reply does not depend on the others it is decoded with.
  /// - Throws: ``ConversationError`` where a conversation does not fit the model's context; nothing is decoded then.
  public func replies(
    to conversations: [[Message]], sampling: Sampling = .greedy, maximumTokens: Int = 256,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> [String] {
    let encoder = encoder()
    return try await replies(
      to: try conversations.map { try encoder.prompt($0) }, sampling: sampling, maximumTokens: maximumTokens,
      progress: progress)
  }

  /// The same for conversations as tokens.
  func replies(
    to prompts: [[Int32]], sampling: Sampling, maximumTokens: Int, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> [String] {
    try await onComputeThread {
      let decoding = BatchDecoding(self)
      for (index, prompt) in prompts.enumerated() {
        decoding.add(
          DecodingRequest(
            prompt: prompt, goal: .reply(maximumTokens: maximumTokens),
            sampler: Sampler(sampling, stream: UInt64(index))))
      }
      var texts = [String](repeating: "", count: prompts.count)
      var done = 0
      while !decoding.isFinished {
        for case .ended(let sequence, let result) in decoding.step() {
          texts[sequence] = tokenizer.decode(result.tokens, controlTokens: .skipped)
          done += 1
        }
        progress(done)
      }
      return texts
    }
  }
}
