import CSTCore
import Foundation

/// A dataset with the place of every row, so that whatever is wrong with a row can be said by file and line.
///
/// ```swift
/// let file = try PreferenceFile(contentsOf: location)
/// let rows = try file.withPlaces { rows throws(PreferenceError) in try rows.converted(to: .trl, by: policy) }
/// ```
public struct PreferenceFile: Hashable, Sendable {
  /// The file.
  public let location: URL
  /// Its rows.
  public let rows: [PreferencePair]
  /// The line on which each row begins, counted from 1.
  public let lines: [Int]

  /// Reads a dataset as ``Swift/Array/init(contentsOf:)`` does.
  ///
  /// - Throws: ``DatasetError``.
  public init(contentsOf location: URL) throws(DatasetError) {
    var (rows, lines): ([PreferencePair], [Int]) = ([], [])
    try [PreferencePair].read(Data(mapping: location), from: location) { row, line in
      rows.append(row)
      lines.append(line)
    }
    self.location = location
    self.rows = rows
    self.lines = lines
  }

  /// What `body` makes of the rows.
  ///
  /// - Throws: ``DatasetError`` with reason `unusableRow` in place of a ``CSTCore/PreferenceError`` about a row.
  public func withPlaces<Result>(
    _ body: ([PreferencePair]) throws(PreferenceError) -> Result
  ) throws -> Result {
    do {
      return try body(rows)
    } catch {
      guard let row = error.row, lines.indices.contains(row) else { throw error }
      throw DatasetError(
        reason: .unusableRow, file: location, line: lines[row], detail: "\(error.reason): \(error.detail)")
    }
  }
}
