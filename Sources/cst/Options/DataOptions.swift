import ArgumentParser
import Foundation

/// A dataset, or some of its rows.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Preference data: JSONL, or a JSON list.", valueName: "file"),
    completion: .file(extensions: ["jsonl", "json"]))
  var data: String

  @Option(
    help: ArgumentHelp(
      "Use only these rows, counted from 0, both ends included: 0-699, 700- or 12 (default: all).", valueName: "rows"),
    transform: RowSelection.init(parsing:))
  var rows: RowSelection?

  func load() throws -> PreferenceRows { try PreferenceRows(contentsOf: URL(filePath: data), rows) }
}
