/// A reply of the base model to an everyday prompt, which training is to leave as it is.
public struct RetainedReply: Hashable, Sendable {
  /// The conversation up to the reply, without a system message.
  public var prompt: [Message]
  /// The configuration under whose system prompt the base model gave it.
  public var configuration: String
  /// The reply.
  public var text: String
  /// Whether the reply is whole; otherwise it was cut at a limit, and no end of turn is learnt.
  public var isWhole: Bool

  /// Creates a retained reply.
  public init(prompt: [Message], configuration: String, text: String, isWhole: Bool) {
    self.prompt = prompt
    self.configuration = configuration
    self.text = text
    self.isWhole = isWhole
  }
}

/// What keeps a run from changing the model where its pairs do not ask for it: replies of the base model, learnt by
/// likelihood beside the pairs.
///
/// A step's loss is the mean loss of its pairs plus λ times the mean, over the step's retained replies, of the negative
/// log-likelihood per token. With replies sampled from the base model that second mean is an estimate of the divergence
/// KL(base ‖ policy) on the base model's own distribution, but for a constant.
public struct Retention: Hashable, Sendable {
  /// What to retain.
  public var replies: [RetainedReply]
  /// Retained replies in a step for every pair in it.
  public var ratio: Double
  /// λ, the weight of their mean loss.
  public var weight: Double

  /// Traps where there are no replies, or `ratio` or `weight` is not positive and finite.
  public init(_ replies: [RetainedReply], ratio: Double = 1, weight: Double = 1) {
    require(!replies.isEmpty, "there is nothing to retain")
    require(ratio > 0 && ratio.isFinite, "the ratio of retained replies to pairs is positive, not \(ratio)")
    require(weight > 0 && weight.isFinite, "the weight of retained replies is positive, not \(weight)")
    self.replies = replies
    self.ratio = ratio
    self.weight = weight
  }

  /// How many retained replies stand beside the pairs from one position of the run to another.
  func count(besidePairs pairs: Range<Int>) -> Range<Int> {
    Int((Double(pairs.lowerBound) * ratio).rounded(.down))..<Int((Double(pairs.upperBound) * ratio).rounded(.down))
  }
}

/// A retained reply as tokens.
struct EncodedReply: Sendable, Hashable {
  /// The row among the retained replies.
  let source: Int
  let prompt: [Int32]
  let completion: [Int32]

  var group: CompletionGroup { CompletionGroup(prompt: prompt, completions: [completion]) }

  /// - Throws: ``ConversationError`` naming the row among the retained replies.
  init(_ reply: RetainedReply, source: Int, asked messages: [Message], with encoder: ConversationEncoder)
    throws(ConversationError)
  {
    self.source = source
    do throws(ConversationError) {
      prompt = try encoder.prompt(messages)
      let completion = try encoder.completion(reply.text, to: messages, prompt: prompt)
      // A reply that was cut has no end; of its tokens the last one may have been cut as well.
      self.completion =
        reply.isWhole || completion.isTruncated
        ? completion.tokens : encoder.withoutEndOfTurn(completion.tokens)
    } catch {
      var error = error
      error.row = source
      throw error
    }
  }
}
