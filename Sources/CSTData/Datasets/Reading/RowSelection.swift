/// Which rows of a dataset to use: `0-699` (both ends included), `700-` (to the end) or `12`, counted from 0.
public struct RowSelection: Hashable, Sendable, LosslessStringConvertible {
  package let first: Int
  package let last: Int?

  /// Reads a selection as it is written; `nil` where the text is none.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts.map { part in part.allSatisfy(\.isASCII) && part.allSatisfy(\.isNumber) ? Int(part) : nil }
    guard let first = numbers.first ?? nil else { return nil }
    if numbers.count == 1 {
      (self.first, last) = (first, first)
    } else if parts[1].isEmpty {
      (self.first, last) = (first, nil)
    } else if let last = numbers[1], last >= first {
      (self.first, self.last) = (first, last)
    } else {
      return nil
    }
  }

  /// The text that is read as this selection.
  public var description: String {
    switch last {
    case nil: "\(first)-"
    case first: "\(first)"
    case let last?: "\(first)-\(last)"
    }
  }

  /// The positions it means in data of `count` rows, or `nil` where the data has not that many.
  func positions(in count: Int) -> Range<Int>? {
    guard first < count, last ?? first < count else { return nil }
    return first..<(last.map { $0 + 1 } ?? count)
  }
}
