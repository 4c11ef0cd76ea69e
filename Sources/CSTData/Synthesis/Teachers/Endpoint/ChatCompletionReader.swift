import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Makes a reply, or the error it means, of one response to a request for a chat completion, as the response arrives.
struct ChatCompletionReader: Sendable {
  private enum Form {
    case whole, stream
    case failure(status: Int, retryAfter: Duration?)
  }

  /// No message of a server is longer; the rest of the response to a failed request is not waited for.
  private static let longestFailure = 16 * 1024

  private let maximumTokens: Int
  private let key: APIKey?
  private var form: Form?
  private var bytes: [UInt8] = []
  private var events = ServerSentEventParser()
  private var text = ""
  private var finishReason: String?
  private var usage: ChatCompletion.Usage?
  private var hasChoice = false
  private var hasDelta = false
  private var hasThought = false
  private var isDone = false

  /// - Parameters:
  ///   - maximumTokens: Where the call asks the reply to be cut.
  ///   - key: Blanked out of everything that is quoted from the server.
  init(maximumTokens: Int, key: APIKey?) {
    self.maximumTokens = maximumTokens
    self.key = key
  }

  mutating func begin(_ response: HTTPURLResponse) throws(TeacherError) {
    let status = response.statusCode
    if (300..<400).contains(status) {
      throw redirection(status: status, to: response.value(forHTTPHeaderField: "Location").flatMap(URL.init(string:)))
    }
    guard (200..<300).contains(status) else {
      let header = response.value(forHTTPHeaderField: "Retry-After")
      form = .failure(status: status, retryAfter: header.flatMap { RetryAfter.duration(of: $0, now: Date()) })
      return
    }
    let type = response.value(forHTTPHeaderField: "Content-Type") ?? ""
    switch type.prefix(while: { $0 != ";" }).trimmingCharacters(in: .whitespaces).lowercased() {
    case "application/json": form = .whole
    case "text/event-stream": form = .stream
    default:
      throw TeacherError(
        .wrongContentType,
        detail:
          "expected application/json or text/event-stream, found \(ServerMessage.quote(type, hiding: key)); check "
          + "that the base URL is that of an OpenAI-compatible interface")
    }
  }

  /// Takes the next bytes.
  /// - Returns: The reply, once nothing of it can follow.
  mutating func append(_ data: Data) throws(TeacherError) -> TeacherReply? {
    switch form {
    case nil: throw TeacherError(.malformedReply, detail: "a body arrived before the status")
    case .whole: bytes += data
    case .failure:
      bytes += data.prefix(Self.longestFailure - bytes.count)
      if bytes.count == Self.longestFailure { throw failure(otherwise: Self.cutOff("")) }
    case .stream:
      for event in events.append(data) where !isDone { try take(event) }
      if isDone { return try streamedReply() }
    }
    return nil
  }

  /// Takes the end of the response, as the server meant it to end.
  mutating func end() throws(TeacherError) -> TeacherReply {
    switch form {
    case .whole: return try wholeReply()
    case nil, .failure: throw failure(otherwise: Self.cutOff("the response has no status"))
    case .stream:
      // Some servers leave out the empty line after the last event. Any other half event is not whole: left out.
      if let last = events.end(), last.elementsEqual("[DONE]".utf8) { isDone = true }
      return try endOfStream()
    }
  }

  /// What it means that no more of the response will be read because of an error.
  /// - Returns: The reply, if all of its text is here.
  func interrupted(by error: TeacherError) throws(TeacherError) -> TeacherReply {
    if case .stream = form, finishReason != nil { return try streamedReply() }
    throw failure(otherwise: error)
  }

  /// What a redirection means: it is not followed.
  func redirection(status: Int, to target: URL?) -> TeacherError {
    let place = target?.host().map { ServerMessage.quote($0, hiding: key) } ?? "a place it does not name"
    return TeacherError(
      .redirected,
      detail: "status \(status) sends the request to \(place); it is not sent there, because it may carry a key: "
        + "give the right base URL")
  }

  // MARK: Replies

