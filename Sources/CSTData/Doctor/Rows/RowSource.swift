import CSTCore
import Foundation

/// Rows to check, read as often as they are asked for, so that they need not stay in memory.
protocol RowSource: Sendable {
  var count: Int { get }
  /// What is wrong with the file around its rows, where that is why there are no more.
  var interruption: RowDecoder.Problem? { get }
  func line(of row: Int) -> Int
  func pair(at row: Int) throws(RowDecoder.Problem) -> PreferencePair
}

extension RowDecoder: RowSource {}

/// Rows in memory; they count as one a line.
struct MemoryRows: RowSource {
  let rows: [PreferencePair]
  var count: Int { rows.count }
  var interruption: RowDecoder.Problem? { nil }
  func line(of row: Int) -> Int { row + 1 }
  func pair(at row: Int) -> PreferencePair { rows[row] }
}

/// The prompts of another file, which should share none with the dataset.
struct OtherPrompts: Sendable {
  let name: String
  let lines: [Int]
  let prompts: [ShingledText]

  init(contentsOf file: URL, _ columns: ColumnNames, _ nearDuplicates: NearDuplicates) throws(DatasetError) {
    name = file.lastPathComponent
    // Another file may have the fields under their own names.
    let renamed = try RowDecoder(contentsOf: file, columns: columns)
    let isRenamed = renamed.count == 0 || (try? renamed.pair(at: 0)) != nil
    let rows = isRenamed ? renamed : try RowDecoder(contentsOf: file)
    lines = (0..<rows.count).map(rows.line(of:))
    prompts = try rows.all { row throws(RowDecoder.Problem) in
      nearDuplicates.shingled(try rows.pair(at: row).promptText)
    }
  }
}
