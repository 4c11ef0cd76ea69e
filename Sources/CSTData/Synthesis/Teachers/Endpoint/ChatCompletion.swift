import CSTCore
import Foundation

/// A chat completion, a piece of one from a stream, or the error that stands in the place of either.
struct ChatCompletion: Decodable {
  struct Choice: Decodable {
    struct Text: Decodable { let content: String? }

    /// The reply, where it comes as a whole.
    let message: Text?
    /// The next piece of the reply, in a stream.
    let delta: Text?
    let finishReason: String?

    private enum CodingKeys: String, CodingKey {
      case message, delta
      case finishReason = "finish_reason"
    }
  }

  struct Usage: Decodable {
    let promptTokens: Int?
    let completionTokens: Int?

    private enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
    }
  }

  let choices: [Choice]?
  let usage: Usage?
  let error: ServerMessage?

  /// - Throws: ``TeacherError`` of kind `malformedReply`, saying where; the server's text stays out of it.
  init(json bytes: [UInt8], key: APIKey?) throws(TeacherError) {
    do {
      self = try JSONDecoder().decodeChecked(from: Data(bytes))
    } catch let problem as JSONProblem where !problem.isTooDeep {
      throw TeacherError(
        .malformedReply,
        detail: "expected a chat completion in JSON, found \(bytes.count) bytes with "
          + ServerMessage.quote(problem.description, hiding: key))
    } catch {
      throw TeacherError(.malformedReply, detail: "expected a chat completion in JSON: \(error)")
    }
  }

  /// Whether the teacher ended its reply by itself; otherwise it was cut at the limit.
  ///
  /// Where a server gives no reason, a reply is whole unless the count of its tokens reached the limit.
  /// - Throws: ``TeacherError`` for a reply that the server withheld, or that is not a text.
  static func isComplete(
    finishReason: String?, usage: Usage?, maximumTokens: Int, key: APIKey?
  ) throws(TeacherError) -> Bool {
    switch finishReason {
    case "stop", "eos_token", "stop_sequence", "end_turn": return true
    case "length", "max_tokens": return false
    case nil: return (usage?.completionTokens ?? 0) < maximumTokens
    case "content_filter":
      throw TeacherError(.refusedRequest, detail: "the server's content filter withheld the reply")
    case let reason?:
      throw TeacherError(
        .malformedReply,
        detail: "expected the finish_reason stop or length, found \(ServerMessage.quote(reason, hiding: key))")
    }
  }
}
