import CSTCore
import Foundation

extension [PreferencePair] {
  /// Reads a dataset, as ``PreferenceDataset`` does: rows with their places.
  ///
  /// ```swift
  /// let pairs = try [PreferencePair](contentsOf: URL(fileURLWithPath: "pairs.jsonl"))
  /// ```
  ///
  /// - Throws: ``DatasetError`` naming the file, the line and the field of the first row that cannot be read. An empty
  ///   file is an empty dataset.
  public init(contentsOf file: URL) throws(DatasetError) { self = try RowDecoder(contentsOf: file).pairs() }

  /// Reads a dataset from bytes in memory.
  ///
  /// - Parameter file: The name that errors give as the place.
  /// - Throws: ``DatasetError``, as ``Swift/Array/init(contentsOf:)``.
  public init(json data: Data, from file: URL) throws(DatasetError) { self = try RowDecoder(data, from: file).pairs() }
}

extension Collection where Element == PreferencePair {
  /// Writes the dataset as JSONL, one row a line with sorted keys, so that equal datasets are equal files.
  ///
  /// The file appears whole or not at all: it is written beside its place and renamed, replacing what was there.
  ///
  /// - Parameters:
  ///   - form: How a row is written; see ``converted(to:by:)``.
  ///   - asList: Whether the file is one JSON list, still with a row a line, instead of JSONL.
  /// - Throws: ``DatasetError`` with reason `unwritableFile`, or `unusableRow` for a row that has no place in the form.
  public func write(to file: URL, as form: PreferenceForm = .native, asList: Bool = false) throws(DatasetError) {
    let encoder = JSONEncoder.rows
    do {
      var text = Data()
      for (row, pair) in enumerated() {
        if asList { text.append(contentsOf: (row == 0 ? "[\n" : ",\n").utf8) }
        text.append(try encoder.encode(FormattedRow(pair: pair, form: form, row: row)))
        if !asList { text.append(UInt8(ascii: "\n")) }
      }
      if asList { text.append(contentsOf: (isEmpty ? "[]\n" : "\n]\n").utf8) }
      try AtomicFile.write(text, to: file)
    } catch let error as FormatError {
      throw DatasetError(reason: .unwritableFile, file: file, detail: error.found)
    } catch let error as PreferenceError {
      throw DatasetError(reason: .unusableRow, file: file, detail: error.description)
    } catch let error as EncodingError {
      throw DatasetError(reason: .unusableRow, file: file, detail: error.problem)
    } catch {
      throw DatasetError(reason: .unwritableFile, file: file, detail: error.localizedDescription)
    }
  }
}

extension EncodingError {
  /// What is wrong, without the path that only a program knows.
  fileprivate var problem: String {
    if case .invalidValue(_, let context) = self { context.debugDescription } else { String(describing: self) }
  }
}
