import Foundation

/// Lines over one axis. Values that are not finite leave a gap.
///
/// Lines have the style sheet's classes `s0` to `s5`, then again from `s0` with dashes.
struct LineChart {
  struct Series {
    let name: String
    /// Points with ascending x.
    let points: [(x: Double, y: Double)]
  }

  let title: String
  let xLabel: String
  let series: [Series]

  /// How many lines can be told apart by colour alone.
  private static let colours = 6

  /// The `<figure>`. The legend names the series that have a line; colours go by the position among all.
  var html: String {
    let finite = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    guard let xs = Self.range(of: finite.map(\.x)), let ys = Self.range(of: finite.map(\.y)) else {
      return "<figure><figcaption>\(HTML.escape(title))</figcaption><p>No steps were recorded.</p></figure>"
    }
    let frame = ChartFrame(title: title, xLabel: xLabel, size: (640, 260), plot: (56, 624, 16, 216))
    let plot = frame.plot
    let yTicks = Self.ticks(from: ys.lowerBound, to: ys.upperBound)
    let xTicks = Self.ticks(from: xs.lowerBound, to: xs.upperBound)
    let low = min(ys.lowerBound, yTicks.first ?? ys.lowerBound)
    let high = max(ys.upperBound, yTicks.last ?? ys.upperBound)
    func x(_ value: Double) -> Double {
      plot.left + (value - xs.lowerBound) / (xs.upperBound - xs.lowerBound) * (plot.right - plot.left)
    }
    func y(_ value: Double) -> Double { plot.bottom - (value - low) / (high - low) * (plot.bottom - plot.top) }

    var svg = yTicks.map { frame.gridLine(at: y($0), label: Self.label($0), isAxis: $0 == 0) }.joined()
    svg += xTicks.filter(xs.contains).map { frame.tick(at: x($0), label: Self.label($0), style: "middle") }.joined()
    var keys: [(name: String, mark: String)] = []
    for (position, line) in series.enumerated() {
      guard let path = Self.path(line.points.map { (x($0.x), y($0.y)) }) else { continue }
      let style = Self.style(position)
      svg += "<path class=\"\(style)\" d=\"\(path)\"/>\n"
      keys.append((line.name, "<path class=\"\(style)\" d=\"M0 4H24\"/>"))
    }
    return frame.figure(svg, keys: keys)
  }

  private static func style(_ position: Int) -> String {
    "line s\(position % colours)" + (position < colours ? "" : " dashed")
  }

  /// The line, broken where a value is not finite; a point that stands alone becomes a dot. `nil` where nothing is left.
  private static func path(_ points: [(x: Double, y: Double)]) -> String? {
    let pieces = points.split { !$0.x.isFinite || !$0.y.isFinite }
    let commands = pieces.flatMap { piece in
      piece.enumerated().map { position, point in
        let command = "\(position == 0 ? "M" : "L")\(ChartFrame.number(point.x)) \(ChartFrame.number(point.y))"
        return piece.count == 1 ? command + "h0.01" : command
      }
    }
    return commands.isEmpty ? nil : commands.joined()
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

  private static func label(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    return abs(rounded) >= 1e6 || (value != 0 && rounded == 0)
      ? String(format: "%.3g", value) : String(format: "%.6g", rounded)
  }
}
