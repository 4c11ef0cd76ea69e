/// Lengths of answers in numbers, in the unit of the report they are part of (``DatasetReport/unit``).
public struct LengthSummary: Hashable, Codable, Sendable {
  /// The average length.
  public let mean: Double
  /// Half of the answers are no longer.
  public let median: Int
  /// 95 in 100 answers are no longer.
  public let p95: Int
  /// The longest.
  public let longest: Int

  /// - Parameter lengths: In any order; all numbers are 0 of none.
  init(_ lengths: [Int]) {
    let sorted = lengths.sorted()
    mean = sorted.isEmpty ? 0 : Double(sorted.reduce(0, +)) / Double(sorted.count)
    func quantile(_ share: Double) -> Int {
      // The nearest rank: the least length that the share of answers does not exceed.
      sorted.isEmpty ? 0 : sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
    median = quantile(0.5)
    p95 = quantile(0.95)
    longest = sorted.last ?? 0
  }
}
