import CSTCore
import Foundation

/// A chat completion, a piece of one from a stream, or the error that stands in the place of either.
///
/// Servers that imitate OpenAI's interface differ in nearly everything but the names; what can be understood is, and what
/// could change the reply and cannot is an error.
struct ChatCompletion {
  /// What a message, or a piece of one, says.
  struct Part {
    /// The text; `nil` where there is none.
    var text: String?
    /// Whether there is a thought beside it, in parts or fields of its own.
    var hasThought = false
    /// What the content is where it is neither a text nor parts of text.
    var strangeContent: String?
  }

  struct Choice {
    /// The reply, where it comes as a whole.
    let message: Part?
    /// The next piece of the reply, in a stream.
    let delta: Part?
    let finishReason: String?
  }

  struct Usage {
    let promptTokens: Int?
    let completionTokens: Int?
  }

  /// The first choice. Others, which nobody asked for, are not the reply.
  let choice: Choice?
  let hasChoices: Bool
  let usage: Usage?
  let error: ServerMessage?

  /// - Throws: ``TeacherError`` of kind `malformedReply`, saying where; the server's text stays out of it.
  init(json bytes: [UInt8], key: APIKey?) throws(TeacherError) {
    let value: JSONValue
    do {
      value = try JSONDecoder().decodeChecked(from: Data(bytes))
    } catch let problem as JSONProblem where !problem.isTooDeep {
      throw TeacherError(
        .malformedReply,
        detail: "expected a chat completion in JSON, found \(bytes.count) bytes with "
          + ServerMessage.quote(problem.description, hiding: key))
    } catch {
      throw TeacherError(.malformedReply, detail: "expected a chat completion in JSON: \(error)")
    }
    guard value.object != nil else {
      throw TeacherError(.malformedReply, detail: "expected a chat completion in JSON, found \(value.kind)")
    }
    let choices = value["choices"]?.array
    hasChoices = choices != nil
    choice = (choices?.first { ($0["index"]?.integer ?? 0) == 0 }).map { choice in
      Choice(
        message: choice["message"].map { Part($0) } ?? choice["text"].map { Part(text: $0.string) },
        delta: choice["delta"].map { Part($0) },
        finishReason: choice["finish_reason"]?.string.flatMap { $0.isEmpty ? nil : $0 })
    }
    usage = value["usage"]?.object == nil ? nil : Usage(value["usage"] ?? .null)
    let isError = value["object"]?.string == "error" || value["type"]?.string == "error"
    error = (value["error"] ?? (isError ? value : .null)).saysNothing ? nil : ServerMessage(value["error"] ?? value)
  }

  /// What the end of a reply says about it.
  enum Ending: Equatable {
    /// The teacher ended its reply by itself. A reason that is not known to say otherwise is one of this kind, and named.
    case whole(unknownReason: String?)
    /// The reply was cut at the limit.
    case cut
  }

  private static let wholeReasons: Set<String> = [
    "stop", "eos_token", "stop_sequence", "end_turn", "eos", "end", "complete", "completed", "stop_token", "finish",
    "finished", "done", "end_of_turn", "end_of_text", "normal",
  ]
  private static let cutReasons: Set<String> = [
    "length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_length", "model_length", "token_limit",
    "context_length", "max_new_tokens", "model_context_window_exceeded", "incomplete", "limit",
  ]
  private static let filterReasons: Set<String> = [
    "content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii", "filtered", "refusal",
    "sensitive",
    "content_filtered", "guardrail_intervened", "moderation",
  ]
  private static let callReasons: Set<String> = ["tool_calls", "function_call", "tool_use", "tool_call"]
  private static let failureReasons: Set<String> = [
    "error", "abort", "aborted", "cancelled", "canceled", "insufficient_system_resource", "timeout", "network_error",
    "malformed_function_call", "engine_overloaded", "repetition_detected",
  ]

  /// Whether the teacher ended its reply by itself; otherwise it was cut at the limit.
  ///
  /// Where a server gives no reason, a reply is whole unless the count of its tokens reached the limit.
  /// - Throws: ``TeacherError`` for a reply that the server withheld or broke off, or that is not a text.
  static func ending(
    finishReason: String?, usage: Usage?, maximumTokens: Int, key: APIKey?
  ) throws(TeacherError) -> Ending {
    guard let reason = finishReason else {
      return (usage?.completionTokens ?? 0) < maximumTokens ? .whole(unknownReason: nil) : .cut
    }
    let plain = reason.lowercased()
    if wholeReasons.contains(plain) { return .whole(unknownReason: nil) }
    if cutReasons.contains(plain) { return .cut }
    if filterReasons.contains(plain) {
      throw TeacherError(.refusedRequest, detail: "the server's content filter withheld the reply")
    }
    if failureReasons.contains(plain) {
      throw TeacherError(
        .serverError, detail: "the server broke the reply off: \(ServerMessage.quote(reason, hiding: key))")
    }
    if callReasons.contains(plain) {
      throw TeacherError(
        .malformedReply,
        detail: "expected the finish_reason stop or length, found \(ServerMessage.quote(reason, hiding: key))")
    }
    let name = key?.hidden(in: reason) ?? reason
    return .whole(unknownReason: name.excerpt(40))
  }
}

extension ChatCompletion.Part {
  private static let thoughtFields = ["reasoning_content", "reasoning", "thinking", "reasoning_details", "thought"]
  private static let thoughtTypes: Set<String> = ["thinking", "reasoning", "thought", "redacted_thinking", "summary"]
  private static let textTypes: Set<String> = ["text", "output_text", "refusal"]

  init(_ value: JSONValue) {
    hasThought = Self.thoughtFields.contains { !(value[$0] ?? .null).saysNothing }
    switch value["content"] {
    case nil: break
    case .string(let content)?: text = content
    case .array(let parts)?: parts.forEach { add($0) }
    case .object?: add(value["content"] ?? .null)
    case let other?: strangeContent = other.kind
    }
    // A refusal that the server tells apart from content is what the model said all the same.
    if (text ?? "").isEmpty, let refusal = value["refusal"]?.string, !refusal.isEmpty { text = refusal }
  }

  private mutating func add(_ part: JSONValue) {
    if case .string(let own) = part {
      text = (text ?? "") + own
      return
    }
    let type = part["type"]?.string ?? "text"
    if Self.thoughtTypes.contains(type) {
      hasThought = true
    } else if Self.textTypes.contains(type) {
      // Some wrap the text once more: {"text": {"value": …}}.
      let own = part["text"]?.string ?? part["text"]?["value"]?.string ?? part["refusal"]?.string
      if let own { text = (text ?? "") + own }
    } else {
      strangeContent = "a part of type \(type.excerpt(24))"
    }
  }
}

extension ChatCompletion.Usage {
  init(_ value: JSONValue) {
    func count(_ keys: String...) -> Int? {
      for key in keys {
        let number = value[key]?.double ?? value[key]?.string.flatMap { Double($0) }
        if let number, let count = Int(exactly: number.rounded()) { return count }
      }
      return nil
    }
    promptTokens = count("prompt_tokens", "input_tokens", "prompt_eval_count")
    completionTokens = count("completion_tokens", "output_tokens", "eval_count")
  }
}
