import Foundation

/// How the learning rate changes over a run: a linear warm-up from zero, then a shape. The same numbers as the
/// schedules of transformers with these names.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
  /// What follows the warm-up.
  @nonexhaustive
  public enum Shape: String, Sendable, Hashable, Codable, CaseIterable {
    /// Stays at the peak.
    case constant
    /// Falls in a straight line to zero at the end of the run.
    case linear
    /// Falls along half a cosine to zero at the end of the run (Loshchilov & Hutter, arXiv 1608.03983).
    case cosine
  }

  /// What follows the warm-up.
  public let shape: Shape
  /// Share of the run's steps spent warming up, in `0...1`.
  public let warmupRatio: Double

  /// Traps where `warmupRatio` is outside `0...1`.
  public init(_ shape: Shape = .linear, warmupRatio: Double = 0) {
    self.shape = shape
    self.warmupRatio = warmupRatio
    requireGoodFields()
  }

  /// The factor on the peak rate for one update.
  /// - Parameters:
  ///   - step: The update's index, from 0.
  ///   - totalSteps: Updates of the whole run.
  public func factor(step: Int, totalSteps: Int) -> Double {
    let warmup = Int((Double(totalSteps) * warmupRatio).rounded(.up))
    if step < warmup { return Double(step) / Double(max(1, warmup)) }
    let progress = Double(step - warmup) / Double(max(1, totalSteps - warmup))
    switch shape {
    case .constant: return 1
    case .linear: return max(0, 1 - progress)
    case .cosine: return max(0, 0.5 * (1 + cos(.pi * progress)))
    }
  }
}
