import CSTData

/// Histograms over one axis as bars.
struct HistogramChart {
  struct Series {
    let name: String
    let histogram: Histogram
  }

  let title: String
  let xLabel: String
  /// Histograms of the same bins; bars of a bin stand side by side.
  let series: [Series]

  /// About how many bins lie between two labels of the axis.
  private static let labels = 8

  /// The `<figure>`, or nothing where nothing was counted.
  var html: String {
    let bins = series.map(\.histogram.counts.count).max() ?? 0
    let highest = series.flatMap(\.histogram.counts).max() ?? 0
    guard bins > 0, highest > 0, let axis = series.first?.histogram else { return "" }
    let frame = ChartFrame(title: title, xLabel: xLabel, size: (640, 220), plot: (48, 624, 12, 168))
    let plot = frame.plot
    let binWidth = (plot.right - plot.left) / Double(bins)
    let barWidth = 0.9 * binWidth / Double(series.count)
    func number(_ value: Double) -> String { ChartFrame.number(value) }

    var svg = ""
    for share in [0.0, 0.5, 1.0] {
      svg += frame.gridLine(
        at: plot.bottom - share * (plot.bottom - plot.top), label: "\(Int((share * Double(highest)).rounded()))")
    }
    for (position, line) in series.enumerated() {
      for (bin, count) in line.histogram.counts.enumerated() where count > 0 {
        let height = Double(count) / Double(highest) * (plot.bottom - plot.top)
        let x = plot.left + Double(bin) * binWidth + 0.05 * binWidth + Double(position) * barWidth
        let low = axis.start + bin * axis.width
        svg += "<rect class=\"b\(position)\" x=\"\(number(x))\" y=\"\(number(plot.bottom - height))\" "
        svg += "width=\"\(number(barWidth))\" height=\"\(number(height))\">"
        svg += "<title>\(HTML.escape(line.name)), \(Self.range(low, axis.width)): \(count)</title></rect>\n"
      }
    }
    for bin in stride(from: 0, to: bins, by: max(1, bins / Self.labels)) {
      svg += frame.tick(at: plot.left + Double(bin) * binWidth, label: "\(axis.start + bin * axis.width)")
    }
    return frame.figure(
      svg, keys: series.enumerated().map { ($1.name, "<rect class=\"b\($0)\" width=\"24\" height=\"8\"/>") })
  }

  private static func range(_ low: Int, _ width: Int) -> String { width == 1 ? "\(low)" : "\(low)–\(low + width - 1)" }
}
