import CSTCore
import CSTData
extension ControllabilityReport {
  /// The report as plain text for a terminal: facts, the table, replies side by side.
  ///
  /// Each value is `count/total estimate [low, high]`. Where the models do not fit next to each other, the table continues
  /// below. Control characters in replies are shown as `·`, so that no reply can steer the terminal.
  ///
  /// - Parameter columns: The width to keep to; at least 60. Long names are cut.
  public func text(columns: Int = 100) -> String {
    let columns = max(60, columns)
    var lines: [String] = ["Controllability, with 95 % Wilson intervals", ""]
    let width = min(columns / 3, facts.map(\.name.count).max() ?? 0)
    for fact in facts {
      lines += Self.wrap(fact.value, columns: columns, first: Self.pad(fact.name.excerpt(.max), to: width) + "  ")
    }
    lines.append("")
    lines += table(columns: columns)
    for sample in samples {
      lines.append("")
      lines += Self.wrap(sample.prompt, columns: columns, first: sample.isNeutral ? "Neutral: " : "Question: ")
      for entry in sample.entries {
        let names = [entry.model, entry.configuration].map { Self.cut($0.excerpt(.max)) }.joined(separator: ", ")
        let head = "  \(names) (\(entry.verdict.rawValue)): "
        lines += Self.wrap(entry.text, columns: columns, first: head, indent: 6)
      }
    }
    return lines.map { $0.trimmingTrailingSpaces }.joined(separator: "\n") + "\n"
  }

  private func table(columns: Int) -> [String] {
    let rows = self.rows
    let labelWidth = min(columns / 3, rows.map(\.label.count).max() ?? 0)
    let cells = models.indices.map { model in rows.map { Self.cell($0.values[model]) } }
    let names = models.map { Self.cut($0.model.excerpt(.max)) }
    let widths = models.indices.map { model in max(names[model].count, cells[model].map(\.count).max() ?? 0) }
    var lines: [String] = []
    var next = 0
    while next < models.count {
      var end = next + 1
      var used = labelWidth + 2 + widths[next]
      while end < models.count, used + 2 + widths[end] <= columns {
        used += 2 + widths[end]
        end += 1
      }
      if next > 0 { lines.append("") }
      let columnsShown = next..<end
      let head = columnsShown.map { Self.pad(names[$0], to: widths[$0]) }
      lines.append(([Self.pad("", to: labelWidth)] + head).joined(separator: "  "))
      for (row, content) in rows.enumerated() {
        let values = columnsShown.map { Self.pad(cells[$0][row], to: widths[$0]) }
        lines.append(([Self.pad(content.label.excerpt(.max), to: labelWidth)] + values).joined(separator: "  "))
      }
      next = end
    }
    return lines
  }

  private static func cell(_ value: Proportion) -> String {
    guard let estimate = value.estimate else { return "–" }
    func two(_ number: Double) -> String { FixedPoint.text(number, decimals: 2) }
    return "\(value.count)/\(value.total) \(two(estimate)) [\(two(value.interval.low)), \(two(value.interval.high))]"
  }

  /// A name short enough for the head of a column.
  private static func cut(_ name: String) -> String { pad(name, to: min(name.count, 22)) }

  /// The text padded with spaces, or cut with an ellipsis.
  private static func pad(_ text: String, to width: Int) -> String {
    text.count > width
      ? String(text.prefix(max(0, width - 1))) + "…" : text + String(repeating: " ", count: width - text.count)
  }

  /// Breaks text at spaces so that no line is longer than the width; a longer word is cut.
  private static func wrap(_ text: String, columns: Int, first: String, indent: Int? = nil) -> [String] {
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
  fileprivate var trimmingTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
