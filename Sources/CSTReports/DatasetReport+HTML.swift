import CSTCore
import CSTData

extension DatasetReport {
  /// The report as one HTML page: the table, the findings, histograms of lengths.
  ///
  /// The page is complete in itself: no scripts, no fonts, no images, nothing fetched; it follows light and dark mode.
  /// Everything that stands in the data is escaped, and the page forbids scripts besides.
  ///
  /// - Parameter file: What the report is about.
  public func html(file: String) -> String {
    let summary = """
      <p>\(Self.plural(rows, "row")), \(neutralRows) neutral. \(Self.plural(count(of: .error), "error")), \
      \(Self.plural(count(of: .warning), "warning")).</p>
      """
    return HTML.page(
      title: "Dataset check: \(file)", style: Self.style,
      sections: [summary, findingsSection(file: file), tableSection, chartSection])
  }

  private static let style = """
    .b0 { fill: var(--s0); } .b1 { fill: var(--s1); }
    .severity { font-size: 0.72rem; border: 1px solid; border-radius: 1em; padding: 0 0.6em; margin-right: 0.5em; }
    .error { color: var(--s5); } .warning { color: var(--s1); } .note-mark { color: var(--soft); }
    .examples { padding-left: 1.25rem; margin: 0.25rem 0; font-size: 0.92rem; overflow-wrap: anywhere; }

    """

  private func findingsSection(file: String) -> String {
    guard !findings.isEmpty else { return "<section><h2>Findings</h2>\n<p>No findings.</p></section>" }
    let articles = findings.map { finding in
      let mark = finding.severity == .note ? "note-mark" : finding.severity.rawValue
      let examples = finding.examples.map { example in
        let place = example.line.map { "\(HTML.escape(file)):\($0): " } ?? ""
        return "<li>\(place)\(HTML.escape(example.detail))</li>"
      }
      return """
        <article><h3><span class="severity \(mark)">\(finding.severity.rawValue)</span>\
        \(HTML.escape(finding.kind.title)) <small>\(finding.count)</small></h3>
        <ul class="examples">\(examples.joined(separator: "\n"))</ul>
        <p class="note">\(HTML.escape(finding.advice))</p></article>
        """
    }
    return "<section><h2>Findings</h2>\n\(articles.joined(separator: "\n"))</section>"
  }

  private var tableSection: String {
    guard !configurations.isEmpty else { return "" }
    let heads = Self.heads.map { "<th scope=\"col\">\($0)</th>" }.joined()
    let rows = configurations.map { configuration in
      let cells = Self.cells(of: configuration).map { "<td>\($0)</td>" }.joined()
      return "<tr><th scope=\"row\">\(HTML.escape(Self.name(configuration)))</th>\(cells)</tr>"
    }
    return """
      <section><h2>Lengths in \(unit.rawValue)</h2>
      <div class="wide"><table>
      <thead><tr><td></td>\(heads)</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table></div></section>
      """
  }

  private var chartSection: String {
    guard !configurations.isEmpty else { return "" }
    let figures = configurations.map { configuration in
      let name = Self.name(configuration)
      let lengths = HistogramChart(
        title: "\(name): lengths", xLabel: "\(unit.rawValue) of an answer; the last bar holds all longer ones",
        series: [
          .init(name: "chosen", histogram: configuration.chosenHistogram),
          .init(name: "rejected", histogram: configuration.rejectedHistogram),
        ])
      let gap = HistogramChart(
        title: "\(name): length gap", xLabel: "\(unit.rawValue) by which the chosen answer is longer",
        series: [.init(name: "pairs", histogram: configuration.gapHistogram)])
      return lengths.html + "\n" + gap.html
    }
    return "<section><h2>Distributions</h2>\n<div class=\"charts\">\(figures.joined(separator: "\n"))</div></section>"
  }
}
