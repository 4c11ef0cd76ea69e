import Foundation

/// Where the pairs of a run come from, for its record.
public struct RunSource: Sendable, Hashable {
  /// What was done to the rows.
  public enum Method: String, Sendable, Hashable, Codable, CaseIterable {
    /// Every row under each configuration of the policy, the preference flipped with it.
    case cst
    /// Rows as they are, or under the policy's default configuration only.
    case dpo
  }

  /// The file with the rows.
  public var dataFile: URL
  /// Rows in the file.
  public var rowsInFile: Int
  /// Rows that were used.
  public var rowsUsed: Int
  /// Which ones, in words.
  public var rows = "all"
  /// Which columns hold the fields of a row, in words; empty where fields have their own names.
  public var columns = ""
  /// The policy that configured the rows.
  public var policyFile: URL?
  /// What was done to the rows.
  public var method: Method
  /// Whether labels are as sure as the judge of the rows' answers was.
  public var softLabels = false
  /// How prompts are drawn, where they are.
  public var variation: PromptVariation?
  /// The file with the prompts or replies to retain.
  public var retentionFile: URL?
  /// The folder of the adapter that the run starts from.
  public var initialAdapter: URL?
  /// The command that the process was started with.
  public var commandLine = CommandLine.arguments

  /// All rows of a file.
  public init(dataFile: URL, rows: Int, policyFile: URL? = nil, method: Method = .cst) {
    self.dataFile = dataFile
    rowsInFile = rows
    rowsUsed = rows
    self.policyFile = policyFile
    self.method = method
  }
}
