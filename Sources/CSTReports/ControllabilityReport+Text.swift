import CSTCore

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
    let names = TerminalText.table(facts.map { [TerminalText.cut($0.name, to: columns / 3), ""] }, alignment: .left)
    for (fact, name) in zip(facts, names) { lines += TerminalText.wrap(fact.value, columns: columns, first: name) }
    lines.append("")
    lines += table(columns: columns)
    if let conditions { lines += ["", conditions.text(columns: columns)] }
    let unseen = conditions?.samples ?? []
    if !unseen.isEmpty { lines += ["", "Replies under wordings that were not trained on"] }
    for sample in unseen.isEmpty ? samples : unseen {
      lines.append("")
      lines += TerminalText.wrap(sample.prompt, columns: columns, first: sample.isNeutral ? "Neutral: " : "Question: ")
      for entry in sample.entries {
        let names = [entry.model, entry.configuration].map { TerminalText.cut($0, to: 22) }.joined(separator: ", ")
        let head = "  \(names) (\(entry.verdict.rawValue)): "
        lines += TerminalText.wrap(entry.text, columns: columns, first: head, indent: 6)
      }
    }
    return lines.map { $0.trimmingTrailingSpaces }.joined(separator: "\n") + "\n"
  }

  private func table(columns: Int) -> [String] {
    let all =
      [[""] + models.map { TerminalText.cut($0.model, to: 22) }]
      + rows.map { [TerminalText.cut($0.label, to: columns / 3)] + $0.values.map(Self.cell) }
    let widths = TerminalText.widths(of: all)
    var lines: [String] = []
    var next = 1
    while next <= models.count {
      var end = next + 1
      while end <= models.count, widths[0] + widths[next...end].reduce(0, { $0 + 2 + $1 }) <= columns { end += 1 }
      if next > 1 { lines.append("") }
      lines += TerminalText.table(all.map { [$0[0]] + $0[next..<end] }, alignment: .left)
      next = end
    }
    return lines
  }

  private static func cell(_ value: Proportion) -> String {
    guard let estimate = value.estimate else { return "–" }
    func two(_ number: Double) -> String { FixedPoint.text(number, decimals: 2) }
    return "\(value.count)/\(value.total) \(two(estimate)) [\(two(value.interval.low)), \(two(value.interval.high))]"
  }
}
