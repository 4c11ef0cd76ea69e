import CSTCore
import Foundation

/// Rows to check, read as often as they are asked for, so that they need not stay in memory.
protocol RowSource: Sendable {
  /// How many rows there are, unreadable ones included.
  var count: Int { get }
  /// What is wrong with the file around its rows, where that is why there are no more.
  var interruption: RowDecoder.Problem? { get }
  /// The line of a row, counted from 1.
  func line(of row: Int) -> Int
  /// The rows of a range, each read or with the reason why it cannot be.
  func pairs(in range: Range<Int>) -> [Result<PreferencePair, RowDecoder.Problem>]
}

/// Rows in memory; they count as one a line.
struct MemoryRows: RowSource {
  let rows: [PreferencePair]
  var count: Int { rows.count }
  var interruption: RowDecoder.Problem? { nil }
  func line(of row: Int) -> Int { row + 1 }
  func pairs(in range: Range<Int>) -> [Result<PreferencePair, RowDecoder.Problem>] { rows[range].map { .success($0) } }
}

/// Rows of a mapped file.
struct FileRows: RowSource {
  private let data: Data
  private let rows: [JSONRows.Row]
  let interruption: RowDecoder.Problem?

  /// Finds where the rows begin and end.
  ///
  /// - Throws: ``DatasetError`` where the file cannot be opened.
  init(contentsOf file: URL) throws(DatasetError) {
    data = try Data(mapping: file)
    var scanner = JSONRows(data)
    var rows: [JSONRows.Row] = []
    var interruption: RowDecoder.Problem?
    do throws(JSONRows.ListError) {
      while let row = try scanner.next() { rows.append(row) }
    } catch {
      interruption = RowDecoder.Problem(reason: .malformedList, line: error.line, detail: error.problem)
    }
    self.rows = rows
    self.interruption = interruption
  }

  var count: Int { rows.count }

  func line(of row: Int) -> Int { rows[row].line }

  func pairs(in range: Range<Int>) -> [Result<PreferencePair, RowDecoder.Problem>] {
    let decoder = RowDecoder()
    return rows[range].map { row in
      Result { () throws(RowDecoder.Problem) in try decoder.pair(at: row, of: data) }
    }
  }
}
