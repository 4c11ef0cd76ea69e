import CSTCore
import Foundation

/// Turns a row's bytes into a preference pair, or says what is wrong with them.
struct RowDecoder {
  /// Why a row is no preference pair.
  struct Problem: Error, Equatable {
    let reason: DatasetError.Reason
    /// The line the row begins on, counted from 1.
    let line: Int
    /// What was expected and what was found. Names the field where there is one.
    let detail: String
  }

  private let decoder = JSONDecoder()

  /// The pair that a row of `data` says.
  func pair(at row: JSONRows.Row, of data: Data) throws(Problem) -> PreferencePair {
    let pair = try value(PreferencePair.self, at: row, of: data)
    if !pair.columns.isEmpty, let number = JSONNumber.firstInexact(in: data[row.bytes]) {
      throw Self.inexact(number, at: row)
    }
    return pair
  }

  /// Reads the rows of `data` one after another, each with its line.
  /// - Throws: ``DatasetError`` naming the file, the line and the field of the first row that cannot be read.
  func read<Value>(
    _ data: Data, from file: URL, _ value: (JSONRows.Row) throws(Problem) -> Value, _ body: (Value, _ line: Int) -> Void
  ) throws(DatasetError) {
    var rows = JSONRows(data)
    do {
      while let row = try rows.next() { body(try value(row), row.line) }
    } catch let problem as Problem {
      throw problem.error(in: file)
    } catch let error as JSONRows.ListError {
      throw DatasetError(reason: .malformedList, file: file, line: error.line, detail: error.problem)
    } catch {
      throw DatasetError(reason: .malformedRow, file: file, detail: String(describing: error))
    }
  }

  /// The value that a row of `data` says.
  func value<Value: Decodable>(
    _ type: Value.Type, at row: JSONRows.Row, of data: Data
  ) throws(Problem) -> Value {
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
  /// - Throws: ``DatasetError`` (`unreadableFile`).
  init(mapping file: URL) throws(DatasetError) {
    do {
      self = try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
      throw DatasetError(reason: .unreadableFile, file: file, detail: UnreadableFile.problem(of: file, error))
    }
  }
}

extension RowDecoder.Problem {
  /// The problem with the name of the file.
  func error(in file: URL) -> DatasetError { DatasetError(reason: reason, file: file, line: line, detail: detail) }
}
