import CSTCore
import Foundation

/// The rows of a JSONL file or of a JSON list, as bytes, one at a time.
///
/// A text that begins with `[` is a list, and its elements are the rows; anything else is one row a line. A byte order
/// mark at the start is skipped, lines may end in CRLF, and blank lines are no rows. Nothing here checks that a row is
/// JSON: only where it begins and ends.
struct JSONRows {
  struct Row: Equatable {
    /// The line it begins on, counted from 1.
    let line: Int
    let bytes: Range<Int>
  }

  /// What can be wrong with a list around its elements.
  struct ListError: Error, Equatable {
    let line: Int
    let problem: String
  }

  private let data: Data
  private let isList: Bool
  private var offset: Int
  private var line = 1
  private var isFinished = false

  /// - Parameter data: The whole file. It is read in place, once, from the start to the end.
  init(_ data: Data) {
    self.data = data
    offset = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.startIndex + 3 : data.startIndex
    let first = data[offset...].first { !Self.isSpace($0) }
    isList = first == UInt8(ascii: "[")
    if isList {
      skipSpaces()
      offset += 1
    }
  }

  /// The next row, or `nil` at the end.
  mutating func next() throws(ListError) -> Row? { isList ? try nextElement() : nextLine() }

  private mutating func nextLine() -> Row? {
    while offset < data.endIndex {
      let start = offset
      let (end, isBlank) = data.withUnsafeBytes { bytes in
        let rest = bytes[(start - data.startIndex)...]
        let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
        return (end + data.startIndex, rest[..<end].allSatisfy(Self.isSpace))
      }
      let row = Row(line: line, bytes: start..<end)
      offset = min(end + 1, data.endIndex)
      line += 1
      if !isBlank { return row }
    }
    return nil
  }

  private mutating func nextElement() throws(ListError) -> Row? {
    guard !isFinished else { return nil }
    skipSpaces()
    let row = scanElement()
    guard offset < data.endIndex else {
      throw ListError(line: row.line, problem: "the list is not closed: expected , or ] before the end of the file")
    }
    let separator = data[offset]
    offset += 1
    if separator == UInt8(ascii: "]") {
      isFinished = true
      skipSpaces()
      if offset < data.endIndex { throw ListError(line: line, problem: "something follows the list's closing ]") }
      // Only an empty list may end where an element was expected; `[1,]` is caught here.
      if row.bytes.isEmpty {
        guard previousMark(before: row.bytes.lowerBound) == UInt8(ascii: "[") else {
          throw ListError(line: row.line, problem: "a comma stands before the list's closing ]; remove it")
        }
        return nil
      }
    }
    return row
  }

  /// Moves to the `,` or `]` that ends the element.
  private mutating func scanElement() -> Row {
    let (start, startLine) = (offset, line)
    var depth = 0
    var inString = false
    while offset < data.endIndex {
      let byte = data[offset]
      if byte == UInt8(ascii: "\n") { line += 1 }
      if inString {
        if byte == UInt8(ascii: "\\") { offset += 1 } else if byte == UInt8(ascii: "\"") { inString = false }
      } else if byte == UInt8(ascii: "\"") {
        inString = true
      } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
        depth += 1
      } else if depth == 0, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") {
        break
      } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
        depth -= 1
      }
      offset += 1
    }
    offset = min(offset, data.endIndex)
    return Row(line: startLine, bytes: start..<offset)
  }

  private func previousMark(before end: Int) -> UInt8? { data[..<end].last { !Self.isSpace($0) } }

  private mutating func skipSpaces() {
    while offset < data.endIndex, Self.isSpace(data[offset]) {
      if data[offset] == UInt8(ascii: "\n") { line += 1 }
      offset += 1
    }
  }

  /// The four characters JSON calls whitespace.
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}
