/// How a run goes over its data.
public struct TrainingPlan: Sendable, Hashable, Codable {
  /// When a run ends.
  @nonexhaustive
  public enum Length: Sendable, Hashable, Codable {
    /// After this many passes over the data.
    case epochs(Int)
    /// After this many optimizer steps, going over the data as often as that takes.
    case steps(Int)
  }

  /// The order of the rows.
  public enum Order: String, Sendable, Hashable, Codable {
    /// A new random order every epoch, decided by the seed and the epoch.
    case shuffled
    /// The same for the rows that pairs came from: all pairs of a row stand together, its twins under two configurations
    /// in one batch, so that what is common to their gradients cancels and what the system prompt changes remains.
    case shuffledRows
    /// As given.
    case asGiven
  }

  /// When the run ends.
  public var length: Length
  /// Pairs computed together.
  public var batchSize: Int
  /// Batches whose gradients make one optimizer step.
  public var gradientAccumulation: Int
  /// The order of the rows.
  public var order: Order
  /// Gradients are scaled down to this global norm; `nil` leaves them as they are.
  public var maximumGradientNorm: Double?
  /// Decides the order of rows, fresh adapters and dropout: same seed, data and plan, same bits.
  public var seed: UInt64
  /// Optimizer steps between checkpoints; where `nil`, steps call for one at the end only.
  public var checkpointInterval: Int?
  /// Seconds after which a step is followed by a checkpoint, whatever ``checkpointInterval`` says; 0 gives one after every
  /// step, `nil` none for the time's sake. No number of the run depends on it.
  public var checkpointSeconds: Double?
  /// What of a layer is kept for the backward pass. `nil` decides by the size of the batches: kept where their activations
  /// take at most a quarter of the machine's memory. Results are the same, bit for bit.
  public var activations: LayerActivations?

  /// Traps on counts below 1, on a gradient norm that is not positive and on a negative time.
  public init(
    epochs: Int = 1, batchSize: Int = 4, gradientAccumulation: Int = 1, order: Order = .shuffled,
    maximumGradientNorm: Double? = 1, seed: UInt64 = 42, checkpointInterval: Int? = nil,
    checkpointSeconds: Double? = 600, activations: LayerActivations? = nil
  ) {
    self.init(
      length: .epochs(epochs), batchSize: batchSize, gradientAccumulation: gradientAccumulation, order: order,
      maximumGradientNorm: maximumGradientNorm, seed: seed, checkpointInterval: checkpointInterval,
      checkpointSeconds: checkpointSeconds, activations: activations)
  }

  /// Traps on counts below 1, on a gradient norm that is not positive and on a negative time.
  public init(
    length: Length, batchSize: Int = 4, gradientAccumulation: Int = 1, order: Order = .shuffled,
    maximumGradientNorm: Double? = 1, seed: UInt64 = 42, checkpointInterval: Int? = nil,
    checkpointSeconds: Double? = 600, activations: LayerActivations? = nil
  ) {
    self.length = length
    self.batchSize = batchSize
    self.gradientAccumulation = gradientAccumulation
    self.order = order
    self.maximumGradientNorm = maximumGradientNorm
    self.seed = seed
    self.checkpointInterval = checkpointInterval
    self.checkpointSeconds = checkpointSeconds
    self.activations = activations
    requireGoodFields()
  }

  /// Pairs of a full optimizer step.
  var pairsPerStep: Int { batchSize * gradientAccumulation }

  /// Optimizer steps of one pass over `pairCount` pairs; the last may be short.
  func stepsPerEpoch(pairCount: Int) -> Int { (pairCount + pairsPerStep - 1) / pairsPerStep }

  /// Optimizer steps of the whole run.
  func totalSteps(pairCount: Int) -> Int {
    switch length {
    case .epochs(let epochs): epochs * stepsPerEpoch(pairCount: pairCount)
    case .steps(let steps): steps
    }
  }

  /// Pairs that the whole run computes, each as often as it does, of a dataset of some size.
  package func pairsComputed(of pairCount: Int) -> Int {
    pairsBefore(step: totalSteps(pairCount: pairCount), pairCount: pairCount)
  }

  /// Pairs computed before one step (from 0).
  func pairsBefore(step: Int, pairCount: Int) -> Int {
    let (epochs, steps) = step.quotientAndRemainder(dividingBy: stepsPerEpoch(pairCount: pairCount))
    return epochs * pairCount + steps * pairsPerStep
  }

  /// The rows of one epoch (from 0), in the order they are computed.
  private func rows(ofEpoch epoch: Int, of sources: [Int]) -> [Int] {
    var generator = SeededGenerator(seed: seed, stream: UInt64(epoch) + 1)
    switch order {
    case .asGiven: return Array(sources.indices)
    case .shuffled: return generator.permutation(of: sources.count)
    case .shuffledRows:
      let rows = Dictionary(grouping: sources.indices) { sources[$0] }.sorted { $0.key < $1.key }.map(\.value)
      return generator.permutation(of: rows.count).flatMap { rows[$0] }
    }
  }

  /// The rows of one step (from 0), in the order they are computed.
  /// - Parameters:
  ///   - sources: The rows that the pairs came from.
  ///   - epoch: The epoch of the last step that was asked for and its rows, which are shuffled once.
  func rows(ofStep step: Int, of sources: [Int], epoch: inout (index: Int, rows: [Int])?) -> ArraySlice<Int> {
    let pairCount = sources.count
    let (index, inEpoch) = step.quotientAndRemainder(dividingBy: stepsPerEpoch(pairCount: pairCount))
    let rows = if let epoch, epoch.index == index { epoch.rows } else { rows(ofEpoch: index, of: sources) }
    epoch = (index, rows)
    return rows[inEpoch * pairsPerStep..<min(pairCount, (inEpoch + 1) * pairsPerStep)]
  }
}
