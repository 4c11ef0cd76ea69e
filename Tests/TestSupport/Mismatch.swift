import Foundation

/// Comparison of kernel results with Double oracles.
public enum Mismatch {
  /// The first element that is further from `expected` than its tolerance, in words, or nil. Counts are compared first;
  /// an expected NaN wants a NaN, an expected infinity wants that infinity.
  public static func first(
    _ found: [Float], _ expected: [Double], within tolerance: (Int) -> Double
  ) -> String? {
    guard found.count == expected.count else { return "\(found.count) elements, expected \(expected.count)" }
    for i in found.indices {
      let (x, y) = (Double(found[i]), expected[i])
      if y.isNaN ? x.isNaN : x == y || (x - y).magnitude <= tolerance(i) { continue }
      return "element \(i) of \(found.count) is \(x), expected \(y) within \(tolerance(i))"
    }
    return nil
  }

  /// The first element whose bits differ, in words, or nil. NaNs are equal whatever their payload.
  public static func firstInBits(_ found: [Float], _ expected: [Float]) -> String? {
    guard found.count == expected.count else { return "\(found.count) elements, expected \(expected.count)" }
    for i in found.indices where found[i].bitPattern != expected[i].bitPattern {
      if found[i].isNaN && expected[i].isNaN { continue }
      return "element \(i) of \(found.count) is \(found[i]), expected \(expected[i])"
    }
    return nil
  }

  /// The distance from `expected` in units of the last place a Float of that size has; infinite where one is NaN,
  /// or infinite after rounding to Float, and the other is not.
  public static func ulps(_ found: Float, _ expected: Double) -> Double {
    let rounded = Float(expected)
    if found == rounded || (found.isNaN && expected.isNaN) { return 0 }
    guard found.isFinite, rounded.isFinite else { return .infinity }
    let unit = max(scalbn(1.0, Int(expected.exponent) - 23), 0x1p-149)
    return (Double(found) - expected).magnitude / unit
  }
}
