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

  private let file: URL
  private let data: Data
  private let rows: [JSONRows.Row]
  private let decoder = JSONDecoder()
  /// What is wrong with the file around its rows, where that is why there are no more.
  let interruption: Problem?

  init(contentsOf file: URL) throws(DatasetError) { self.init(try Data(mapping: file), from: file) }

  /// - Parameter file: The name that errors give as the place.
  init(_ data: Data, from file: URL) {
    var scanner = JSONRows(data)
    var rows: [JSONRows.Row] = []
    var interruption: Problem?
    do throws(JSONRows.ListError) {
      while let row = try scanner.next() { rows.append(row) }
    } catch {
      interruption = Problem(reason: .malformedList, line: error.line, detail: error.problem)
    }
    (self.file, self.data, self.rows, self.interruption) = (file, data, rows, interruption)
  }

  var count: Int { rows.count }

  func line(of row: Int) -> Int { rows[row].line }

  func pairs() throws(DatasetError) -> [PreferencePair] { try all { row throws(Problem) in try pair(at: row) } }

  /// What `value` makes of the rows.
  func all<Value>(_ value: (Int) throws(Problem) -> Value) throws(DatasetError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(count)
    do throws(Problem) {
      for row in rows.indices { values.append(try value(row)) }
      if let interruption { throw interruption }
    } catch {
      throw DatasetError(reason: error.reason, file: file, line: error.line, detail: error.detail)
    }
    return values
  }

  func pair(at number: Int) throws(Problem) -> PreferencePair {
    let row = rows[number]
    var pair = try value(PreferencePair.self, at: number)
    if !pair.columns.isEmpty, let number = JSONNumber.firstInexact(in: data[row.bytes]) {
      throw Self.inexact(number, at: row)
    }
    pair.place = RowPlace(file: file, line: row.line, row: number)
    return pair
  }

  /// The value that a row says.
  func value<Value: Decodable>(_ type: Value.Type, at number: Int) throws(Problem) -> Value {
    let row = rows[number]
    let text = data[row.bytes]
    do {
      return try decoder.decodeChecked(type, from: text)
    } catch let problem as JSONProblem {
      switch problem.kind {
      case .invalidUTF8(let offset):
        let position = text.startIndex + offset
        let byte = String(text[position], radix: 16)
        let detail = "the byte 0x\(byte) at offset \(position - data.startIndex) of the file is not UTF-8 text"
        throw Problem(reason: .invalidUTF8, line: row.line, detail: detail)
      case .tooDeep: throw Problem(reason: .tooDeep, line: row.line, detail: problem.description)
      case .malformed:
        // Foundation calls a text with a number beyond its range malformed.
        if let number = JSONNumber.firstInexact(in: text) { throw Self.inexact(number, at: row) }
        throw Problem(reason: .malformedRow, line: row.line, detail: problem.description)
      }
    } catch {
      throw Problem(reason: .malformedRow, line: row.line, detail: String(describing: error))
    }
  }

  private static func inexact(_ number: String, at row: JSONRows.Row) -> Problem {
    Problem(
      reason: .inexactNumber, line: row.line,
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
}
