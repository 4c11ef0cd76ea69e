import CSTCore
import Foundation

/// Why a preference dataset could not be read or written.
public struct DatasetError: PlacedError, Hashable {
  /// The kind of failure.
  public struct Reason: Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure in a few words.
    public let description: String

    /// The file could not be opened.
    public static let unreadableFile = Reason(description: "unreadable file")
    /// The file could not be written.
    public static let unwritableFile = Reason(description: "unwritable file")
    /// The bytes are not UTF-8 text.
    public static let invalidUTF8 = Reason(description: "not UTF-8")
    /// A JSON list is not closed, or something follows it.
    public static let malformedList = Reason(description: "malformed list")
    /// A row is not JSON, or not a preference pair.
    public static let malformedRow = Reason(description: "malformed row")
    /// A row nests lists and objects beyond the cap.
    public static let tooDeep = Reason(description: "nested too deeply")
    /// A row with other columns has a number that would not come back as it is.
    public static let inexactNumber = Reason(description: "inexact number")
    /// The file has not as many rows as were asked for.
    public static let missingRows = Reason(description: "missing rows")
    /// A row that cannot be used, or written, as asked.
    public static let unusableRow = Reason(description: "unusable row")
  }

  /// The kind of failure.
  public var reason: Reason
  /// The file.
  public var file: URL
  /// The line on which the row begins, counted from 1, where a row is to blame.
  public var line: Int?
  /// What was expected, what was found and what to do. Names the field where there is one.
  public var detail: String

  /// `pairs.jsonl:12`: the file, and the line where a row is to blame.
  public var place: String { line.map { "\(file.path):\($0)" } ?? file.path }
}
