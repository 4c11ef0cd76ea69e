/// Why a report could not be made from what a model produced.
public struct EvaluationError: PlacedError, Hashable {
  /// The kind of failure.
  public struct Reason: Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure in a word or two.
    public let description: String

    /// A score that is not a finite number.
    public static let nonFiniteScore = Reason(description: "non-finite score")
    /// A configuration that the policy does not have.
    public static let unknownConfiguration = Reason(description: "unknown configuration")
    /// Two replies to one row under one configuration.
    public static let duplicate = Reason(description: "duplicate")
    /// A row that two models turn into different tokens.
    public static let differentTokens = Reason(description: "different tokens")
    /// A row with a reply under one configuration and none under another.
    public static let incomplete = Reason(description: "incomplete")
    /// A question, or a window of text, that is longer than the model's context.
    public static let tooLong = Reason(description: "too long")
    /// A text that no token of the vocabulary spells.
    public static let noTokens = Reason(description: "no tokens")
    /// A measure of change where there is one model only.
    public static let nothingToCompare = Reason(description: "nothing to compare")
  }

  /// The kind of failure.
  public var reason: Reason
  /// The model by its name in the report.
  public var model: String
  /// The row, counted from 0.
  public var row: Int
  /// Where the row was read, if that is known.
  public var rowPlace: RowPlace?
  /// What was expected and what was found.
  public var detail: String

  /// Creates an error.
  public init(reason: Reason, model: String, row: Int, rowPlace: RowPlace? = nil, detail: String) {
    self.reason = reason
    self.model = model
    self.row = row
    self.rowPlace = rowPlace
    self.detail = detail
  }

  /// The model and the row, by its place where that is known.
  public var place: String {
    "model \"\(model)\": " + (rowPlace.map { "\($0): row \($0.row)" } ?? "row \(row)") + " (counted from 0)"
  }
}

extension EvaluationError {
  /// A row under a configuration that the policy does not have, or under a system prompt of its own where `nil`.
  static func unknown(
    _ configuration: String?, in policy: SafetyPolicy, model: String, row: Int, place: RowPlace?
  ) -> EvaluationError {
    let what = configuration.map { "\"\($0)\"" } ?? "the row's own system prompt"
    let names = PreferenceError.list(policy.configurations.map(\.name))
    return EvaluationError(
      reason: .unknownConfiguration, model: model, row: row, rowPlace: place,
      detail: "\(what) is not in the policy \"\(policy.name)\"; it has \(names)")
  }
}
