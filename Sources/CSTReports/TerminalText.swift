/// Plain text laid out for a terminal. Nothing in it can steer the terminal.
enum TerminalText {
  /// Where the cells of a column stand, where others are wider.
  enum Alignment { case left, right }

  /// The width of each column of a table: that of its widest cell.
  static func widths(of rows: [[String]]) -> [Int] {
    (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  }

  /// A table: a line for each row, columns two spaces apart.
  /// - Parameter alignment: Of all columns but the first, which stands on the left.
  static func table(_ rows: [[String]], alignment: Alignment) -> [String] {
    let widths = widths(of: rows)
    return rows.map { row in
      row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 || alignment == .left ? cell + padding : padding + cell
      }.joined(separator: "  ")
    }
  }

  /// A name on one line, cut with an ellipsis where it is longer than a width.
  static func cut(_ name: String, to width: Int) -> String {
    let name = name.excerpt(.max)
    return name.count > width ? String(name.prefix(max(0, width - 1))) + "…" : name
  }

  /// Breaks text at spaces so that no line is longer than the width; a longer word is cut.
  static func wrap(_ text: String, columns: Int, first: String, indent: Int? = nil) -> [String] {
    let indentation = String(repeating: " ", count: min(indent ?? first.count, columns / 2))
    var lines: [String] = []
    var line = first
    var isFresh = true
    for word in text.excerpt(.max).split(separator: " ") {
      var word = word
      if !isFresh, line.count + 1 + word.count > columns {
        lines.append(line)
        (line, isFresh) = (indentation, true)
      }
      if isFresh, line.count + word.count > columns, line.count > indentation.count {
        lines.append(line)
        line = indentation
      }
      while line.count + word.count > columns {
        let room = columns - line.count
        lines.append(line + word.prefix(room))
        (line, word) = (indentation, word.dropFirst(room))
      }
      line += (isFresh ? "" : " ") + word
      isFresh = false
    }
    return lines + [line]
  }
}

extension String {
  /// The text without the spaces that pad a table's last column.
  var trimmingTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
