import CSTCore
import Foundation

/// The rows of a dataset file, or some of them. Every row knows its place, so that whatever is wrong with one can be said
/// by file and line.
///
/// ```swift
/// let rows = try PreferenceDataset(contentsOf: location, rows: RowSelection("0-699"))
/// let pairs = try rows.configured(by: policy)  // an error begins with pairs.jsonl:12
/// ```
public struct PreferenceDataset: RandomAccessCollection, Sendable {
  /// The file.
  public let file: URL
  /// How many rows the file has; these are fewer where some were selected.
  public let countInFile: Int
  private let rows: ArraySlice<PreferencePair>

  /// Reads a dataset: a JSONL file, one row a line, or a file that is one JSON list of rows.
  ///
  /// The forms of a row are those of ``CSTCore/PreferencePair/init(from:)``; they may be mixed. UTF-8 with or without a
  /// byte order mark, LF or CRLF, blank lines between rows. The file is mapped and decoded a row at a time. A file whose name
  /// ends in `.csv` or `.tsv` is a table of such rows, and any of them may be in a gzip file.
  ///
  /// - Parameters:
  ///   - file: JSONL, one JSON list, or a table.
  ///   - selection: Which rows to keep; all where `nil`. The others are read too.
  ///   - columns: Which columns hold the fields of a row.
  /// - Throws: ``DatasetError`` naming the file, the line and the field of the first row that cannot be read; with reason
  ///   `missingRows` where the file has not as many rows as are selected. An empty file is an empty dataset.
  public init(
    contentsOf file: URL, rows selection: RowSelection? = nil, columns: ColumnNames = .usual
  ) throws(DatasetError) {
    let all = try RowDecoder(contentsOf: file, columns: columns).pairs()
    var positions = all.indices
    if let selection {
      guard let selected = selection.positions(in: all.count) else {
        throw DatasetError(
          reason: .missingRows, file: file,
          detail: "\(selection): the file has \(all.count) rows, the last is row \(all.count - 1)")
      }
      positions = selected
    }
    self.file = file
    countInFile = all.count
    rows = all[positions]
  }

  /// The first position, 0.
  public var startIndex: Int { 0 }
  /// The position after the last.
  public var endIndex: Int { rows.count }

  /// The row at a position among those that were selected.
  public subscript(position: Int) -> PreferencePair { rows[rows.startIndex + position] }

  package func line(of position: Int) -> Int { self[position].place?.line ?? 0 }

  package func withPlaces<Result>(_ body: (Self) throws(PreferenceError) -> Result) throws -> Result {
    do {
      return try body(self)
    } catch {
      guard let place = error.rowPlace else { throw error }
      throw DatasetError(
        reason: .unusableRow, file: place.file, line: place.line, detail: "\(error.reason): \(error.detail)")
    }
  }
}
