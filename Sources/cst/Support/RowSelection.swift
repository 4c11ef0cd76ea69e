import ArgumentParser

/// Which rows of a dataset to use: `0-699` (both ends included), `700-` (to the end) or `12`, counted from 0.
struct RowSelection: Equatable, Sendable, CustomStringConvertible {
  let first: Int
  /// The last row, included; `nil` is the end of the data.
  let last: Int?

  /// - Throws: `ValidationError` saying what is allowed.
  init(parsing text: String) throws {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts.map { part in part.allSatisfy(\.isASCII) && part.allSatisfy(\.isNumber) ? Int(part) : nil }
    guard let first = numbers.first ?? nil else { throw Self.notRows }
    if numbers.count == 1 {
      (self.first, last) = (first, first)
    } else if parts[1].isEmpty {
      (self.first, last) = (first, nil)
    } else if let last = numbers[1], last >= first {
      (self.first, self.last) = (first, last)
    } else {
      throw Self.notRows
    }
  }

  private static var notRows: ValidationError {
    ValidationError(
      "it must be FIRST-LAST (both included, counted from 0), FIRST- or one row, such as 0-699")
  }

  var description: String {
    switch last {
    case nil: "\(first)-"
    case first: "\(first)"
    case let last?: "\(first)-\(last)"
    }
  }

  /// The positions it means in data of `count` rows.
  /// - Throws: ``CommandError`` where the data has not that many.
  func positions(in count: Int, of file: String) throws(CommandError) -> Range<Int> {
    guard first < count, last ?? first < count else {
      throw CommandError("\(file): --rows \(self): the file has \(count) rows, the last is row \(count - 1)")
    }
    return first..<(last.map { $0 + 1 } ?? count)
  }
}
