import ArgumentParser
import CSTData
import Foundation

/// The dataset a `cst data` command reads.
struct DataInput: ParsableArguments {
  @Argument(
    help: ArgumentHelp("Preference data: JSONL, or a JSON list.", valueName: "file"),
    completion: .file(extensions: ["jsonl", "json"]))
  var file: String

  /// - Throws: `DatasetError`, ``CommandError`` where there are no rows.
  func load() throws -> PreferenceFile {
    let data = try PreferenceFile(contentsOf: URL(filePath: file))
    guard !data.rows.isEmpty else { throw CommandError("\(file): there are no rows in this file") }
    return data
  }
}

/// The dataset a `cst data` command writes.
struct DataOutput: ParsableArguments {
  @Option(help: ArgumentHelp("Write here; never the file that is read.", valueName: "file"), completion: .file())
  var out: String

  var location: URL { URL(filePath: out) }
}