  private mutating func take(_ event: [UInt8]) throws(TeacherError) {
    let event = event.count < 32 ? event.filter { $0 > 0x20 } : event
    if event.elementsEqual("[DONE]".utf8) {
      isDone = true
      return
    }
    // Events without data keep the connection alive.
    if event.isEmpty || event.elementsEqual("null".utf8) || event.elementsEqual("{}".utf8) { return }
    let piece = try ChatCompletion(json: event, key: key)
    if let error = piece.error { throw .inReply(error, key: key) }
    if let choice = piece.choice {
      hasChoice = true
      if let delta = choice.delta {
        hasDelta = true
        try add(delta)
      } else if let message = choice.message, !hasDelta {
        // Without pieces, each event has the reply so far.
        if message.text != nil { text = "" }
        try add(message)
      }
      finishReason = choice.finishReason ?? finishReason
    }
    usage = piece.usage ?? usage
  }

  private mutating func add(_ part: ChatCompletion.Part) throws(TeacherError) {
    if let strange = part.strangeContent { throw Self.strange(strange) }
    text += part.text ?? ""
    if part.hasThought { hasThought = true }
  }

  private static func strange(_ content: String) -> TeacherError {
    TeacherError(.malformedReply, detail: "expected a text in choices[0].message.content, found \(content)")
  }

  private func endOfStream() throws(TeacherError) -> TeacherReply {
    guard isDone || finishReason != nil else {
      throw Self.cutOff(
        hasChoice
          ? "the stream ended without a finish_reason and without [DONE]"
          : "the stream ended before any event; some servers say why only without streaming")
    }
    return try streamedReply()
  }

  private func streamedReply() throws(TeacherError) -> TeacherReply {
    guard hasChoice else {
      throw TeacherError(.emptyChoices, detail: "expected one choice, found none in the whole stream")
    }
    return try reply(text)
  }

  private mutating func wholeReply() throws(TeacherError) -> TeacherReply {
    if bytes.starts(with: "data:".utf8) || bytes.starts(with: ": ".utf8) {
      // A stream that is called JSON.
      for event in events.append(bytes) where !isDone { try take(event) }
      if !isDone, let last = events.end() { try take(last) }
      return try endOfStream()
    }
    let completion = try ChatCompletion(json: bytes, key: key)
    if let error = completion.error { throw .inReply(error, key: key) }
    guard completion.hasChoices else {
      throw TeacherError(.malformedReply, detail: "expected a chat completion, found JSON without choices")
    }
    guard let choice = completion.choice else {
      throw TeacherError(.emptyChoices, detail: "expected one choice, found none")
    }
    (finishReason, usage) = (choice.finishReason, completion.usage)
    let message = choice.message ?? choice.delta ?? ChatCompletion.Part()
    if let strange = message.strangeContent { throw Self.strange(strange) }
    hasThought = message.hasThought
    guard message.text != nil || hasThought else {
      // The reason says more than the lack of a text.
      if finishReason != nil {
        _ = try ChatCompletion.ending(finishReason: finishReason, usage: usage, maximumTokens: maximumTokens, key: key)
      }
      throw Self.strange("none")
    }
    return try reply(message.text ?? "")
  }

  private func reply(_ text: String) throws(TeacherError) -> TeacherReply {
    let ending = try ChatCompletion.ending(
      finishReason: finishReason, usage: usage, maximumTokens: maximumTokens, key: key)
    var reply = TeacherReply(
      text: text, isComplete: ending != .cut, promptTokens: Self.plausible(usage?.promptTokens),
      completionTokens: Self.plausible(usage?.completionTokens))
    if case .whole(let unknownReason) = ending { reply.finishReason = unknownReason }
    try reply.removeThoughts(beside: hasThought, limit: maximumTokens)
    return reply
  }

  /// A count that can be added to others; a server may say anything.
  private static func plausible(_ count: Int?) -> Int? { count.flatMap { (0...1 << 32).contains($0) ? $0 : nil } }

  private func failure(otherwise error: TeacherError) -> TeacherError {
    guard case .failure(let status, let retryAfter) = form else { return error }
    return .status(status, body: bytes, retryAfter: retryAfter, key: key)
  }

  private static func cutOff(_ detail: String) -> TeacherError { TeacherError(.cutOff, detail: detail) }
}
