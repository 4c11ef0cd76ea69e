import CSTCore
import Foundation

/// The prompts of another file, which should share none with the dataset.
struct OtherPrompts: Sendable {
  /// The name that messages use.
  let name: String
  let lines: [Int]
  let prompts: [ShingledText]

  /// - Throws: ``DatasetError`` for the first row that cannot be read.
  init(contentsOf file: URL, _ nearDuplicates: NearDuplicates) throws(DatasetError) {
    name = file.lastPathComponent
    let rows = try RowDecoder(contentsOf: file)
    lines = (0..<rows.count).map(rows.line(of:))
    prompts = try rows.all { row throws(RowDecoder.Problem) in
      nearDuplicates.shingled(try rows.pair(at: row).promptText)
    }
  }
}
