import ArgumentParser
import CSTData
import Foundation

struct DataInput: ParsableArguments {
  @Argument(
    help: DataOptions.help, completion: DataOptions.completion)
  var file: String

  @OptionGroup var columnNames: ColumnOptions

  func load() throws -> PreferenceDataset { try PreferenceDataset(at: file, nil, columnNames.columns) }
}

struct DataOutput: ParsableArguments {
  @Option(help: .init("Write here; never the file that is read.", valueName: "file"), completion: .file())
  var out: String

  var location: URL { URL(filePath: out) }

  /// Says on standard output what was written.
  func summarize(_ text: String, rowsRead: Int, rowsWritten: Int, asJSON: Bool) throws {
    let summary = Summary(out: out, rowsRead: rowsRead, rowsWritten: rowsWritten)
    try Console.print(asJSON ? JSONText.line(summary) : "\(out): \(text)")
  }

  private struct Summary: Encodable {
    let out: String
    let rowsRead: Int
    let rowsWritten: Int
  }
}
