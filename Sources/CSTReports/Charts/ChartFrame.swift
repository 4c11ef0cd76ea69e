import CSTCore

/// What charts share: a figure of inline SVG, without anything from outside, with a grid, labels and a legend. Texts are
/// escaped here; colours come from the page's style sheet, so that a chart follows light and dark mode.
struct ChartFrame {
  let title: String
  let xLabel: String
  /// The size of the whole, and the edges of what is drawn in.
  let size: (width: Int, height: Int)
  let plot: (left: Double, right: Double, top: Double, bottom: Double)

  /// The `<figure>` of SVG elements.
  /// - Parameter keys: What the legend names, each with the element that shows it, 24 wide and 8 high.
  func figure(_ drawing: String, keys: [(name: String, mark: String)]) -> String {
    let middle = text(xLabel, x: (plot.left + plot.right) / 2, y: plot.bottom + 38, style: "middle")
    let legend = keys.map { key in
      "<span class=\"key\"><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\">\(key.mark)</svg>\(HTML.escape(key.name))</span>"
    }
    return """
      <figure><figcaption>\(HTML.escape(title))</figcaption>
      <svg viewBox="0 0 \(size.width) \(size.height)" role="img" aria-label="\(HTML.escape(title))">
      \(drawing)\(middle)</svg>
      <p class="legend">\(legend.joined(separator: "\n"))</p></figure>
      """
  }

  /// A line across the drawing at a height, and its label on the left.
  func gridLine(at y: Double, label: String, isAxis: Bool = false) -> String {
    let (left, right, y) = (Self.number(plot.left), Self.number(plot.right), Self.number(y))
    return "<line class=\"\(isAxis ? "axis" : "grid")\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(y)\" y2=\"\(y)\"/>"
      + "<text class=\"end\" x=\"\(Self.number(plot.left - 6))\" y=\"\(y)\" dy=\"0.32em\">\(HTML.escape(label))</text>\n"
  }

  /// A label below the drawing: around a place, or from it on.
  func tick(at x: Double, label: String, style: String? = nil) -> String {
    text(label, x: x, y: plot.bottom + 18, style: style)
  }

  private func text(_ text: String, x: Double, y: Double, style: String?) -> String {
    let style = style.map { " class=\"\($0)\"" } ?? ""
    return "<text\(style) x=\"\(Self.number(x))\" y=\"\(Self.number(y))\">\(HTML.escape(text))</text>\n"
  }

  static func number(_ value: Double) -> String { FixedPoint.text(value, decimals: 1) }
}
