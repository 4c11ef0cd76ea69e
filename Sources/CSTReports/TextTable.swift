/// Tables of plain text: columns as wide as their widest cell, two spaces apart.
enum TextTable {
  /// Where the cells of a column stand, where others are wider.
  enum Alignment {
    case left, right
  }

  /// The width of each column.
  static func widths(of rows: [[String]]) -> [Int] {
    (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  }

  /// A line for each row.
  /// - Parameter alignment: Of all columns but the first, which stands on the left.
  static func lines(_ rows: [[String]], alignment: Alignment) -> [String] {
    let widths = widths(of: rows)
    return rows.map { row in
      row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 || alignment == .left ? cell + padding : padding + cell
      }.joined(separator: "  ")
    }
  }
}
