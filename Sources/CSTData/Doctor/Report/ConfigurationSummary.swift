/// The preferences of a dataset that hold under one configuration, in numbers.
public struct ConfigurationSummary: Hashable, Codable, Sendable {
  /// The configuration's name; `*` for neutral rows; the start of a system prompt for rows that spell one out.
  public let name: String
  /// How many preferences: one a row, or with an answer for each of k configurations k − 1 a row. A neutral row counts
  /// once.
  public let pairs: Int
  /// Lengths of the preferred answers.
  public let chosen: LengthSummary
  /// Lengths of the other answers.
  public let rejected: LengthSummary
  /// The share of pairs whose preferred answer is the longer one; a tie counts half. This is how often a judge that sees
  /// nothing but length would be right.
  public let chosenLongerShare: Double
  /// The preferred answers by length.
  public let chosenHistogram: Histogram
  /// The other answers by length, on the same axis.
  public let rejectedHistogram: Histogram
  /// The pairs by length of the preferred answer minus that of the other.
  public let gapHistogram: Histogram

  /// The mean length of preferred answers divided by that of the others; `nil` where the others have none.
  public var meanRatio: Double? { rejected.mean > 0 ? chosen.mean / rejected.mean : nil }

  /// - Parameter lengths: Of both answers of every pair; not empty.
  init(name: String, lengths: [(chosen: Int, rejected: Int)]) {
    self.name = name
    pairs = lengths.count
    let (chosen, rejected) = (lengths.map(\.chosen), lengths.map(\.rejected))
    self.chosen = LengthSummary(chosen)
    self.rejected = LengthSummary(rejected)
    let wins = lengths.reduce(0.0) { $0 + ($1.chosen > $1.rejected ? 1 : $1.chosen == $1.rejected ? 0.5 : 0) }
    chosenLongerShare = lengths.isEmpty ? 0.5 : wins / Double(lengths.count)
    // The longest twentieth would squeeze the rest into a few bins.
    let longest = max(self.chosen.p95, self.rejected.p95)
    chosenHistogram = Histogram(chosen.map { min($0, longest) }, over: 0...longest)
    rejectedHistogram = Histogram(rejected.map { min($0, longest) }, over: 0...longest)
    let gaps = lengths.map { max(-longest, min(longest, $0.chosen - $0.rejected)) }
    gapHistogram = Histogram(gaps, over: (gaps.min() ?? 0)...(gaps.max() ?? 0))
  }

  /// Whether length alone would predict the label: at least 20 pairs, the preferred answer longer in more than four of
  /// five and by more than a quarter on average, or shorter likewise.
  package var lengthPredictsLabel: Bool {
    guard pairs >= 20, let meanRatio else { return false }
    return (chosenLongerShare > 0.8 && meanRatio > 1.25) || (chosenLongerShare < 0.2 && meanRatio < 0.8)
  }
}

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
