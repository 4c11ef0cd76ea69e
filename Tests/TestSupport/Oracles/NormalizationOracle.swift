/// RMSNorm of one row in Double: y = x r w, r = 1 / sqrt(mean(x^2) + epsilon).
public struct NormalizationOracle {
  /// The row.
  public let x: [Double]
  /// As long as the row.
  public let weight: [Double]
  /// 1 / sqrt(mean(x^2) + epsilon)
  public let inverseRoot: Double

  /// The row's oracle; a row without elements has no finite root.
  public init(x: [Double], weight: [Double], epsilon: Double) {
    self.x = x
    self.weight = weight
    inverseRoot = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + epsilon).squareRoot()
  }

  /// y
  public var output: [Double] { zip(x, weight).map { $0 * inverseRoot * $1 } }

  /// The gradient with respect to x of `<dy, output>`.
  public func gradient(_ dy: [Double]) -> [Double] {
    let projection = x.indices.reduce(0) { $0 + dy[$1] * weight[$1] * x[$1] } / Double(x.count)
    return x.indices.map {
      inverseRoot * dy[$0] * weight[$0] - x[$0] * inverseRoot * inverseRoot * inverseRoot * projection
    }
  }

  /// The sizes of the terms `gradient` adds up: what its rounding errors are relative to.
  public func gradientMagnitude(_ dy: [Double]) -> [Double] {
    let projection = x.indices.reduce(0) { $0 + (dy[$1] * weight[$1] * x[$1]).magnitude } / Double(x.count)
    let cube = inverseRoot * inverseRoot * inverseRoot
    return x.indices.map { inverseRoot * (dy[$0] * weight[$0]).magnitude + x[$0].magnitude * cube * projection }
  }

  /// The gradient with respect to the weight of `<dy, output>`.
  public func weightGradient(_ dy: [Double]) -> [Double] { x.indices.map { dy[$0] * x[$0] * inverseRoot } }
}
