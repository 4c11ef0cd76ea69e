/// A reply as it is written: an asynchronous sequence of pieces of text.
///
/// Joined, the pieces are the reply, without control tokens. Nothing happens until the first is asked for; leaving the loop
/// stops the decoding. Whoever needs the tokens too, or how the reply ended, reads ``pieces``.
public struct ReplyStream: AsyncSequence, Sendable {
  /// A piece of text, never empty.
  public typealias Element = String

  let begin: @Sendable () throws -> ReplyInFlight

  /// The same reply token by token.
  public var pieces: Pieces { Pieces(begin: begin) }

  /// Starts the reply from its beginning.
  public func makeAsyncIterator() -> Iterator { Iterator(pieces: pieces.makeAsyncIterator()) }

  /// Passes on the pieces that have text.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var pieces: Pieces.Iterator

    /// The next piece of text; `nil` at the end.
    /// - Throws: ``ConversationError`` where the conversation does not fit the model's context; `CancellationError`.
    public mutating func next() async throws -> String? {
      while let piece = try await pieces.next() {
        if !piece.text.isEmpty { return piece.text }
      }
      return nil
    }
  }
}

extension ReplyStream {
  /// What one token adds to a reply.
  public struct Piece: Sendable {
    /// The text that is complete with the token; empty while a character is unfinished.
    public let text: String
    /// The token's id; `nil` in the last piece, which has what was held back of an unfinished character.
    public let token: Int32?
    /// Tokens of the conversation up to the reply.
    public let promptTokens: Int
    /// The whole reply, in the last piece.
    public let reply: Reply?
  }

  /// A reply token by token, and at its end as a whole.
  public struct Pieces: AsyncSequence, Sendable {
    /// What one token adds.
    public typealias Element = Piece

    fileprivate let begin: @Sendable () throws -> ReplyInFlight

    /// Starts the reply from its beginning.
    public func makeAsyncIterator() -> Iterator { Iterator(phase: .notStarted(begin)) }

    /// Turns tokens into text.
    public struct Iterator: AsyncIteratorProtocol {
      fileprivate enum Phase {
        case notStarted(@Sendable () throws -> ReplyInFlight)
        case running(ReplyInFlight, AsyncThrowingStream<BatchDecoding.Event, any Error>.Iterator, TokenTextStream)
        case over
      }

      fileprivate var phase: Phase

      /// The next piece; `nil` behind the one with the whole reply.
      /// - Throws: ``ConversationError`` where the conversation does not fit the model's context; `CancellationError`.
      public mutating func next() async throws -> Piece? {
        let current = phase
        phase = .over
        switch current {
        case .over: return nil
        case .notStarted(let begin):
          try Task.checkCancellation()
          let flight = try begin()
          return try await next(of: flight, flight.events.makeAsyncIterator(), TokenTextStream(flight.tokenizer))
        case .running(let flight, let events, let text): return try await next(of: flight, events, text)
        }
      }

      private mutating func next(
        of flight: ReplyInFlight, _ events: AsyncThrowingStream<BatchDecoding.Event, any Error>.Iterator,
        _ text: TokenTextStream
      ) async throws -> Piece {
        var (events, text) = (events, text)
        do {
          let piece =
            switch try await events.next() {
            case .token(_, let token):
              Piece(text: text.append(token), token: token, promptTokens: flight.promptTokens, reply: nil)
            case .ended(_, let result):
              Piece(
                text: text.finish(), token: nil, promptTokens: flight.promptTokens,
                reply: Reply(result, flight.tokenizer))
            // Only a stream that was cancelled ends without an ending.
            case nil: throw CancellationError()
            }
          try Task.checkCancellation()
          try flight.observer(piece)
          if piece.reply == nil { phase = .running(flight, events, text) }
          return piece
        } catch {
          try? flight.observer(nil)
          throw error
        }
      }
    }
  }
}

struct ReplyInFlight: Sendable {
  let call: ReplyCall
  /// Dropping them ends the call.
  let events: AsyncThrowingStream<BatchDecoding.Event, any Error>
  let tokenizer: Tokenizer
  /// Told each piece before its reader is; `nil` where the reply fails. Throws where it should not be read any more:
  /// decoding runs ahead of its reader, so that all of it may be there already.
  var observer: @Sendable (ReplyStream.Piece?) throws -> Void = { _ in }

  var promptTokens: Int { call.request.prompt.count }

  func whole() async throws -> Reply {
    for try await case .ended(_, let result) in events { return Reply(result, tokenizer) }
    throw CancellationError()
  }
}

extension LanguageModel {
  /// The model's reply to a question, under a configuration's system prompt. Whoever asks more than once has a
  /// ``ChatSession``, or a ``ReplyEngine`` for many conversations.
  ///
  /// - Parameters:
  ///   - question: The user's message.
  ///   - configuration: Whose system prompt comes first; where `nil`, none is given and the model's template decides.
  ///   - sampling: How tokens are chosen.
  ///   - maximumTokens: Where the reply is cut, at least 1.
  public func reply(
    to question: String, under configuration: SafetyConfiguration?, sampling: Sampling = .greedy,
    maximumTokens: Int = 256
  ) -> ReplyStream {
    let system = configuration.map { [Message.system($0.systemPrompt)] } ?? []
    return ReplyEngine(model: self, slots: 1, cachedTokens: 0).stream(
      to: system + [.user(question)], sampling: sampling, maximumTokens: maximumTokens)
  }
}
