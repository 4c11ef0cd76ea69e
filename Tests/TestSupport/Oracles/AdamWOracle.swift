/// One AdamW step of one parameter in Double (Loshchilov & Hutter, algorithm 2).
public struct AdamWOracle {
  /// lr
  public let learningRate: Double
  /// Decay of the first moment.
  public let beta1: Double
  /// Decay of the second moment.
  public let beta2: Double
  /// Added to the root of the second moment.
  public let epsilon: Double
  /// Share of the parameter that a learning rate of 1 would take away.
  public let weightDecay: Double
  /// 1 - beta1^step
  public let correction1: Double
  /// 1 - beta2^step
  public let correction2: Double

  /// The step with these settings.
  public init(
    learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, correction1: Double,
    correction2: Double
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.correction1 = correction1
    self.correction2 = correction2
  }

  /// The new parameter and moments.
  public func step(_ p: Double, m: Double, v: Double, gradient g: Double) -> (p: Double, m: Double, v: Double) {
    let (m, v) = (beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g)
    let decayed = p * (1 - learningRate * weightDecay)
    return (decayed - learningRate * (m / correction1) / ((v / correction2).squareRoot() + epsilon), m, v)
  }
}
