/// Checks gradients of Double functions.
public enum FiniteDifference {
  /// The relative difference between the central difference of `function` at `x` along a seeded direction and
  /// `<gradient, direction>`. With a step of 1e-5 and functions of size 1, truncation and rounding leave about 1e-9.
  public static func relativeError(
    of gradient: [Double], at x: [Double], seed: UInt64 = 1, _ function: ([Double]) -> Double
  ) -> Double {
    guard gradient.count == x.count else { return .infinity }
    var generator = SplitMix64(seed: seed)
    let direction = x.map { _ in Double.random(in: -1...1, using: &generator) }
    let step = 1e-5
    let ahead = function(zip(x, direction).map { $0 + step * $1 })
    let behind = function(zip(x, direction).map { $0 - step * $1 })
    let measured = (ahead - behind) / (2 * step)
    let claimed = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
    return (measured - claimed).magnitude / max(1, claimed.magnitude)
  }
}
