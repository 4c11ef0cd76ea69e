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
    let rows = try FileRows(contentsOf: file)
    if let problem = rows.interruption { throw problem.error(in: file) }
    var lines: [Int] = []
    var prompts: [ShingledText] = []
    for row in 0..<rows.count {
      for result in rows.pairs(in: row..<row + 1) {
        do throws(RowDecoder.Problem) {
          prompts.append(nearDuplicates.shingled(try result.get().promptText))
          lines.append(rows.line(of: row))
        } catch {
          throw error.error(in: file)
        }
      }
    }
    self.lines = lines
    self.prompts = prompts
  }
}
