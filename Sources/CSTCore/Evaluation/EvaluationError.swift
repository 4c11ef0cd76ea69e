import Foundation

/// Why a report could not be made from what a model produced.
public struct EvaluationError: Error, Hashable, Sendable {
  /// The kind of failure.
  public struct Reason: Hashable, Sendable {
    private let name: String

    /// A score that is not a finite number.
    public static let nonFiniteScore = Reason(name: "non-finite score")
    /// A configuration that the policy does not have.
    public static let unknownConfiguration = Reason(name: "unknown configuration")
    /// Two replies to one row under one configuration.
    public static let duplicate = Reason(name: "duplicate")
    /// A row that two models turn into different tokens.
    public static let differentTokens = Reason(name: "different tokens")
    /// A row with a reply under one configuration and none under another.
    public static let incomplete = Reason(name: "incomplete")
  }

  /// The kind of failure.
  public var reason: Reason
  /// The model by its name in the report.
  public var model: String
  /// The row, counted from 0.
  public var row: Int
  /// Where the row was read, if that is known.
  public var place: RowPlace?
  /// What was expected and what was found.
  public var detail: String

  /// Creates an error.
  public init(reason: Reason, model: String, row: Int, place: RowPlace? = nil, detail: String) {
    self.reason = reason
    self.model = model
    self.row = row
    self.place = place
    self.detail = detail
  }
}

extension EvaluationError: CustomStringConvertible, LocalizedError {
  /// One line: the model, the row, what is wrong.
  public var description: String {
    let place = place.map { "\($0): row \($0.row)" } ?? "row \(row)"
    return "model \"\(model)\": \(place) (counted from 0): \(reason): \(detail)"
  }

  /// The same line as `description`.
  public var errorDescription: String? { description }
}

extension EvaluationError.Reason: CustomStringConvertible {
  /// The kind of failure in a word or two.
  public var description: String { name }
}
