import ArgumentParser
import CSTData
import Foundation

/// A dataset, or some of its rows.
struct DataOptions: ParsableArguments {
  @Option(
    help: .init("Preference data: JSONL, or a JSON list.", valueName: "file"),
    completion: .file(extensions: ["jsonl", "json"]))
  var data: String

  @Option(
    help: .init(
      "Use only these rows, counted from 0, both ends included: 0-699, 700- or 12 (default: all).", valueName: "rows"),
    transform: RowSelection.init(parsing:))
  var rows: RowSelection?

  func load() throws -> PreferenceDataset { try PreferenceDataset(at: data, rows) }
}

extension PreferenceDataset {
  init(at path: String, _ rows: RowSelection? = nil) throws {
    do throws(DatasetError) {
      try self.init(contentsOf: URL(filePath: path), rows: rows)
    } catch {
      guard error.reason == .missingRows else { throw error }
      throw CommandError("\(error.file.path): --rows \(error.detail)")
    }
    guard !isEmpty else { throw CommandError("\(path): there are no rows in this file") }
  }
}

extension RowSelection {
  init(parsing text: String) throws {
    guard let selection = RowSelection(text) else {
      throw ValidationError("it must be FIRST-LAST (both included, counted from 0), FIRST- or one row, such as 0-699")
    }
    self = selection
  }
}
