import Foundation

/// Adam with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2), as `torch.optim.AdamW`
/// computes it.
public struct AdamW: Sendable, Hashable, Codable {
  /// Peak learning rate; a schedule scales it.
  public var learningRate: Double
  /// Decay rate of the mean of gradients.
  public var beta1 = 0.9
  /// Decay rate of the mean of squared gradients.
  public var beta2 = 0.999
  /// Added to the denominator.
  public var epsilon = 1e-8
  /// Weight decay per update, multiplied by the learning rate.
  public var weightDecay: Double

  /// Traps on negative or non-finite values.
  public init(learningRate: Double = 1e-4, weightDecay: Double = 0) {
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    requireGoodFields()
  }

  /// The running means of one container of parameters.
  public struct State: Sendable {
    /// Updates done.
    public internal(set) var step: Int
    /// Means of gradients, one tensor per parameter.
    package internal(set) var means: [Tensor]
    /// Means of squared gradients.
    package internal(set) var squares: [Tensor]

    /// Zero means for these parameters.
    public init(for parameters: some ParameterContainer) {
      step = 0
      means = parameters.parameters.map { Tensor.zeros($0.shape) }
      squares = means
    }

    init(step: Int, means: [Tensor], squares: [Tensor]) {
      self.step = step
      self.means = means
      self.squares = squares
    }
  }

  /// The parameters after one update; `state` advances with them. The given parameters stay as they are. Traps where
  /// the gradient's shapes are not the parameters'.
  /// - Parameters:
  ///   - parameters: What is updated.
  ///   - gradient: A container of the same shapes.
  ///   - gradientScale: Multiplies every gradient first (gradient clipping).
  ///   - rateFactor: The schedule's factor on the learning rate.
  ///   - rateFactors: Factors on the learning rate of each parameter by itself; 1 where there are none.
  ///   - state: The running means of these parameters, from ``State/init(for:)`` or the last update.
  /// - Complexity: One pass over the parameters, which are copied.
  public func update<Parameters: ParameterContainer>(
    _ parameters: Parameters, gradient: Parameters, gradientScale: Double = 1, rateFactor: Double = 1,
    rateFactors: [Double] = [], state: inout State
  ) -> Parameters {
    let gradients = gradient.parameters
    require(gradients.count == state.means.count, "\(gradients.count) gradients, state for \(state.means.count)")
    state.step += 1
    let old = parameters.parameters
    require(
      rateFactors.isEmpty || rateFactors.count == old.count, "\(rateFactors.count) rates, \(old.count) parameters")
    let corrections = (1 - pow(beta1, Double(state.step)), 1 - pow(beta2, Double(state.step)))
    let steps = (rateFactors.isEmpty ? old.map { _ in 1 } : rateFactors).map { factor in
      AdamWStep(
        gradientScale: gradientScale, learningRate: learningRate * rateFactor * factor, beta1: beta1, beta2: beta2,
        epsilon: epsilon, weightDecay: weightDecay, corrections: corrections)
    }
    for (gradient, parameter) in zip(gradients, old) {
      require(gradient.shape == parameter.shape, "gradient \(gradient.shape), parameter \(parameter.shape)")
    }
    let updated = old.map { TensorStorage(count: $0.count) }
    let means = old.map { TensorStorage(count: $0.count) }
    let squares = old.map { TensorStorage(count: $0.count) }
    WorkRecorder.measure(.optimizer) {
      ComputePool.shared.forEachItem(count: old.count) { index in
        // Copied and updated in pieces that stay in the first-level cache in between: memory is passed over once.
        for start in stride(from: 0, to: old[index].count, by: 1024) {
          let count = min(1024, old[index].count - start)
          let (parameter, mean, square) = (
            updated[index].start + start, means[index].start + start, squares[index].start + start
          )
          parameter.update(from: old[index].start + start, count: count)
          mean.update(from: state.means[index].start + start, count: count)
          square.update(from: state.squares[index].start + start, count: count)
          Kernels.current.adamW(
            parameter, mean: mean, square: square, gradient: gradients[index].start + start, count: count, steps[index])
        }
      }
    }
    state.means = zip(means, old).map { Tensor(storage: $0, shape: $1.shape) }
    state.squares = zip(squares, old).map { Tensor(storage: $0, shape: $1.shape) }
    var next = updated.makeIterator()
    return parameters.mapParameters { parameter in
      next.next().map { Tensor(storage: $0, shape: parameter.shape) } ?? parameter
    }
  }
}
