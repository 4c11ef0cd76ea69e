import CSTCore

/// Why a teacher gave no reply.
public struct TeacherError: PlacedError, Hashable {
  /// The kind of failure; failures are counted by it.
  public struct Reason: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The kind in two or three words.
    public let description: String

    /// Too many requests: status 429.
    public static let rateLimited = Reason(description: "rate limited")
    /// The server failed: status 5xx.
    public static let serverError = Reason(description: "server error")
    /// The server could not be reached.
    public static let unreachable = Reason(description: "unreachable")
    /// No byte for too long, or the whole reply took too long.
    public static let timedOut = Reason(description: "timed out")
    /// The reply ended before it was whole.
    public static let cutOff = Reason(description: "cut off")
    /// The reply is not the JSON that was asked for.
    public static let malformedReply = Reason(description: "malformed reply")
    /// The reply's content type is neither JSON nor an event stream.
    public static let wrongContentType = Reason(description: "wrong content type")
    /// The reply holds no choices.
    public static let emptyChoices = Reason(description: "empty choices")
    /// The reply is larger than any reply may be.
    public static let tooLarge = Reason(description: "reply too large")
    /// The server wants the request sent elsewhere; it is not, because it may carry a key.
    public static let redirected = Reason(description: "redirected")
    /// The key is missing or wrong: status 401 or 403.
    public static let unauthorized = Reason(description: "unauthorized")
    /// The server does not know the address or the model: status 404.
    public static let notFound = Reason(description: "not found")
    /// The server refuses this request: any other status 4xx.
    public static let refusedRequest = Reason(description: "refused request")
    /// The reply is a thought and no answer: the tokens did not suffice for one.
    public static let noAnswer = Reason(description: "no answer")
    /// The conversation does not fit the teacher's context.
    public static let promptTooLong = Reason(description: "prompt too long")
    /// The teacher has nothing to say to a call of this stage or configuration.
    public static let unsupportedCall = Reason(description: "unsupported call")

    /// Alphabetical, so that counts are listed in a fixed order.
    public static func < (first: Reason, second: Reason) -> Bool { first.description < second.description }
  }

  package enum Consequence: Sendable, Hashable {
    /// The same call may succeed later.
    case retry
    /// The same call will fail again; others may succeed.
    case giveUpCall
    case stop
  }

  /// The kind of failure.
  public var reason: Reason
  /// What was expected, what was found and what to do, without any secret.
  public var detail: String
  /// How long the server asks to wait before the next attempt.
  public var retryAfter: Duration?

  /// Creates an error.
  public init(_ reason: Reason, detail: String, retryAfter: Duration? = nil) {
    self.reason = reason
    self.detail = detail
    self.retryAfter = retryAfter
  }

  /// Empty: a teacher is asked in many places at once, and the detail names what it was asked.
  public var place: String { "" }

  package var consequence: Consequence {
    switch reason {
    case .rateLimited, .serverError, .unreachable, .timedOut, .cutOff, .malformedReply, .wrongContentType,
      .emptyChoices, .tooLarge:
      .retry
    case .redirected, .unauthorized, .notFound: .stop
    default: .giveUpCall
    }
  }
}
