/// Why a chat template, or a conversation given to it, was refused.
///
/// The `description` is one line that names the line of the template, what is wrong and, where there is a way, what to
/// do.
public struct ChatTemplateError: PlacedError, Hashable {
  /// The kind of failure; compare it to react to one kind.
  public struct Reason: Sendable, Hashable, CustomStringConvertible {
    /// A short English phrase, stable within a major version.
    public let description: String

    /// The model comes without a template.
    public static let missingTemplate = Reason(description: "no chat template")
    /// The template's source is not Jinja.
    public static let syntax = Reason(description: "malformed template")
    /// The template uses a part of Jinja that is not implemented here.
    public static let unsupported = Reason(description: "unsupported template")
    /// The template itself refuses the conversation, with `raise_exception`. The detail is the template's message.
    public static let refusedByTemplate = Reason(description: "the template refuses the conversation")
    /// An operation on values that do not allow it; in Python it would raise an exception.
    public static let invalidOperation = Reason(description: "invalid operation")
    /// The template takes more time, memory or depth than it may.
    public static let limitExceeded = Reason(description: "limit exceeded")
    /// The template ends an answer with no token by which the model could stop.
    public static let noEndOfTurn = Reason(description: "no end-of-turn token")
    /// The model has no system role, and folding the system text into the user's turn is not wanted or not possible.
    public static let noSystemRole = Reason(description: "no system role")
  }

  /// The kind of failure.
  public let reason: Reason
  /// The line of the template, counted from 1; `nil` where the whole template is meant.
  public let line: Int?
  /// What is wrong and what to do. For ``Reason/refusedByTemplate`` exactly the template's message.
  public let detail: String

  package init(_ reason: Reason, line: Int? = nil, _ detail: String) {
    self.reason = reason
    self.line = line
    self.detail = detail
  }

  /// What `body` makes. Whatever reads or runs a template throws this error and no other.
  static func only<Result>(_ body: () throws -> Result) throws(ChatTemplateError) -> Result {
    do { return try body() } catch {
      throw error as? ChatTemplateError ?? ChatTemplateError(.invalidOperation, "\(error)")
    }
  }

  /// The template, and its line where one is to blame.
  public var place: String { "chat template" + (line.map { ", line \($0)" } ?? "") }
}
