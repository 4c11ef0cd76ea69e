import CSTCore

extension ConditionsReport {
  /// The models, in their order.
  var modelNames: [String] { conditions.first?.models.map(\.model) ?? [] }

  /// A table of one model: a row a condition, a column a measure. Empty where a condition has no such measure.
  func table(of model: String) -> (head: [String], rows: [(condition: EvaluationCondition, cells: [Proportion?])]) {
    let measures = measures(of: model)
    var head: [String] = []
    for measure in measures where !head.contains(measure.name) { head.append(measure.name) }
    let rows = conditions.map { entry in
      (
        condition: entry.condition,
        cells: head.map { name in
          measures.first { $0.condition == entry.condition && $0.name == name }?.proportion
        }
      )
    }
    return (head, rows)
  }

  /// The worst of a model's numbers in a line.
  func headline(of model: String) -> String {
    guard let worst = worst(of: model), let estimate = worst.proportion.estimate else {
      return "\(model): nothing was measured"
    }
    let interval = worst.proportion.interval
    return "\(model): worst \(worst.name) under \(worst.condition.rawValue): \(worst.proportion.count)/"
      + "\(worst.proportion.total), \(FixedPoint.text(estimate, decimals: 2)) "
      + "[\(FixedPoint.text(interval.low, decimals: 2)), \(FixedPoint.text(interval.high, decimals: 2))]"
  }

  /// The report as plain text for a terminal: the worst of each model, a table for each, what was left out, replies that
  /// broke.
  ///
  /// - Parameter columns: The width to keep to; at least 60.
  public func text(columns: Int = 100) -> String {
    let columns = max(60, columns)
    var lines = ["How the switch holds: counts with 95 % Wilson intervals in per cent", ""] + modelNames.map(headline)
    for model in modelNames {
      let (head, rows) = table(of: model)
      lines += ["", TerminalText.cut(model, to: columns)]
      let cells = rows.map { row in [row.condition.rawValue] + row.cells.map { $0.map(Self.cell) ?? "" } }
      lines += TerminalText.table([[""] + head] + cells, alignment: .left)
    }
    if !left.isEmpty { lines.append("") }
    lines += left.map { "not measured: \($0.condition.rawValue): \($0.reason)" }
    for broken in breaks {
      lines.append("")
      lines += TerminalText.wrap(
        broken.conversation.last?.content ?? "", columns: columns,
        first: "Broke (\(broken.model), \(broken.condition.rawValue), \(broken.configuration)): ", indent: 2)
      lines += TerminalText.wrap(
        broken.reply, columns: columns, first: "  \(broken.verdict.rawValue) instead of \(broken.expected.rawValue): ",
        indent: 6)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The count and the interval in per cent.
  private static func cell(_ value: Proportion) -> String {
    func percent(_ share: Double) -> String { FixedPoint.text(100 * share, decimals: 0) }
    return "\(value.count)/\(value.total) [\(percent(value.interval.low)), \(percent(value.interval.high))]"
  }
}
