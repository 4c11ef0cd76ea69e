/// What ``DatasetCheck`` found out about a dataset.
///
/// It prints as text with ``text(file:)`` and as a page with ``html(file:)``.
public struct DatasetReport: Hashable, Sendable {
  /// What lengths are counted in.
  public enum Unit: String, Hashable, Codable, Sendable {
    /// Runs of characters between white space; an ideograph is a word.
    case words
    /// The model's tokens, without those of the chat template.
    case tokens
  }

  /// How many rows there are, unreadable ones included.
  public let rows: Int
  /// How many of them hold under every configuration.
  public let neutralRows: Int
  /// What lengths are counted in.
  public let unit: Unit
  /// Numbers for each configuration, the policy's first; then neutral rows.
  public let configurations: [ConfigurationSummary]
  /// What is wrong: errors, then warnings, then notes. At most one a kind.
  public let findings: [Finding]

  /// How often something of a severity was found.
  public func count(of severity: Finding.Severity) -> Int {
    findings.reduce(0) { $0 + ($1.severity == severity ? $1.count : 0) }
  }

  /// The finding of a kind, if there is one.
  public subscript(kind: Finding.Kind) -> Finding? { findings.first { $0.kind == kind } }
}

extension DatasetReport: Codable {
  private enum Key: String, CodingKey { case rows, neutralRows, unit, configurations, findings, errors, warnings }

  /// Reads what ``encode(to:)`` wrote; the counts of errors and warnings follow from the findings.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    rows = try fields.decode(Int.self, forKey: .rows)
    neutralRows = try fields.decode(Int.self, forKey: .neutralRows)
    unit = try fields.decode(Unit.self, forKey: .unit)
    configurations = try fields.decode([ConfigurationSummary].self, forKey: .configurations)
    findings = try fields.decode([Finding].self, forKey: .findings)
  }

  /// Writes `{"rows": …, "neutralRows": …, "unit": …, "configurations": […], "findings": […], "errors": n,
  /// "warnings": n}`.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(rows, forKey: .rows)
    try fields.encode(neutralRows, forKey: .neutralRows)
    try fields.encode(unit, forKey: .unit)
    try fields.encode(configurations, forKey: .configurations)
    try fields.encode(findings, forKey: .findings)
    try fields.encode(count(of: .error), forKey: .errors)
    try fields.encode(count(of: .warning), forKey: .warnings)
  }
}
