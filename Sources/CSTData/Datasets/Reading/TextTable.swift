import CSTCore
import Foundation

/// The records of a table of texts, CSV (RFC 4180) or TSV, its first line the names of the columns.
struct TextTable {
  struct Record: Sendable {
    /// The line it begins on, counted from 1.
    let line: Int
    let row: JSONValue
  }

  /// What is wrong with the table.
  struct Problem: Error {
    let line: Int
    let detail: String
  }

  /// Columns that may hold JSON: lists of messages, answers, tools.
  private static let structured: Set<String> = ["prompt", "chosen", "rejected", "answers", "judge_scores", "tools"]
  /// Columns whose empty cells are empty texts; in others nothing is said.
  private static let texts: Set<String> = ["prompt", "chosen", "rejected"]

  private(set) var records: [Record] = []

  /// - Parameter separator: What stands between cells; nil for `,`, or `;` where the first line has none of the former.
  init(_ data: Data, separator: UInt8?) throws(Problem) {
    var reader = CellReader(bytes: [UInt8](data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data))
    let first = reader.bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    reader.separator =
      separator ?? (first.contains(UInt8(ascii: ",")) || !first.contains(UInt8(ascii: ";")) ? 0x2C : 0x3B)
    guard let header = try reader.record() else { return }
    let names = header.cells.map(\.trimmed)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw Problem(line: header.line, detail: "the table has two columns called \"\(twice.excerpt())\"; rename one")
    }
    while let record = try reader.record() {
      if record.cells == [""] { continue }
      guard record.cells.count == names.count else {
        throw Problem(
          line: record.line,
          detail:
            "expected \(names.count) cells, as the first line names columns; found \(record.cells.count): a cell with "
            + "a comma, a quotation mark or a line break stands in quotation marks")
      }
      var members = JSONMembers()
      for (name, cell) in zip(names, record.cells) where !name.isEmpty && (!cell.isEmpty || Self.texts.contains(name)) {
        members.append((name, try Self.value(of: cell, in: name, line: record.line)))
      }
      records.append(Record(line: record.line, row: .object(members)))
    }
  }

  private static func value(of cell: String, in name: String, line: Int) throws(Problem) -> JSONValue {
    let start = cell.drop { $0.isWhitespace }.prefix(2)
    guard structured.contains(name), ["[{", "{\"", "{'"].contains(String(start)) else { return .string(cell) }
    let parsed: JSONValue? = Array(cell.utf8).withUnsafeBytes { try? JSONSyntaxError.value(of: $0) }
    if let parsed { return parsed }
    guard start == "[{" || start == "{'", cell.contains("'") else { return .string(cell) }
    throw Problem(
      line: line,
      detail: "the column \"\(name)\" has a list as Python prints it, which is not JSON; write the dataset with to_json"
    )
  }
}

/// Takes a table apart.
private struct CellReader {
  let bytes: [UInt8]
  var separator: UInt8 = 0x2C
  private var position = 0
  private var line = 1

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func record() throws(TextTable.Problem) -> (line: Int, cells: [String])? {
    guard position < bytes.count else { return nil }
    let start = line
    var cells: [String] = []
    while true {
      cells.append(try cell())
      guard position < bytes.count else { return (start, cells) }
      let byte = bytes[position]
      position += 1
      if byte == separator {
        // A separator at the very end opens one more cell.
        if position == bytes.count { return (start, cells + [""]) }
        continue
      }
      if byte == 0x0D, position < bytes.count, bytes[position] == 0x0A { position += 1 }
      line += 1
      return (start, cells)
    }
  }

  private mutating func cell() throws(TextTable.Problem) -> String {
    guard position < bytes.count, bytes[position] == 0x22 else {
      let start = position
      while position < bytes.count, ![separator, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
      return try text(bytes[start..<position])
    }
    let start = line
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == 0x0A { line += 1 }
      if byte != 0x22 {
        content.append(byte)
      } else if position < bytes.count, bytes[position] == 0x22 {
        content.append(byte)
        position += 1
      } else {
        guard position == bytes.count || [separator, 0x0A, 0x0D].contains(bytes[position]) else {
          throw TextTable.Problem(
            line: line, detail: "something follows a cell's closing quotation mark; within a cell it is written twice")
        }
        return try text(content[...])
      }
    }
    throw TextTable.Problem(line: start, detail: "a cell's quotation mark is not closed before the end of the file")
  }

  private func text(_ bytes: ArraySlice<UInt8>) throws(TextTable.Problem) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TextTable.Problem(line: line, detail: "a cell is not UTF-8 text")
    }
    return text
  }
}
