/// How many values fall into each of a row of equally wide bins.
public struct Histogram: Hashable, Codable, Sendable {
  /// Where the first bin begins.
  public let start: Int
  /// The width of a bin; bin i holds `start + i·width ..< start + (i + 1)·width`.
  public let width: Int
  /// How many values each bin holds.
  public let counts: [Int]

  /// - Parameters:
  ///   - values: What to count; no bins of none.
  ///   - range: What the bins must cover at least, so that several histograms can share an axis.
  ///   - bins: The most bins there may be; at least 1.
  init(_ values: [Int], over range: ClosedRange<Int>, bins: Int = 24) {
    let span = range.upperBound - range.lowerBound + 1
    width = Self.roundWidth(atLeast: (span + bins - 2) / max(1, bins - 1))
    let width = self.width
    start = Int((Double(range.lowerBound) / Double(width)).rounded(.down)) * width
    let start = self.start
    var counts = [Int](repeating: 0, count: values.isEmpty ? 0 : (range.upperBound - start) / width + 1)
    for value in values where range.contains(value) { counts[(value - start) / width] += 1 }
    self.counts = counts
  }

  /// The least of 1, 2, 5, 10, 20, 50 … that is no less.
  private static func roundWidth(atLeast width: Int) -> Int {
    var power = 1
    while true {
      for digit in [1, 2, 5] where digit * power >= width { return digit * power }
      power *= 10
    }
  }
}
