import CSTCore

/// A `ControllabilityReport` as one HTML page: charts of training, the table, replies side by side.
///
/// The page is complete in itself: no scripts, no fonts, no images, nothing fetched. Everything a user or a model wrote is
/// escaped, and the page forbids scripts besides.
///
/// ```swift
/// try Data(HTMLReport(report, histories: [history]).text.utf8).write(to: page, options: .atomic)
/// ```
public struct HTMLReport: Sendable {
  private let report: ControllabilityReport
  private let histories: [TrainingHistory]
  private let capability: CapabilityReport?

  /// Creates a page.
  ///
  /// - Parameter report: What is shown.
  /// - Parameter histories: Training runs to draw, at most one a model; may be empty.
  /// - Parameter capability: What the model can do beside it, if that was measured.
  public init(
    _ report: ControllabilityReport, histories: [TrainingHistory] = [], capability: CapabilityReport? = nil
  ) {
    self.report = report
    self.histories = histories
    self.capability = capability
  }

  /// The page's source.
  public var text: String {
    HTML.page(
      title: "Controllability: \(report.policy.name)",
      sections: [conditions, table, capability?.section ?? "", charts, samples, settings])
  }

  private var table: String {
    let head = report.models.map { "<th scope=\"col\">\(HTML.escape($0.model))</th>" }.joined()
    let rows = report.rows.map { row in
      let cells = row.values.map { Self.cell($0, isBetterHigh: row.isBetterHigh) }.joined()
      return
        "<tr><th scope=\"row\">\(HTML.escape(row.label))<small>\(HTML.escape(row.explanation))</small></th>\(cells)</tr>"
    }
    return """
      <section><h2>Measures</h2>
      <div class="wide"><table>
      <thead><tr><td></td>\(head)</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table></div>
      <p class="note">Estimate, 95 % Wilson interval and count. Bars show the estimate, whiskers the interval; \
      for measures in grey, less is better.</p></section>
      """
  }

  private static func cell(_ value: Proportion, isBetterHigh: Bool) -> String {
    guard let estimate = value.estimate else { return "<td>–</td>" }
    let interval = value.interval
    func x(_ share: Double) -> String { FixedPoint.text(100 * share, decimals: 1) }
    return """
      <td><b>\(FixedPoint.percent(estimate))</b> <span class="note">\(x(interval.low))–\(x(interval.high)), \
      \(value.count)/\(value.total)</span>\
      <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">\
      <rect class="track" width="100" height="8"/>\
      <rect class="\(isBetterHigh ? "good" : "grey")" width="\(x(estimate))" height="8"/>\
      <path class="whisker" d="M\(x(interval.low)) 4H\(x(interval.high))"/></svg></td>
      """
  }

  private var conditions: String {
    guard let report = report.conditions else { return "" }
    let headlines = report.modelNames.map { "<li>\(HTML.escape(report.headline(of: $0)))</li>" }.joined()
    let tables = report.modelNames.map { model in
      let (head, rows) = report.table(of: model)
      let columns = head.map { "<th scope=\"col\">\(HTML.escape($0))</th>" }.joined()
      let body = rows.map { row in
        let cells = row.cells.map { $0.map { Self.cell($0, isBetterHigh: true) } ?? "<td></td>" }.joined()
        return
          "<tr><th scope=\"row\">\(row.condition.rawValue)<small>\(HTML.escape(row.condition.explanation))</small></th>"
          + "\(cells)</tr>"
      }
      return """
        <h3>\(HTML.escape(model))</h3>
        <div class="wide"><table><thead><tr><td></td>\(columns)</tr></thead>
        <tbody>\(body.joined(separator: "\n"))</tbody></table></div>
        """
    }
    let left = report.left.map { HTML.escape("not measured: \($0.condition.rawValue): \($0.reason)") }
    let breaks = report.breaks.map { broken in
      let turns = broken.conversation.map { "<b>\($0.role.rawValue)</b> \(HTML.escape($0.content))" }
      return """
        <article><h3>\(HTML.escape(broken.model)), \(broken.condition.rawValue), \(HTML.escape(broken.configuration)): \
        \(broken.verdict.rawValue) instead of \(broken.expected.rawValue)</h3>
        <div class="reply">\(turns.joined(separator: "<br>"))</div><div class="reply">\(HTML.escape(broken.reply))</div></article>
        """
    }
    return """
      <section><h2>How the switch holds</h2>
      <ul>\(headlines)</ul>
      \(tables.joined(separator: "\n"))
      <p class="note">\(left.joined(separator: "<br>"))</p>
      \(breaks.isEmpty ? "" : "<h2>Replies that broke</h2>\n" + breaks.joined(separator: "\n"))</section>
      """
  }

  private var charts: String {
    guard !histories.isEmpty else { return "" }
    let loss = LineChart(
      title: "Loss", xLabel: "step",
      series: histories.map { history in
        LineChart.Series(name: history.model, points: history.points.map { (Double($0.step), $0.loss) })
      })
    let margins = histories.map { history in
      LineChart(
        title: "Reward margin by configuration: \(history.model)", xLabel: "step",
        series: report.policy.configurations.map { configuration in
          LineChart.Series(
            name: configuration.name,
            points: history.points.compactMap { point in
              point.margins[configuration.name].map { (Double(point.step), $0) }
            })
        })
    }
    let figures = ([loss] + margins).map(\.html).joined(separator: "\n")
    return "<section><h2>Training</h2>\n<div class=\"charts\">\(figures)</div></section>"
  }

  private var samples: String {
    let unseen = report.conditions?.samples ?? []
    guard !report.samples.isEmpty || !unseen.isEmpty else { return "" }
    let blocks = (report.samples + unseen).map { sample in
      let rows = report.policy.configurations.map { configuration in
        let replies = sample.entries.filter { $0.configuration == configuration.name }.map { entry in
          """
          <td><span class="verdict \(entry.verdict.rawValue)">\(entry.verdict.rawValue)</span>\
          <div class="reply">\(HTML.escape(entry.text))</div></td>
          """
        }
        return "<tr><th scope=\"row\">\(HTML.escape(configuration.name))</th>\(replies.joined())</tr>"
      }
      let head = report.models.map { "<th scope=\"col\">\(HTML.escape($0.model))</th>" }.joined()
      return """
        <article><h3>\(HTML.escape(sample.prompt))\(sample.isNeutral ? " <small>neutral</small>" : "")</h3>
        <div class="wide"><table class="replies"><thead><tr><td></td>\(head)</tr></thead>
        <tbody>\(rows.joined(separator: "\n"))</tbody></table></div></article>
        """
    }
    let note =
      unseen.isEmpty
      ? "" : "<p class=\"note\">The last \(unseen.count) under wordings that were not trained on.</p>"
    return "<section><h2>Replies side by side</h2>\n\(note)\(blocks.joined(separator: "\n"))</section>"
  }

  private var settings: String {
    let prompts = report.policy.configurations.map {
      ControllabilityReport.Fact("system prompt of \($0.name)", $0.systemPrompt)
    }
    let facts = (report.facts + prompts).map {
      "<dt>\(HTML.escape($0.name))</dt><dd>\(HTML.escape($0.value))</dd>"
    }
    return "<section><h2>Settings</h2>\n<dl>\(facts.joined(separator: "\n"))</dl></section>"
  }
}
