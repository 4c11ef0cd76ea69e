import CSTCore
import CSTData

extension DatasetReport {
  /// The report as plain text for a terminal: a table of the configurations, then the findings with examples.
  ///
  /// Nothing that stands in the data can steer the terminal: control characters in examples are shown as `·`.
  ///
  /// - Parameter file: What the examples' lines are lines of.
  public func text(file: String) -> String {
    var lines = [
      "\(file.excerpt(400)): \(Self.plural(rows, "row")), \(neutralRows) neutral; lengths in \(unit.rawValue)"
    ]
    if !configurations.isEmpty { lines += [""] + table }
    if findings.isEmpty { lines += ["", "No findings."] }
    for finding in findings {
      lines += ["", "\(finding.severity.rawValue): \(finding.kind.title) (\(finding.count))"]
      for example in finding.examples {
        let place = example.line.map { "\(file.excerpt(400)):\($0): " } ?? ""
        lines.append("  \(place)\(example.detail)")
      }
      if finding.count > finding.examples.count, finding.examples.contains(where: { $0.line != nil }) {
        lines.append("  … and \(finding.count - finding.examples.count) more")
      }
      lines.append("  → \(finding.advice)")
    }
    lines += ["", "\(Self.plural(count(of: .error), "error")), \(Self.plural(count(of: .warning), "warning"))"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// Column heads and the values of every configuration.
  static let heads = [
    "pairs", "chosen mean", "median", "p95", "rejected mean", "median", "p95", "ratio", "chosen longer",
  ]

  static func cells(of configuration: ConfigurationSummary) -> [String] {
    let (chosen, rejected) = (configuration.chosen, configuration.rejected)
    return [
      "\(configuration.pairs)", FixedPoint.text(chosen.mean, decimals: 1), "\(chosen.median)", "\(chosen.p95)",
      FixedPoint.text(rejected.mean, decimals: 1), "\(rejected.median)", "\(rejected.p95)",
      configuration.meanRatio.map { FixedPoint.text($0, decimals: 2) } ?? "–",
      FixedPoint.percent(configuration.chosenLongerShare),
    ]
  }

  private var table: [String] {
    let rows = configurations.map { [Self.name($0)] + Self.cells(of: $0) }
    return TerminalText.table([[""] + Self.heads] + rows, alignment: .right)
  }

  /// A configuration's name as reports show it.
  static func name(_ configuration: ConfigurationSummary) -> String {
    configuration.name == PreferencePair.everyConfigurationMark ? "neutral rows" : configuration.name.excerpt(52)
  }

  static func plural(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
