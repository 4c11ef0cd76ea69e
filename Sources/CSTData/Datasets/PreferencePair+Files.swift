import CSTCore
import Foundation

extension [PreferencePair] {
  /// Reads a dataset: a JSONL file, one row a line, or a file that is one JSON list of rows.
  ///
  /// The forms of a row are those of ``CSTCore/PreferencePair/init(from:)``; they may be mixed. UTF-8 with or without a
  /// byte order mark, LF or CRLF, blank lines between rows. The file is mapped and decoded a row at a time.
  ///
  /// ```swift
  /// let pairs = try [PreferencePair](contentsOf: URL(fileURLWithPath: "pairs.jsonl"))
  /// ```
  ///
  /// - Throws: ``DatasetError`` naming the file, the line and the field of the first row that cannot be read. An empty
  ///   file is an empty dataset.
  public init(contentsOf file: URL) throws(DatasetError) {
    let data: Data
    do {
      data = try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
      throw DatasetError(reason: .unreadableFile, file: file, detail: UnreadableFile.problem(of: file, error))
    }
    try self.init(json: data, from: file)
  }

  /// Reads a dataset from bytes in memory.
  ///
  /// - Parameter file: The name that errors give as the place.
  /// - Throws: ``DatasetError``, as ``Swift/Array/init(contentsOf:)``.
  public init(json data: Data, from file: URL) throws(DatasetError) {
    let decoder = RowDecoder()
    var rows = JSONRows(data)
    self = []
    do {
      while let row = try rows.next() { append(try decoder.pair(at: row, of: data)) }
    } catch let problem as RowDecoder.Problem {
      throw problem.error(in: file)
    } catch let error as JSONRows.ListError {
      throw DatasetError(reason: .malformedList, file: file, line: error.line, detail: error.problem)
    } catch {
      throw DatasetError(reason: .malformedRow, file: file, detail: String(describing: error))
    }
  }
}

extension Collection where Element == PreferencePair {
  /// Writes the dataset as JSONL, one row a line with sorted keys, so that equal datasets are equal files.
  ///
  /// The file appears whole or not at all: it is written beside its place and renamed, replacing what was there.
  ///
  /// - Throws: ``DatasetError`` with reason `unwritableFile`.
  public func write(to file: URL) throws(DatasetError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      var text = Data()
      for pair in self {
        text.append(try encoder.encode(pair))
        text.append(UInt8(ascii: "\n"))
      }
      try AtomicFile.write(text, to: file)
    } catch let error as FormatError {
      throw DatasetError(reason: .unwritableFile, file: file, detail: error.found)
    } catch {
      throw DatasetError(reason: .unwritableFile, file: file, detail: error.localizedDescription)
    }
  }
}
