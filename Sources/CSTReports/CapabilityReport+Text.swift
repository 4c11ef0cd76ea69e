import CSTCore

extension CapabilityReport {
  /// The report as plain text for a terminal: a line for each measure under its task.
  ///
  /// A share is `count/total estimate [low, high]`, a difference `estimate [low, high]`. Where the columns do not fit next
  /// to each other, they stand below one another.
  ///
  /// - Parameter columns: The width to keep to; at least 60. Long names are cut.
  public func text(columns: Int = 100) -> String {
    let columns = max(60, columns)
    let heads = [""] + columnNames.map { TerminalText.cut($0, to: 24) }
    let cells = blocks.map { block in
      block.rows.map { row in ["  \(row.label)", row.base] + [row.tuned, row.difference].compactMap { $0 } }
    }
    let table = TerminalText.table([heads] + cells.flatMap { $0 }, alignment: .left)
    let isWide = table.contains { $0.trimmingTrailingSpaces.count > columns }
    var lines = [
      tunedModel == nil
        ? "Capability of the base model, with 95 % Wilson intervals" : "Capability kept, with 95 % intervals", "",
    ]
    if !isWide { lines.append(table[0]) }
    var next = table[1...]
    for (block, cells) in zip(blocks, cells) {
      lines += TerminalText.wrap(block.title, columns: columns, first: "", indent: 2)
      let own = next.prefix(cells.count)
      next = next.dropFirst(own.count)
      lines += isWide ? cells.flatMap { Self.stacked($0, under: heads) } : Array(own)
    }
    return lines.map { $0.trimmingTrailingSpaces }.joined(separator: "\n") + "\n"
  }

  /// A measure with its columns below one another.
  private static func stacked(_ cells: [String], under heads: [String]) -> [String] {
    cells.count == 2
      ? ["\(cells[0])  \(cells[1])"]
      : [cells[0]] + TerminalText.table(zip(heads, cells).dropFirst().map { ["    \($0)", $1] }, alignment: .left)
  }
}
