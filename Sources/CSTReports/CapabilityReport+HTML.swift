import CSTCore

extension CapabilityReport {
  /// The report as one HTML page, complete in itself: no scripts, nothing fetched, everything from outside escaped.
  public func html() -> String { HTML.page(title: "Capability: \(tunedModel ?? baseModel)", sections: [section]) }

  /// The report as a part of a page.
  var section: String {
    let head = columnNames.map { "<th scope=\"col\">\(HTML.escape($0))</th>" }.joined()
    let bodies = blocks.map { block in
      let rows = block.rows.map { row in
        let cells = ([row.base] + [row.tuned, row.difference].compactMap { $0 }).map { "<td>\(HTML.escape($0))</td>" }
        return """
          <tr><th scope="row">\(HTML.escape(row.label))<small>\(HTML.escape(row.explanation))</small></th>\
          \(cells.joined())</tr>
          """
      }
      return """
        <tbody><tr><th scope="rowgroup" colspan="\(columnNames.count + 1)">\(HTML.escape(block.title))</th></tr>
        \(rows.joined(separator: "\n"))</tbody>
        """
    }
    return """
      <section><h2>Capability\(tunedModel == nil ? "" : " kept")</h2>
      <div class="wide"><table>
      <thead><tr><td></td>\(head)</tr></thead>
      \(bodies.joined(separator: "\n"))
      </table></div>
      <p class="note">95 % intervals: Wilson's for shares; for differences, paired by question, window or reply.</p></section>
      """
  }
}
