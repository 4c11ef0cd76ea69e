/// One row of a preference dataset, as read: a prompt, and which answer to it is preferred when.
///
/// A row does not become something to train on until it is paired with system prompts: see
/// `configured(by:)`, `vanilla(by:)` and `asWritten()` on collections of rows.
///
/// ```swift
/// let row = PreferencePair(
///   prompt: [.user("Is this mole dangerous?")],
///   answers: .byConfiguration(["cautious": "I can't judge that; please see a doctor.", "direct": "Look at …"])
/// )
/// ```
public struct PreferencePair: Hashable, Sendable {
  /// What a row says about its answers.
  @nonexhaustive
  public enum Answers: Hashable, Sendable {
    /// One answer per configuration name: each is preferred to the others under its own configuration.
    case byConfiguration([String: String])
    /// One answer preferred to another, wherever `scope` says.
    case ranked(chosen: String, rejected: String, scope: Scope)
  }

  /// Under which system prompt a ranking holds.
  public enum Scope: Hashable, Sendable {
    /// Under every configuration of the policy: a *neutral* row. Written `"configuration": "*"`.
    case everyConfiguration
    /// Under the configuration of this name.
    case configuration(String)
    /// Under this system prompt, which the row itself spells out.
    case systemPrompt(String)
    /// The row does not say: it has no system prompt.
    case unstated
  }

  /// How a neutral row is marked in a file.
  public static let everyConfigurationMark = "*"

  /// The conversation up to the answer, oldest first, without a system message. The last message is the user's, or a
  /// tool's.
  public var prompt: [Message]
  /// The answers, and when each is preferred.
  public var answers: Answers
  /// A label that some published datasets carry, kept but not interpreted.
  public var task: String?
  /// What a judge made of the answers, by the name of their configuration, or as `chosen` and `rejected`.
  public var judgeScores: [String: AnswerScore]?
  /// What the row asks of DPO's margin beyond 0, in the loss's own unit (offset DPO); `nil` where it says nothing.
  public var margin: Double?
  /// The row's other columns, kept and written back but not interpreted. A name of ``fieldNames`` among them is an error
  /// where the row is written.
  public var columns: [String: JSONValue]
  /// Where the row was read, for messages. Nothing of it is written, and rows are equal wherever they stand.
  public var place: RowPlace? {
    get { uncomparedPlace.value }
    set { uncomparedPlace.value = newValue }
  }

  /// What ranked answers say beside their texts, by `chosen` and `rejected`: thoughts, tool calls.
  package var answerFields: [String: JSONMembers] = [:]

  private var uncomparedPlace = Uncompared<RowPlace?>(value: nil)

  /// Creates a row.
  ///
  /// - Precondition: `prompt` ends with a user's message and has no system message. Files are checked when they are
  ///   read, with an error instead of a trap.
  public init(
    prompt: [Message], answers: Answers, task: String? = nil, judgeScores: [String: AnswerScore]? = nil,
    margin: Double? = nil, columns: [String: JSONValue] = [:]
  ) {
    if let problem = Self.problem(withPrompt: prompt) {
      preconditionFailure("PreferencePair: the prompt \(problem)")
    }
    self.prompt = prompt
    self.answers = answers
    self.task = task
    self.judgeScores = judgeScores
    self.margin = margin
    self.columns = columns
  }

  /// Whether every configuration should give the same good answer.
  public var isNeutral: Bool {
    if case .ranked(_, _, .everyConfiguration) = answers { true } else { false }
  }

  /// What is wrong with a conversation as a prompt, or `nil`.
  static func problem(withPrompt prompt: [Message]) -> String? {
    guard let last = prompt.last else { return "has no messages" }
    if let position = prompt.firstIndex(where: { $0.role == .system }) {
      return "has a system message at position \(position); only the first message of a file's row may be one"
    }
    return last.role == .user || last.role == .tool
      ? nil : "ends with the \(last.role.rawValue)'s message; it must end with the user's"
  }
}

/// What a judge made of one answer of a row.
public struct AnswerScore: Hashable, Codable, Sendable {
  /// The probability that the answer follows each configuration, by name; they sum to 1. Empty in a neutral row,
  /// which holds under all.
  public var follows: [String: Double]
  /// The probability that the answer addresses the question.
  public var addresses: Double

  /// A judgement from its parts.
  public init(follows: [String: Double], addresses: Double) {
    self.follows = follows
    self.addresses = addresses
  }
}
