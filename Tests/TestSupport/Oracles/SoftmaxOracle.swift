import Foundation

/// Softmax and log-softmax of one row in Double, with the errors a float32 kernel may make.
public struct SoftmaxOracle {
  /// The row.
  public let x: [Double]
  /// Its largest element; -infinity for an empty row.
  public let maximum: Double
  /// log(sum(exp(x - maximum)))
  public let logSum: Double
  /// exp(x - maximum) / sum
  public let softmax: [Double]
  /// Relative error of the kernel's sum of exponentials: an exponential has the relative error u|x - maximum| of its
  /// rounded argument and at most 2 ULP (4 u) of its own; float32 chains of 64 vectors in four accumulators add at most
  /// 16 + 2 + 4 roundings, and 24 + 4 more are left for the reductions across lanes and the conversions.
  public let sumError: Double

  /// The oracle of a row.
  public init(_ x: [Double]) {
    self.x = x
    maximum = x.max() ?? -.infinity
    let (m, exponentials) = (maximum, x.map { [maximum] in exp($0 - maximum) })
    let sum = exponentials.reduce(0, +)
    logSum = log(sum)
    softmax = exponentials.map { $0 / sum }
    let argument = zip(x, softmax).reduce(0) { $0 + ($1.1 == 0 ? 0 : ($1.0 - m).magnitude * $1.1) }
    sumError = 0x1p-24 * (argument + 4 + 22 + 28)
  }

  /// x - maximum - logSum
  public var logSoftmax: [Double] { x.map { ($0 - maximum) - logSum } }

  /// The error of softmax[i]: of its own exponential, of the sum, of the reciprocal and the product.
  public func softmaxTolerance(_ i: Int) -> Double {
    softmax[i] * (sumError + 0x1p-24 * (argumentSize(i) + 7)) + 0x1p-149
  }

  /// The error of logSoftmax[i]: the sum's relative one becomes absolute, the logarithm has 2 ULP of its own, two
  /// differences round.
  public func logSoftmaxTolerance(_ i: Int) -> Double {
    sumError + 0x1p-24 * (argumentSize(i) + 4 * logSum.magnitude + logSoftmax[i].magnitude)
  }

  private func argumentSize(_ i: Int) -> Double { x[i].isFinite ? (x[i] - maximum).magnitude : 0 }

  /// The gradient of `<dy, softmax>` with respect to x.
  public static func gradient(softmax y: [Double], _ dy: [Double]) -> [Double] {
    let mean = zip(y, dy).reduce(0) { $0 + $1.0 * $1.1 }
    return zip(y, dy).map { $0 * ($1 - mean) }
  }

  /// The gradient of `<dy, logSoftmax>` with respect to x.
  public static func gradient(logSoftmax y: [Double], _ dy: [Double]) -> [Double] {
    let total = dy.reduce(0, +)
    return zip(y, dy).map { $1 - exp($0) * total }
  }
}
