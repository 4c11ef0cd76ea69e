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
    try self.init(json: Self.bytes(of: file), from: file)
  }

  static func bytes(of file: URL) throws(DatasetError) -> Data {
    do {
      return try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
      throw DatasetError(reason: .unreadableFile, file: file, detail: UnreadableFile.problem(of: file, error))
    }
  }

  /// Reads a dataset from bytes in memory.
  ///
  /// - Parameter file: The name that errors give as the place.
  /// - Throws: ``DatasetError``, as ``Swift/Array/init(contentsOf:)``.
  public init(json data: Data, from file: URL) throws(DatasetError) {
    self = []
    try Self.read(data, from: file) { pair, _ in append(pair) }
  }

  /// Reads the rows one after another, each with its line.
  static func read(
    _ data: Data, from file: URL, _ body: (PreferencePair, _ line: Int) -> Void
  ) throws(DatasetError) {
    let decoder = JSONDecoder()
    var rows = JSONRows(data)
    do {
      while let row = try rows.next() {
        body(try decode(data[row.bytes], at: row, of: data, with: decoder, from: file), row.line)
      }
    } catch let error as DatasetError {
      throw error
    } catch let error as JSONRows.ListError {
      throw DatasetError(reason: .malformedList, file: file, line: error.line, detail: error.problem)
    } catch {
      throw DatasetError(reason: .malformedRow, file: file, detail: String(describing: error))
    }
  }

  private static func decode(
    _ text: Data, at row: JSONRows.Row, of data: Data, with decoder: JSONDecoder, from file: URL
  ) throws(DatasetError) -> PreferencePair {
    func failure(_ reason: DatasetError.Reason, _ detail: String) -> DatasetError {
      DatasetError(reason: reason, file: file, line: row.line, detail: detail)
    }
    func inexact(_ number: String) -> DatasetError {
      failure(
        .inexactNumber, "the number \(number) would be rounded; write it as a text, in quotation marks, to keep it")
    }
    if let position = text.firstInvalidUTF8 {
      let byte = String(text[position], radix: 16)
      throw failure(
        .invalidUTF8, "the byte 0x\(byte) at offset \(position - data.startIndex) of the file is not UTF-8 text")
    }
    do {
      try JSONNesting.check(text)
      let pair = try decoder.decode(PreferencePair.self, from: text)
      if !pair.columns.isEmpty, let number = JSONNumbers.firstInexact(in: text) { throw inexact(number) }
      return pair
    } catch let error as DatasetError {
      throw error
    } catch let error as JSONNesting.TooDeep {
      throw failure(.tooDeep, error.description)
    } catch let error as DecodingError {
      // Foundation calls a text with a number beyond its range malformed.
      if let number = JSONNumbers.firstInexact(in: text) { throw inexact(number) }
      throw failure(.malformedRow, error.fieldAndProblem)
    } catch {
      throw failure(.malformedRow, String(describing: error))
    }
  }
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
  public func write(
    to file: URL, as form: PreferenceForm = .native, asList: Bool = false
  ) throws(DatasetError) {
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

extension Data {
  /// The position of the first byte that does not belong to well-formed UTF-8, or `nil`.
  var firstInvalidUTF8: Index? {
    if String(validating: self, as: UTF8.self) != nil { return nil }
    var parser = Unicode.UTF8.ForwardParser()
    var bytes = makeIterator()
    var position = startIndex
    while case .valid(let scalar) = parser.parseScalar(from: &bytes) { position += scalar.count }
    return position
  }
}
