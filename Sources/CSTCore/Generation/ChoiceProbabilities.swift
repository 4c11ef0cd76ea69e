import Foundation

/// How likely a reply is to begin with each of some choices, and what it took.
public struct ChoiceProbabilities: Sendable, Hashable {
  /// The probability of each choice's first token among those of all choices: in their order, summing to 1.
  public let probabilities: [Double]
  /// Tokens of the conversation up to the reply.
  public let promptTokens: Int
  /// Tokens of the conversation whose keys and values were there already and were not computed again.
  public let reusedTokens: Int
}

extension ReplyEngine {
  /// How likely the model's reply is to begin with each of some choices.
  ///
  /// - Parameters:
  ///   - choices: At least one, no two beginning with the same token: `A` and `B`.
  ///   - messages: The conversation, oldest first.
  /// - Returns: The softmax over the logits of the choices' first tokens.
  /// - Throws: ``ChoiceError``; ``ConversationError`` where the conversation does not fit the model's context, or cannot
  ///   be told from a choice in token space; `CancellationError`.
  public func choiceProbabilities(of choices: [String], after messages: [Message]) async throws -> ChoiceProbabilities {
    guard !choices.isEmpty else { throw ChoiceError(reason: .noChoices) }
    let encoder = model.encoder()
    let prompt = try encoder.prompt(messages)
    var firstTokens: [Int32] = []
    for choice in choices {
      let token = try encoder.completion(choice, to: messages, prompt: prompt).tokens[0]
      if let other = firstTokens.firstIndex(of: token) {
        throw ChoiceError(reason: .sameFirstToken(choices[other], choice))
      }
      firstTokens.append(token)
    }
    let flight = inFlight(
      DecodingRequest(prompt: prompt, goal: .logits(of: firstTokens), sampler: Sampler(.greedy)), isStreamed: false)
    submit([flight.call])
    for try await case .ended(_, let result) in flight.events {
      let largest = Double(result.logits.max() ?? 0)
      let weights = result.logits.map { exp(Double($0) - largest) }
      let sum = weights.reduce(0, +)
      return ChoiceProbabilities(
        probabilities: weights.map { $0 / sum }, promptTokens: result.promptTokens, reusedTokens: result.reusedTokens)
    }
    throw CancellationError()
  }
}

/// Choices that cannot be told apart by their first token.
public struct ChoiceError: PlacedError, Hashable {
  /// What is wrong.
  @nonexhaustive
  public enum Reason: Sendable, Hashable {
    /// There is no choice.
    case noChoices
    /// Two choices begin with the same token.
    case sameFirstToken(String, String)
  }

  /// What is wrong.
  public let reason: Reason

  /// Always the choices.
  public var place: String { "choice" }

  /// What was expected, what was found and what to do.
  public var detail: String {
    switch reason {
    case .noChoices: "expected at least one choice, found none"
    case .sameFirstToken(let first, let second):
      "expected choices that begin with different tokens, found \"\(first)\" and \"\(second)\", which begin with the "
        + "same one; use letters such as A and B"
    }
  }

  /// One line: the detail, which names the choices.
  public var description: String { detail }
}
