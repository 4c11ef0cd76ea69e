import ArgumentParser
import CSTData
import Foundation

/// A dataset, or some of its rows.
struct DataOptions: ParsableArguments {
  @Option(help: Self.help, completion: Self.completion) var data: String
  @OptionGroup var selection: RowOptions
  @OptionGroup var columnNames: ColumnOptions

  var rows: RowSelection? { selection.rows }

  static let help = ArgumentHelp("Preference data: JSONL, a JSON list, or a .csv table.", valueName: "file")
  static let completion = CompletionKind.file(extensions: ["jsonl", "json", "csv", "tsv", "gz"])

  func load() throws -> PreferenceDataset { try PreferenceDataset(at: data, rows, columnNames.columns) }
}

/// The same where there need not be one.
struct OptionalDataOptions: ParsableArguments {
  @Option(help: DataOptions.help, completion: DataOptions.completion) var data: String?
  @OptionGroup var selection: RowOptions
  @OptionGroup var columnNames: ColumnOptions

  func validate() throws {
    if data == nil, selection.rows != nil { throw ValidationError("--rows chooses among the rows of --data: give one") }
    if data == nil, columnNames.columns != .usual {
      throw ValidationError("--columns is for the rows of --data: give one")
    }
  }

  func load() throws -> PreferenceDataset? {
    try data.map { try PreferenceDataset(at: $0, selection.rows, columnNames.columns) }
  }
}

/// Which rows of a dataset.
struct RowOptions: ParsableArguments {
  @Option(
    help: .init(
      "Use only these rows, counted from 0, both ends included: 0-699, 700- or 12 (default: all).", valueName: "rows"),
    transform: RowSelection.init(parsing:))
  var rows: RowSelection?
}

extension PreferenceDataset {
  init(at path: String, _ rows: RowSelection? = nil, _ columns: ColumnNames = .usual) throws {
    do throws(DatasetError) {
      try self.init(contentsOf: URL(filePath: path), rows: rows, columns: columns)
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
