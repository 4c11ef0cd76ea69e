import Foundation

/// A number with its derivatives with respect to the log-probabilities of a pair's two answers (forward differentiation), so
/// that a loss is written once, as its formula.
struct Dual {
  var value: Double
  /// ∂value / ∂ log πθ(y_w).
  var chosen = 0.0
  /// ∂value / ∂ log πθ(y_l).
  var rejected = 0.0

  /// f of this number, by its value and derivative there.
  func map(_ value: Double, derivative: Double) -> Dual {
    Dual(value: value, chosen: derivative * chosen, rejected: derivative * rejected)
  }

  static func + (a: Dual, b: Dual) -> Dual {
    Dual(value: a.value + b.value, chosen: a.chosen + b.chosen, rejected: a.rejected + b.rejected)
  }
  static func - (a: Dual, b: Dual) -> Dual {
    Dual(value: a.value - b.value, chosen: a.chosen - b.chosen, rejected: a.rejected - b.rejected)
  }
  static func * (a: Dual, b: Dual) -> Dual {
    Dual(
      value: a.value * b.value, chosen: a.chosen * b.value + a.value * b.chosen,
      rejected: a.rejected * b.value + a.value * b.rejected)
  }
  static func + (a: Dual, b: Double) -> Dual { a + Dual(value: b) }
  static func - (a: Dual, b: Double) -> Dual { a - Dual(value: b) }
  static func - (a: Double, b: Dual) -> Dual { Dual(value: a) - b }
  static func + (a: Double, b: Dual) -> Dual { Dual(value: a) + b }
  static func * (a: Double, b: Dual) -> Dual { b.map(a * b.value, derivative: a) }
  static func / (a: Dual, b: Double) -> Dual { a.map(a.value / b, derivative: 1 / b) }
  static prefix func - (a: Dual) -> Dual { -1.0 * a }
}

/// e^x.
func exp(_ x: Dual) -> Dual {
  let value = Foundation.exp(x.value)
  return x.map(value, derivative: value)
}

/// x².
func square(_ x: Dual) -> Dual { x.map(x.value * x.value, derivative: 2 * x.value) }

/// max(0, x), with the derivative 0 at 0 as PyTorch has it.
func positivePart(_ x: Dual) -> Dual { x.value > 0 ? x : Dual(value: 0) }

/// σ(x) = 1 / (1 + e^-x).
func sigmoid(_ x: Dual) -> Dual {
  let (value, complement) = logistic(x.value)
  return x.map(value, derivative: value * complement)
}

/// log σ(x), exact to rounding for every x.
func logSigmoid(_ x: Dual) -> Dual {
  x.map(-(max(-x.value, 0) + log1p(Foundation.exp(-abs(x.value)))), derivative: logistic(x.value).complement)
}

/// log(1 - e^x) for x < 0.
func logOneMinusExp(_ x: Dual) -> Dual {
  // Below -log 2 the one form is exact, above it the other (Mächler 2012).
  let value = x.value < -log(2) ? log1p(-Foundation.exp(x.value)) : log(-expm1(x.value))
  return x.map(value, derivative: -1 / expm1(-x.value))
}

/// σ(x) and σ(-x), without overflow for x of either sign.
func logistic(_ x: Double) -> (value: Double, complement: Double) {
  let remainder = Foundation.exp(-abs(x))
  let (larger, smaller) = (1 / (1 + remainder), remainder / (1 + remainder))
  return x >= 0 ? (larger, smaller) : (smaller, larger)
}
