/// One kind of thing that is wrong with a dataset: how often, where, and what to do about it.
public struct Finding: Hashable, Codable, Sendable {
  /// How bad a finding is.
  public enum Severity: String, Hashable, Codable, Sendable, CaseIterable {
    /// Training on the data would fail, or teach something and its opposite.
    case error
    /// Training would run and probably learn something else than intended. A person should look.
    case warning
    /// Worth knowing.
    case note
  }

  /// One place where it was found.
  public struct Example: Hashable, Codable, Sendable {
    /// The line on which the row begins, counted from 1 (for rows in memory: the row, counted from 1); `nil` where the
    /// finding is about the whole dataset.
    public let line: Int?
    /// The line of the row it is at odds with, where there is one.
    public private(set) var other: Int?
    /// The name of the file that `other` is a line of, where that is another file.
    public private(set) var otherFile: String?
    /// What was found there, on one line.
    public let detail: String
  }

  /// What is wrong.
  public let kind: Kind
  /// How bad it is: the kind's severity.
  public let severity: Severity
  /// How many rows it was found in; for findings about the whole dataset, how many configurations.
  public let count: Int
  /// The first places, in the order of the dataset.
  public let examples: [Example]
  /// What to do about it.
  public let advice: String

  init(_ kind: Kind, count: Int, examples: [Example]) {
    self.kind = kind
    severity = kind.severity
    self.count = count
    self.examples = examples
    advice = kind.advice
  }
}
