import CSTCore

/// Whoever writes the texts of synthetic data: a local model, an endpoint, or templates.
///
/// A teacher makes one attempt at each call and keeps nothing between calls that would change a reply. Whoever calls it
/// decides about retries, and may have as many calls in flight as ``concurrency`` says.
public protocol Teacher: Sendable {
  /// What tells this teacher's replies from another's: part of the address of every reply in a journal. Holds no secret.
  var identity: String { get }
  /// How many calls in flight it can use.
  var concurrency: Int { get }
  /// The reply to one call.
  /// - Throws: ``TeacherError``, or `CancellationError`.
  func reply(to call: TeacherCall) async throws -> TeacherReply
}

/// What a teacher is asked.
public struct TeacherCall: Sendable, Hashable {
  /// The stage of the pipeline that asks.
  public var stage: SynthesisStage
  /// The name of the configuration that the stage works for, where it works for one.
  public var configuration: String?
  /// The conversation, oldest first; the last message is the user's.
  public var messages: [Message]
  /// How the reply is drawn. The seed is the call's own.
  public var sampling: Sampling
  /// Where the reply is cut, in the teacher's tokens.
  public var maximumTokens: Int
  /// Where not empty, the reply must begin with one of these; they begin with different tokens, such as `A` and `B`.
  public var choices: [String] = []
  /// The user's question that the call is about in the end.
  public var question = ""
}

/// What a teacher said.
public struct TeacherReply: Sendable, Hashable, Codable {
  /// The reply, without control tokens.
  public var text: String
  /// Whether the teacher ended it; otherwise it was cut at the call's limit.
  public var isComplete: Bool
  /// Tokens of the conversation, where the teacher counts them.
  public var promptTokens: Int?
  /// Tokens of the reply, where the teacher counts them.
  public var completionTokens: Int?
  /// The probability of each of the call's choices, in their order and summing to 1, where the teacher can tell.
  public var choiceProbabilities: [Double]?
  /// Why the teacher says that it ended, where that is none of the usual reasons.
  public var finishReason: String?
  /// Thoughts before the answer that are no part of ``text``; `nil` where there was none.
  public var strippedThoughts: Int?
  /// Whether a thought began and did not end, so that there is no answer.
  public var hasOpenThought: Bool?

  /// A reply from its parts.
  public init(
    text: String, isComplete: Bool, promptTokens: Int? = nil, completionTokens: Int? = nil,
    choiceProbabilities: [Double]? = nil
  ) {
    self.text = text
    self.isComplete = isComplete
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.choiceProbabilities = choiceProbabilities
  }
}

extension TeacherReply {
  /// Takes thoughts out of the text and counts them.
  /// - Parameters:
  ///   - hasOther: Whether there was a thought beside the text.
  ///   - limit: Where the reply was to be cut.
  /// - Throws: ``TeacherError`` of kind `noAnswer` where all of the reply was thought.
  mutating func removeThoughts(beside hasOther: Bool = false, limit: Int) throws(TeacherError) {
    let marks = ThoughtMarks(text)
    let count = marks.count + (hasOther ? 1 : 0)
    guard count > 0 else { return }
    (text, strippedThoughts) = (marks.text, count)
    if marks.isOpen {
      hasOpenThought = true
    } else if text.isBlank {
      throw TeacherError(
        .noAnswer,
        detail: isComplete
          ? "the reply is a thought without an answer"
          : "all \(limit) tokens went into the thought before the answer; allow more tokens, or ask a model that thinks less"
      )
    }
  }
}

/// Makes calls: from the journal where they were answered before, else to the teacher, with retries.
struct TeacherCalls: Sendable {
  let journal: SynthesisJournal?
  let retries: RetryPolicy
  let observer: @Sendable (SynthesisEvent) -> Void

  func reply(of teacher: any Teacher, to call: TeacherCall) async throws -> TeacherReply {
    let address = try call.address(for: teacher.identity)
    if let known = journal?[address] {
      observer(.reused(stage: call.stage))
      return known
    }
    let reply = try await retries.run(onFailure: { observer(.failed($0.reason)) }) { try await teacher.reply(to: call) }
    let kept = try await journal?.record(reply, to: call, at: address) ?? reply
    observer(
      .replied(stage: call.stage, promptTokens: reply.promptTokens ?? 0, completionTokens: reply.completionTokens ?? 0))
    if let count = reply.strippedThoughts { observer(.strippedThoughts(count)) }
    if let reason = reply.finishReason { observer(.unknownFinishReason(reason)) }
    return kept
  }
}
