/// How many of how many: a count with its estimate and 95 % interval.
///
/// In JSON it is `{"count": 9, "total": 10, "estimate": 0.9, "low": 0.5958, "high": 0.9821}`; only the first two are read
/// back, because the others follow from them.
public struct Proportion: Hashable, Sendable {
  /// How many were as asked.
  public let count: Int
  /// How many there were.
  public let total: Int

  /// Creates a proportion.
  ///
  /// - Precondition: 0 ≤ `count` ≤ `total`.
  public init(_ count: Int, of total: Int) {
    precondition(0 <= count && count <= total, "Proportion: \(count) of \(total)")
    self.count = count
    self.total = total
  }

  /// Counts the elements for which the predicate holds.
  public init<Elements: Sequence>(of elements: Elements, where predicate: (Elements.Element) -> Bool) {
    var (count, total) = (0, 0)
    for element in elements {
      total += 1
      if predicate(element) { count += 1 }
    }
    self.init(count, of: total)
  }

  /// `count / total`, or `nil` of nothing.
  public var estimate: Double? { total == 0 ? nil : Double(count) / Double(total) }

  /// The 95 % interval of the estimate.
  public var interval: WilsonInterval { WilsonInterval(successes: count, of: total) }
}

extension Proportion: Codable {
  private enum Key: String, CodingKey {
    case count, total, estimate, low, high
  }

  /// Reads `count` and `total`.
  ///
  /// - Throws: `DecodingError` unless 0 ≤ `count` ≤ `total`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let count = try fields.decode(Int.self, forKey: .count)
    let total = try fields.decode(Int.self, forKey: .total)
    guard 0 <= count, count <= total else {
      throw DecodingError.dataCorruptedError(
        forKey: .count, in: fields, debugDescription: "expected a count from 0 to the total \(total), found \(count)")
    }
    self.init(count, of: total)
  }

  /// Writes all five fields; `estimate` is `null` of nothing.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(count, forKey: .count)
    try fields.encode(total, forKey: .total)
    try fields.encode(estimate, forKey: .estimate)
    try fields.encode(interval.low, forKey: .low)
    try fields.encode(interval.high, forKey: .high)
  }
}
