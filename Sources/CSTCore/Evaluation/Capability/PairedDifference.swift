import Foundation

/// A difference between two models that were measured on the same items, tuned less base, with its 95 % interval.
///
/// Paired, because most items come out alike: what two intervals side by side would leave open, the differences item by
/// item often tell.
public struct PairedDifference: Hashable, Codable, Sendable {
  /// The difference.
  public var estimate: Double
  /// The lower end of the interval; `nil` where there are too few items for one.
  public var low: Double?
  /// The upper end of the interval; `nil` where there are too few items for one.
  public var high: Double?

  /// The difference of two shares of the same items.
  ///
  /// With g items that only the tuned model has right, l that only the base has right, of n, and m = n + 2:
  ///
  ///     estimate  (g − l)/n
  ///     interval  (g − l)/m ± 1.959964 · √((g + l + 1) − (g − l)²/m) / m
  ///
  /// within −1…1: Wald's interval for matched pairs after half an item is added to each of the four cells (Agresti and
  /// Min, Statistics in Medicine 24, 2005). Unlike Wald's own it is not of width 0 where the models agree on every item.
  /// - Precondition: As many of one as of the other, at least one.
  public init(right base: [Bool], tuned: [Bool]) {
    require(base.count == tuned.count && !base.isEmpty, "\(base.count) and \(tuned.count) items make no pairs")
    let gained = Double(zip(base, tuned).count { !$0 && $1 })
    let lost = Double(zip(base, tuned).count { $0 && !$1 })
    let m = Double(base.count + 2)
    let centre = (gained - lost) / m
    let spread = WilsonInterval.z * (gained + lost + 1 - (gained - lost) * centre).squareRoot() / m
    estimate = (gained - lost) / Double(base.count)
    low = max(-1, centre - spread)
    high = min(1, centre + spread)
  }

  /// The difference of the mean log-probability of a token, over stretches of text that vary as wholes.
  ///
  /// With Dᵢ the difference of the sums over stretch i, tᵢ its tokens, of n stretches, T = Σ tᵢ and t the 97.5 % point of
  /// Student's distribution with n − 1 degrees of freedom:
  ///
  ///     estimate  d = Σ Dᵢ / T
  ///     interval  d ± t · √(n/(n − 1) · Σ (Dᵢ − d·tᵢ)²) / T
  ///
  /// the usual interval of a ratio of means (Cochran, Sampling Techniques, 1977, section 2.11). One stretch has no interval.
  /// - Precondition: At least one stretch, all measured under both models.
  public init(of stretches: [CapabilityReport.Stretch]) {
    let differences = stretches.compactMap { stretch in stretch.tuned.map { $0 - stretch.base } }
    require(
      !stretches.isEmpty && differences.count == stretches.count,
      "\(differences.count) of \(stretches.count) stretches have a difference")
    let total = Double(stretches.reduce(0) { $0 + $1.tokens })
    let mean = differences.reduce(0, +) / total
    let squares = zip(differences, stretches).reduce(0) { sum, stretch in
      let deviation = stretch.0 - mean * Double(stretch.1.tokens)
      return sum + deviation * deviation
    }
    estimate = mean
    guard stretches.count > 1 else { return }
    let n = Double(stretches.count)
    let spread = StudentT.point(degreesOfFreedom: stretches.count - 1) * (n / (n - 1) * squares).squareRoot() / total
    low = mean - spread
    high = mean + spread
  }

  /// The same of values that are a function of these, such as their multiple; the ends change places where it falls.
  package func mapped(_ function: (Double) -> Double) -> PairedDifference {
    var result = self
    result.estimate = function(estimate)
    let ends = [low, high].compactMap { $0.map(function) }
    (result.low, result.high) = (ends.min(), ends.max())
    return result
  }
}

/// Student's t distribution.
enum StudentT {
  /// The point that 95 % of the distribution lie closer to 0 than.
  static func point(degreesOfFreedom n: Int) -> Double {
    require(n >= 1, "Student's distribution has at least one degree of freedom, not \(n)")
    var (low, high) = (0.0, 16.0)
    // 60 halvings of 16 reach the precision of a Double.
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if probability(within: middle, degreesOfFreedom: n) < 0.95 { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The probability of −t…t (Abramowitz and Stegun, 26.7.3 and 26.7.4), a finite sum for whole degrees of freedom.
  static func probability(within t: Double, degreesOfFreedom n: Int) -> Double {
    let angle = atan(t / Double(n).squareRoot())
    let square = cos(angle) * cos(angle)
    let isOdd = !n.isMultiple(of: 2)
    var term = isOdd ? cos(angle) : 1
    var sum = n == 1 ? 0 : term
    var power = isOdd ? 3 : 2
    while power <= n - 2 {
      term *= square * Double(power - 1) / Double(power)
      sum += term
      power += 2
    }
    return isOdd ? 2 / Double.pi * (angle + sin(angle) * sum) : sin(angle) * sum
  }
}
