import Foundation

/// Elementwise functions in Double.
public enum ElementwiseOracle {
  /// 1 / (1 + exp(-x)), accurate in both tails.
  public static func sigmoid(_ x: Double) -> Double { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }

  /// x sigmoid(x)
  public static func silu(_ x: Double) -> Double { x * sigmoid(x) }

  /// The derivative of silu: s + x s (1 - s), with 1 - s = sigmoid(-x).
  public static func siluSlope(_ x: Double) -> Double { sigmoid(x) + x * sigmoid(x) * sigmoid(-x) }
}
