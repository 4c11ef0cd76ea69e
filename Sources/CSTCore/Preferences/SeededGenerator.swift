/// A random number generator whose output is the same on every machine and in every version of this package.
///
/// The algorithm is xoshiro256** 1.0 (Blackman and Vigna, 2018), its 256-bit state filled by SplitMix64 from the seed.
/// Use ``permutation(of:)``, ``uniform(below:)`` and ``uniform()`` where results must be repeatable: what the standard
/// library's `shuffled(using:)` draws from a generator is not promised to stay the same.
///
/// It is not a source of secrets.
///
/// ```swift
/// var generator = SeededGenerator(seed: 17)
/// let order = generator.permutation(of: rows.count)
/// ```
public struct SeededGenerator: RandomNumberGenerator, Hashable, Codable, Sendable {
  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  /// Creates a generator.
  ///
  /// - Parameters:
  ///   - seed: Determines everything the generator returns.
  ///   - stream: Selects one of many unrelated sequences of the same seed, for instance an epoch or a layer, so that
  ///     drawing more numbers in one place does not move another.
  public init(seed: UInt64, stream: UInt64 = 0) {
    var streams = SplitMix64(state: stream)
    var mixer = SplitMix64(state: stream == 0 ? seed : seed ^ streams.next())
    s0 = mixer.next()
    s1 = mixer.next()
    s2 = mixer.next()
    s3 = mixer.next()
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let result = Self.rotate(s1 &* 5, by: 7) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = Self.rotate(s3, by: 45)
    return result
  }

  /// A number from 0 up to but excluding 1: the next 53 bits, exactly spaced 2⁻⁵³ apart.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A whole number from 0 up to but excluding `bound`, each exactly as likely.
  ///
  /// Draws again in the rare case that a draw would favour small numbers (Lemire 2019), so the number of draws varies.
  ///
  /// - Precondition: `bound` is positive.
  public mutating func uniform(below bound: Int) -> Int {
    precondition(bound > 0, "uniform(below:) needs a positive bound, not \(bound)")
    let range = UInt64(bound)
    let rejected = (0 &- range) % range
    while true {
      let product = range.multipliedFullWidth(by: next())
      if product.low >= rejected { return Int(product.high) }
    }
  }

  /// The numbers from 0 up to but excluding `count` in random order, each order as likely (Fisher and Yates, from the
  /// end).
  ///
  /// - Complexity: O(`count`).
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, uniform(below: last + 1))
    }
    return order
  }

  private static func rotate(_ bits: UInt64, by count: UInt64) -> UInt64 {
    bits << count | bits >> (64 - count)
  }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): turns one seed into the four words of state, and a counter into bits that
/// look independent.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }
}
