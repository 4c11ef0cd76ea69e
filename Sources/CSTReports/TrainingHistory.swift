/// How a training run went, step by step, for drawing beside a `ControllabilityReport`.
public struct TrainingHistory: Hashable, Codable, Sendable {
  /// One optimizer step.
  public struct Point: Hashable, Codable, Sendable {
    /// The step, counted from 1.
    public var step: Int
    /// The mean loss of the step's pairs, in nats.
    public var loss: Double
    /// The mean reward margin of the step's pairs under each configuration that occurred, in nats.
    public var margins: [String: Double]

    /// Creates a point.
    public init(step: Int, loss: Double, margins: [String: Double]) {
      self.step = step
      self.loss = loss
      self.margins = margins
    }
  }

  /// The model's name in the report.
  public var model: String
  /// The steps in order.
  public var points: [Point]

  /// Creates a history.
  public init(model: String, points: [Point]) {
    self.model = model
    self.points = points
  }
}
