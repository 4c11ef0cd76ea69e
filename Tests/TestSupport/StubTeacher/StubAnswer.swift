import Foundation

/// What a stub server does with a request.
public enum StubAnswer: Sendable {
  /// Replies with a sentence that the conversation determines (`StubReply.echo`), cut at the request's limit.
  case reply
  /// Replies with this text.
  case text(String, finishReason: String? = "stop")
  /// Fails.
  case fault(StubFault)
}

/// A way in which a server fails.
public enum StubFault: Sendable {
  /// Status 429, with this header where it is not nil.
  case rateLimited(retryAfter: String? = nil)
  /// A status with an error in OpenAI's form.
  case status(Int, message: String = "as the test asks", code: String? = nil, headers: [String: String] = [:])
  /// Exactly this response, with `Content-Length`.
  case raw(status: Int, contentType: String?, body: String)
  /// Closes the connection without a byte.
  case close
  /// Says nothing and keeps the connection.
  case silence
  /// Sends the headers, then nothing.
  case stallAfterHeaders
  /// Sends half of the reply, then nothing.
  case stallMidway
  /// Closes the connection after half of the reply: within chunked coding, or before `Content-Length` is reached.
  case cutMidway
  /// Ends the stream properly after half of the reply, without a finish_reason and without `[DONE]`.
  case endMidway
  /// The reply's JSON with a piece missing.
  case malformedJSON
  /// A page of HTML with status 200.
  case wrongContentType
  /// A reply without choices.
  case emptyChoices
  /// A reply that never ends.
  case endlessBody
  /// Status 307 to this place.
  case redirect(to: URL)
  /// The right reply, a few bytes at a time with this pause between. No fault: it must work.
  case trickle(pause: Duration)
  /// The whole reply as JSON, also where a stream is asked for. No fault: it must work.
  case wholeReply
  /// The error arrives inside of a stream, after status 200.
  case errorInStream(code: Int, message: String)
}
