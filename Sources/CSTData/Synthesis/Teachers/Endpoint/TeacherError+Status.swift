import Foundation

extension TeacherError {
  /// What a failed request means.
  /// - Parameters:
  ///   - status: The response's status, 400 or above.
  ///   - body: The beginning of the response.
  ///   - retryAfter: How long the server asks to wait.
  ///   - key: Blanked out of what is quoted.
  static func status(_ status: Int, body: [UInt8], retryAfter: Duration?, key: APIKey?) -> TeacherError {
    let message = ServerMessage.found(in: body)
    return failure(
      status: status, text: message?.text ?? String(decoding: body, as: UTF8.self), words: message?.words ?? [],
      retryAfter: retryAfter, key: key)
  }

  /// What an error means that a server sent in the place of a reply, after status 200.
  static func inReply(_ message: ServerMessage, key: APIKey?) -> TeacherError {
    failure(
      status: message.status.flatMap { (400...599).contains($0) ? $0 : nil } ?? 500,
      text: message.text ?? message.words.joined(separator: " "), words: message.words, retryAfter: nil, key: key)
  }

  private static func failure(
    status: Int, text: String, words: [String], retryAfter: Duration?, key: APIKey?
  ) -> TeacherError {
    let isAboutContext = saysPromptIsTooLong(text: text, words: words)
    let reason: Reason =
      switch status {
      case 401, 403: .unauthorized
      case 404: .notFound
      case 408: .timedOut
      case 429: .rateLimited
      case _ where isAboutContext: .promptTooLong
      case 500...: .serverError
      default: .refusedRequest
      }
    let advice =
      switch reason {
      case .unauthorized where key == nil: "; this endpoint wants a key"
      case .unauthorized: "; check the key"
      case .notFound: "; check the base URL and the model's name"
      case .refusedRequest where text.contains("max_completion_tokens") && text.contains("max_tokens"):
        "; the limit of tokens has another name here: --max-tokens-name max_completion_tokens"
      case .refusedRequest where text.contains("max_completion_tokens"):
        "; the limit of tokens has another name here: --max-tokens-name max_tokens"
      default: ""
      }
    let quotation = text.isEmpty ? "" : ": \(ServerMessage.quote(text, hiding: key))"
    return TeacherError(reason, detail: "status \(status)\(quotation)\(advice)", retryAfter: retryAfter)
  }

  /// Servers agree neither on a code nor on a sentence: these are OpenAI's, llama.cpp's and its Python server's.
  private static func saysPromptIsTooLong(text: String, words: [String]) -> Bool {
    if words.contains("context_length_exceeded") || words.contains("exceed_context_size_error") { return true }
    let text = text.lowercased()
    return [
      "context_length_exceeded", "maximum context length", "context length exceeded", "exceeds the context length",
      "exceed context window", "exceeds the available context size",
    ].contains { text.contains($0) }
  }
}
