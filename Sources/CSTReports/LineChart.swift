import CSTCore
import Foundation

/// A line chart as an inline SVG, without scripts or anything from outside.
///
/// Colours come from the page's style sheet (classes `s0` to `s5`, then again from `s0` with dashes), so that the chart
/// follows light and dark mode. Values that are not finite leave a gap.
struct LineChart {
  /// One line.
  struct Series {
    let name: String
    /// Points with ascending x.
    let points: [(x: Double, y: Double)]
  }

  let title: String
  let xLabel: String
  let series: [Series]

  private static let size = (width: 640.0, height: 260.0)
  private static let plot = (left: 56.0, right: 624.0, top: 16.0, bottom: 216.0)
  /// How many lines can be told apart by colour alone.
  private static let colours = 6

  /// The `<figure>` with the chart and its legend. Names are escaped here.
  var html: String {
    let finite = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    guard let xs = Self.range(of: finite.map(\.x)), let ys = Self.range(of: finite.map(\.y)) else {
      return "<figure><figcaption>\(HTML.escape(title))</figcaption><p>No steps were recorded.</p></figure>"
    }
    let yTicks = Self.ticks(from: ys.lowerBound, to: ys.upperBound)
    let xTicks = Self.ticks(from: xs.lowerBound, to: xs.upperBound)
    let low = min(ys.lowerBound, yTicks.first ?? ys.lowerBound)
    let high = max(ys.upperBound, yTicks.last ?? ys.upperBound)
    func x(_ value: Double) -> Double {
      Self.plot.left + (value - xs.lowerBound) / (xs.upperBound - xs.lowerBound) * (Self.plot.right - Self.plot.left)
    }
    func y(_ value: Double) -> Double {
      Self.plot.bottom - (value - low) / (high - low) * (Self.plot.bottom - Self.plot.top)
    }

    var svg = """
      <svg viewBox="0 0 \(Int(Self.size.width)) \(Int(Self.size.height))" role="img" aria-label="\(HTML.escape(title))">

      """
    for tick in yTicks {
      let position = Self.coordinate(y(tick))
      svg += "<line class=\"\(tick == 0 ? "axis" : "grid")\" x1=\"\(Self.coordinate(Self.plot.left))\" "
      svg += "x2=\"\(Self.coordinate(Self.plot.right))\" y1=\"\(position)\" y2=\"\(position)\"/>"
      svg += "<text class=\"end\" x=\"\(Self.coordinate(Self.plot.left - 6))\" y=\"\(position)\" dy=\"0.32em\">"
      svg += "\(Self.label(tick))</text>\n"
    }
    for tick in xTicks where xs.contains(tick) {
      svg += "<text class=\"middle\" x=\"\(Self.coordinate(x(tick)))\" y=\"\(Self.coordinate(Self.plot.bottom + 18))\">"
      svg += "\(Self.label(tick))</text>\n"
    }
    svg += "<text class=\"middle\" x=\"\(Self.coordinate((Self.plot.left + Self.plot.right) / 2))\" "
    svg += "y=\"\(Self.coordinate(Self.plot.bottom + 38))\">\(HTML.escape(xLabel))</text>\n"
    for (position, line) in series.enumerated() {
      svg += Self.path(line.points.map { (x($0.x), y($0.y)) }, class: Self.style(position))
    }
    svg += "</svg>"
    let legend = series.enumerated().map { position, line in
      "<span class=\"key\"><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"\(Self.style(position))\" "
        + "d=\"M0 4H24\"/></svg>\(HTML.escape(line.name))</span>"
    }
    return """
      <figure><figcaption>\(HTML.escape(title))</figcaption>
      \(svg)
      <p class="legend">\(legend.joined(separator: "\n"))</p></figure>
      """
  }

  private static func style(_ position: Int) -> String {
    "line s\(position % colours)" + (position < colours ? "" : " dashed")
  }

  /// The line, broken where a value is not finite; a point that stands alone becomes a dot.
  private static func path(_ points: [(x: Double, y: Double)], class style: String) -> String {
    let pieces = points.split { !$0.x.isFinite || !$0.y.isFinite }
    let commands = pieces.flatMap { piece in
      piece.enumerated().map { position, point in
        let command = "\(position == 0 ? "M" : "L")\(coordinate(point.x)) \(coordinate(point.y))"
        return piece.count == 1 ? command + "h0.01" : command
      }
    }
    return commands.isEmpty ? "" : "<path class=\"\(style)\" d=\"\(commands.joined())\"/>\n"
  }

  /// The range of values, widened where all are equal, or `nil` of none.
  static func range(of values: [Double]) -> ClosedRange<Double>? {
    guard let low = values.min(), let high = values.max() else { return nil }
    if low < high, (high - low).isFinite { return low...high }
    let margin = max(abs(low) * 0.1, 0.5)
    return low - margin...low + margin
  }

  /// Three to eight round numbers that lie on or just outside the range.
  static func ticks(from low: Double, to high: Double) -> [Double] {
    let rough = (high - low) / 5
    let magnitude = pow(10, log10(rough).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= rough * 0.999 } ?? rough
    let (first, last) = ((low / step).rounded(.down), (high / step).rounded(.up))
    guard step > 0, first.isFinite, last.isFinite, last - first < 20 else { return [low, high] }
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }

  private static func coordinate(_ value: Double) -> String { FixedPoint.text(value, decimals: 1) }

  private static func label(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    return abs(rounded) >= 1e6 || (value != 0 && rounded == 0)
      ? String(format: "%.3g", value) : String(format: "%.6g", rounded)
  }
}
