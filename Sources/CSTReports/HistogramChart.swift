import CSTCore
import CSTData

/// Histograms over one axis as an inline SVG of bars, without scripts or anything from outside.
///
/// Colours come from the page's style sheet, so that the chart follows light and dark mode.
struct HistogramChart {
  /// One histogram.
  struct Series {
    let name: String
    let histogram: Histogram
  }

  let title: String
  let xLabel: String
  /// Histograms of the same bins; bars of a bin stand side by side.
  let series: [Series]

  private static let size = (width: 640, height: 220)
  private static let plot = (left: 48.0, right: 624.0, top: 12.0, bottom: 168.0)
  /// About how many bins lie between two labels of the axis.
  private static let labels = 8

  /// The `<figure>` with the chart and its legend. Names are escaped here.
  var html: String {
    let bins = series.map(\.histogram.counts.count).max() ?? 0
    let highest = series.flatMap(\.histogram.counts).max() ?? 0
    guard bins > 0, highest > 0, let axis = series.first?.histogram else { return "" }
    let binWidth = (Self.plot.right - Self.plot.left) / Double(bins)
    let barWidth = 0.9 * binWidth / Double(series.count)

    var svg = "<svg viewBox=\"0 0 \(Self.size.width) \(Self.size.height)\" role=\"img\" "
    svg += "aria-label=\"\(HTML.escape(title))\">\n"
    for share in [0.0, 0.5, 1.0] {
      let y = Self.number(Self.plot.bottom - share * (Self.plot.bottom - Self.plot.top))
      svg += "<line class=\"grid\" x1=\"\(Self.number(Self.plot.left))\" x2=\"\(Self.number(Self.plot.right))\" "
      svg += "y1=\"\(y)\" y2=\"\(y)\"/>"
      svg += "<text class=\"end\" x=\"\(Self.number(Self.plot.left - 6))\" y=\"\(y)\" dy=\"0.32em\">"
      svg += "\(Int((share * Double(highest)).rounded()))</text>\n"
    }
    for (position, line) in series.enumerated() {
      for (bin, count) in line.histogram.counts.enumerated() where count > 0 {
        let height = Double(count) / Double(highest) * (Self.plot.bottom - Self.plot.top)
        let x = Self.plot.left + Double(bin) * binWidth + 0.05 * binWidth + Double(position) * barWidth
        let low = axis.start + bin * axis.width
        svg += "<rect class=\"b\(position)\" x=\"\(Self.number(x))\" y=\"\(Self.number(Self.plot.bottom - height))\" "
        svg += "width=\"\(Self.number(barWidth))\" height=\"\(Self.number(height))\">"
        svg += "<title>\(HTML.escape(line.name)), \(Self.range(low, axis.width)): \(count)</title></rect>\n"
      }
    }
    for bin in stride(from: 0, to: bins, by: max(1, bins / Self.labels)) {
      let x = Self.number(Self.plot.left + Double(bin) * binWidth)
      svg += "<text x=\"\(x)\" y=\"\(Self.number(Self.plot.bottom + 18))\">\(axis.start + bin * axis.width)</text>\n"
    }
    let middle = Self.number((Self.plot.left + Self.plot.right) / 2)
    svg += "<text class=\"middle\" x=\"\(middle)\" y=\"\(Self.number(Self.plot.bottom + 38))\">"
    svg += "\(HTML.escape(xLabel))</text>\n</svg>"
    let legend = series.enumerated().map { position, line in
      "<span class=\"key\"><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\"><rect class=\"b\(position)\" width=\"24\" "
        + "height=\"8\"/></svg>\(HTML.escape(line.name))</span>"
    }
    return """
      <figure><figcaption>\(HTML.escape(title))</figcaption>
      \(svg)
      <p class="legend">\(legend.joined(separator: "\n"))</p></figure>
      """
  }

  private static func range(_ low: Int, _ width: Int) -> String { width == 1 ? "\(low)" : "\(low)–\(low + width - 1)" }

  private static func number(_ value: Double) -> String { FixedPoint.text(value, decimals: 1) }
}
