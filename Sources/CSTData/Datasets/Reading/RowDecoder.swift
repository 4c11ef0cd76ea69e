import CSTCore
import Foundation

/// The rows of a mapped file, decoded as often as they are asked for: what a row says, or what is wrong with it.
struct RowDecoder: Sendable {
  /// Why a row is no preference pair.
  struct Problem: Error, Equatable {
    let reason: DatasetError.Reason
    let line: Int
    /// What was expected and what was found. Names the field where there is one.
    let detail: String
  }

  private enum Content: Sendable {
    case json(Data, [JSONRows.Row])
    case table([TextTable.Record])
  }

  private let file: URL
  private let content: Content
  private let columns: ColumnNames
  /// What is wrong with the file around its rows, where that is why there are no more.
  let interruption: Problem?

  init(contentsOf file: URL, columns: ColumnNames = .usual) throws(DatasetError) {
    try self.init(try Data(mapping: file), from: file, columns: columns)
  }

  /// - Parameters:
  ///   - data: JSONL, a JSON list, or a table where the file's name ends in `.csv` or `.tsv`; perhaps in a gzip file.
  ///   - file: The name that errors give as the place.
  ///   - columns: What columns are called.
  init(_ data: Data, from file: URL, columns: ColumnNames = .usual) throws(DatasetError) {
    self.file = file
    self.columns = columns
    let data = try data.unpacked(from: file)
    let kind = (file.pathExtension.lowercased() == "gz" ? file.deletingPathExtension() : file).pathExtension
      .lowercased()
    if kind == "csv" || kind == "tsv" {
      do throws(TextTable.Problem) {
        content = .table(try TextTable(data, separator: kind == "tsv" ? 0x09 : nil).records)
      } catch {
        throw DatasetError(reason: .malformedRow, file: file, line: error.line, detail: error.detail)
      }
      interruption = nil
      return
    }
    var scanner = JSONRows(data)
    var rows: [JSONRows.Row] = []
    var interruption: Problem?
    do throws(JSONRows.ListError) {
      while let row = try scanner.next() { rows.append(row) }
    } catch {
      interruption = Problem(reason: .malformedList, line: error.line, detail: error.problem)
    }
    content = .json(data, rows)
    self.interruption = interruption
    try checkShape(data, rows)
  }

  /// Refuses a file that is no rows at all, seen at its first one.
  private func checkShape(_ data: Data, _ rows: [JSONRows.Row]) throws(DatasetError) {
    guard let first = rows.first, interruption == nil else { return }
    do throws(Problem) { _ = try json(data, first) } catch {
      guard error.reason == .malformedRow, let advice = RowShape.advice(on: data) else { return }
      throw DatasetError(reason: error.reason, file: file, line: error.line, detail: "\(error.detail); \(advice)")
    }
  }

  var count: Int {
    switch content {
    case .json(_, let rows): rows.count
    case .table(let records): records.count
    }
  }

  func line(of row: Int) -> Int {
    switch content {
    case .json(_, let rows): rows[row].line
    case .table(let records): records[row].line
    }
  }

  func pairs() throws(DatasetError) -> [PreferencePair] { try all { row throws(Problem) in try pair(at: row) } }

  /// What `value` makes of the rows.
  func all<Value>(_ value: (Int) throws(Problem) -> Value) throws(DatasetError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(count)
    do throws(Problem) {
      for row in 0..<count { values.append(try value(row)) }
      if let interruption { throw interruption }
    } catch {
      throw DatasetError(reason: error.reason, file: file, line: error.line, detail: error.detail)
    }
    return values
  }

  func pair(at number: Int) throws(Problem) -> PreferencePair {
    let value = try value(at: number)
    let line = line(of: number)
    var pair: PreferencePair
    do throws(ValueProblem) { pair = try PreferencePair(row: value) } catch {
      throw Problem(reason: .malformedRow, line: line, detail: error.description)
    }
    let keepsValues = !pair.columns.isEmpty || !pair.answerFields.isEmpty || pair.prompt.contains { !$0.fields.isEmpty }
    if keepsValues, case .json(let data, let rows) = content,
      let inexact = JSONNumber.firstInexact(in: data[rows[number].bytes])
    {
      throw Self.inexact(inexact, at: line)
    }
    pair.place = RowPlace(file: file, line: line, row: number)
    return pair
  }

  /// The value that a row says, its fields under their own names.
  func value(at number: Int) throws(Problem) -> JSONValue {
    let row: JSONValue
    switch content {
    case .table(let records): row = records[number].row
    case .json(let data, let rows): row = try json(data, rows[number])
    }
    do throws(ValueProblem) { return try columns.applied(to: row) } catch {
      throw Problem(reason: .malformedRow, line: line(of: number), detail: error.description)
    }
  }

  private func json(_ data: Data, _ row: JSONRows.Row) throws(Problem) -> JSONValue {
    let text = data[row.bytes]
    let parsed = text.withUnsafeBytes { bytes in
      Result { () throws(JSONSyntaxError) in try JSONSyntaxError.value(of: bytes, line: row.line) }
    }
    switch parsed {
    case .success(let value): return value
    case .failure(let error):
      if let position = text.firstInvalidUTF8 {
        let byte = String(text[position], radix: 16)
        let detail = "the byte 0x\(byte) at offset \(position - data.startIndex) of the file is not UTF-8 text"
        throw Problem(reason: .invalidUTF8, line: row.line, detail: detail)
      }
      if error.isTooDeep { throw Problem(reason: .tooDeep, line: row.line, detail: error.description) }
      // A number beyond every Double's range is no JSON number to the reader.
      if let number = JSONNumber.firstInexact(in: text) { throw Self.inexact(number, at: row.line) }
      throw Problem(reason: .malformedRow, line: row.line, detail: error.description)
    }
  }

  private static func inexact(_ number: String, at line: Int) -> Problem {
    Problem(
      reason: .inexactNumber, line: line,
      detail: "the number \(number) would be rounded; write it as a text, in quotation marks, to keep it")
  }
}

extension Data {
  /// The bytes of a file of rows, mapped where that is safe.
  init(mapping file: URL) throws(DatasetError) {
    do {
      self = try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
      throw DatasetError(reason: .unreadableFile, file: file, detail: UnreadableFile.problem(of: file, error))
    }
  }

  /// What a gzip file holds; any other file as it is, unless it is none of text.
  func unpacked(from file: URL) throws(DatasetError) -> Data {
    guard let look = FileLook(prefix(FileLook.length)) else { return self }
    guard look == .gzip else {
      throw DatasetError(
        reason: look == .utf16 ? .invalidUTF8 : .unreadableFile, file: file,
        detail: "expected JSONL, a JSON list or a .csv table; found \(look.name); \(look.advice)")
    }
    do throws(Gzip.Failure) { return try Gzip.unpacked(self) } catch {
      throw DatasetError(reason: .unreadableFile, file: file, detail: "a gzip file that cannot be unpacked: \(error)")
    }
  }
}
