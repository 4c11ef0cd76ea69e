/// The 95 % confidence interval of a proportion, by Wilson's score method.
///
/// With p̂ = successes/total and z = 1.959963984540054 the bounds are
///
///     (p̂ + z²/2n ± z·√(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n)
///
/// Unlike p̂ ± z·√(p̂(1−p̂)/n) it stays inside 0…1 and is useful for few trials and for proportions of 0 and 1. No
/// continuity correction.
public struct WilsonInterval: Hashable, Sendable {
  /// The lower bound, at least 0. Exactly 0 where nothing succeeded.
  public let low: Double
  /// The upper bound, at most 1. Exactly 1 where everything succeeded.
  public let high: Double

  /// The two-sided 95 % point of the standard normal distribution.
  static let z = 1.959963984540054

  /// The interval of `successes` out of `total`. No trials say nothing: the interval is 0…1.
  ///
  /// - Precondition: 0 ≤ `successes` ≤ `total`.
  public init(successes: Int, of total: Int) {
    precondition(0 <= successes && successes <= total, "WilsonInterval: \(successes) successes of \(total) trials")
    guard total > 0 else {
      (low, high) = (0, 1)
      return
    }
    let n = Double(total)
    let p = Double(successes) / n
    let zz = Self.z * Self.z
    let centre = p + zz / (2 * n)
    let spread = Self.z * (p * (1 - p) / n + zz / (4 * n * n)).squareRoot()
    let scale = 1 + zz / n
    low = successes == 0 ? 0 : (centre - spread) / scale
    high = successes == total ? 1 : (centre + spread) / scale
  }
}
