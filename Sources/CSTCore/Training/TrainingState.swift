import Foundation

/// A run between two steps: a value, so that a step either happens completely or not at all.
struct TrainingState: Sendable {
  private let trainer: DPOTrainer
  private let plan: TrainingPlan
  private let pairs: [EncodedPair]
  private let identity: [String: String]
  private let firstStep: Int
  private var lastCheckpoint: Int
  private(set) var adapter: LoRAAdapter
  private var optimizerState: AdamW.State
  /// Steps done.
  private(set) var stepsDone: Int

  /// Encodes the data and makes or restores adapter and optimizer.
  /// - Throws: ``ConversationError`` naming the row, ``TrainingError``.
  init(_ run: TrainingRun) throws {
    trainer = run.trainer
    plan = run.plan
    guard !run.pairs.isEmpty else { throw TrainingError(reason: .noPairs) }
    let encoder = trainer.model.encoder(maximumLength: trainer.maximumLength)
    pairs = try run.pairs.map { try EncodedPair($0, with: encoder) }
    identity = RunIdentity.describe(trainer: trainer, plan: plan, pairs: pairs)
    if let checkpoint = run.checkpoint {
      try RunIdentity.check(checkpoint.identity, against: identity)
      adapter = checkpoint.adapter
      optimizerState = checkpoint.optimizerState
      stepsDone = checkpoint.step
    } else {
      adapter = trainer.initialAdapter(seed: plan.seed)
      optimizerState = AdamW.State(for: adapter)
      stepsDone = 0
    }
    firstStep = stepsDone
    lastCheckpoint = stepsDone
  }

  var totalSteps: Int { plan.totalSteps(pairCount: pairs.count) }
  var isFinished: Bool { stepsDone >= totalSteps }
  var hasTakenStep: Bool { stepsDone > firstStep }

  var checkpoint: TrainingCheckpoint {
    TrainingCheckpoint(step: stepsDone, adapter: adapter, optimizerState: optimizerState, identity: identity)
  }

  /// The checkpoint that is due, once.
  mutating func pendingEvent() -> TrainingEvent? {
    guard let interval = plan.checkpointInterval, !isFinished, stepsDone - lastCheckpoint >= interval else {
      return nil
    }
    lastCheckpoint = stepsDone
    return .checkpoint(checkpoint)
  }

  /// Takes one optimizer step.
  /// - Throws: ``TrainingError`` where a number is not finite; nothing is changed then.
  mutating func step() throws -> StepReport {
    let begin = ContinuousClock.now
    let rows = plan.rows(ofStep: stepsDone, pairCount: pairs.count)
    var gradient: LoRAAdapter?
    var evaluated: [(pair: EncodedPair, policy: PairLogProbabilities, value: DPOLoss.Value)] = []
    var tokens = 0
    for first in stride(from: rows.startIndex, to: rows.endIndex, by: plan.batchSize) {
      let batch = rows[first..<min(rows.endIndex, first + plan.batchSize)].map { pairs[$0] }
      let result = try gradientOfBatch(batch, pairsInStep: rows.count)
      gradient = gradient.map { sum($0, result.gradient) } ?? result.gradient
      evaluated += result.evaluated
      tokens += batch.reduce(0) { $0 + $1.group.tokenCount }
    }
    guard let gradient else { throw TrainingError(reason: .noPairs) }
    let norm = try gradientNorm(gradient, rows: evaluated.map(\.pair.source))
    let clip = plan.maximumGradientNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    let factor = trainer.schedule.factor(step: stepsDone, totalSteps: totalSteps)
    adapter = trainer.optimizer.update(
      adapter, gradient: gradient, gradientScale: clip, rateFactor: factor, state: &optimizerState)
    stepsDone += 1
    return StepReport(
      step: stepsDone, totalSteps: totalSteps, metrics: RewardMetrics(evaluated.map { ($0.policy, $0.value) }),
      metricsByConfiguration: metricsByConfiguration(evaluated), gradientNorm: norm,
      learningRate: trainer.optimizer.learningRate * factor, tokens: tokens,
      seconds: (ContinuousClock.now - begin) / .seconds(1))
  }

  private typealias Evaluated = (pair: EncodedPair, policy: PairLogProbabilities, value: DPOLoss.Value)

  /// Forward, loss and backward of one batch; the loss is a mean over the `pairsInStep` pairs of the whole step.
  private func gradientOfBatch(
    _ batch: [EncodedPair], pairsInStep: Int
  ) throws -> (gradient: LoRAAdapter, evaluated: [Evaluated]) {
    let groups = batch.map(\.group)
    let (transformer, precision) = (trainer.model.transformer, trainer.model.precision)
    let reference = trainer.reference.values(of: groups) { groups in
      CompletionScores(groups, transformer: transformer, adaptation: nil, precision: precision).sums
    }
    let packed = CompletionBatch(groups)
    let dropoutSeed = plan.seed ^ (UInt64(stepsDone + 1) << 20) ^ UInt64(batch.first?.source ?? 0)
    let (logProbabilities, pullback) = valueWithPullback(at: adapter) { adapter in
      transformer.tokenLogProbabilities(
        of: packed, adaptation: Transformer.Adaptation(adapter: adapter, dropoutSeed: dropoutSeed), precision: precision)
    }
    let policy = CompletionScores.sums(of: logProbabilities, over: packed.completionRanges)
    var evaluated: [Evaluated] = []
    var cotangent = [Float](repeating: 0, count: logProbabilities.count)
    for (index, pair) in batch.enumerated() {
      let score = PairLogProbabilities(chosen: policy[index][0], rejected: policy[index][1])
      let value = trainer.loss(
        policy: score,
        reference: PairLogProbabilities(chosen: reference[index][0], rejected: reference[index][1]))
      guard value.loss.isFinite, value.margin.isFinite else {
        throw TrainingError(reason: .nonFinite(quantity: "the loss", step: stepsDone + 1, rows: [pair.source]))
      }
      evaluated.append((pair, score, value))
      let weights = [value.gradient.chosen, value.gradient.rejected].map { Float($0 / Double(pairsInStep)) }
      for (range, weight) in zip(packed.completionRanges[index], weights) {
        for position in range { cotangent[position] = weight }
      }
    }
    return (pullback(Tensor(cotangent, shape: logProbabilities.shape)), evaluated)
  }

  private func sum(_ a: LoRAAdapter, _ b: LoRAAdapter) -> LoRAAdapter {
    var others = b.parameters.makeIterator()
    return a.mapParameters { parameter in others.next().map { parameter + $0 } ?? parameter }
  }

  /// The global L2 norm, in Double.
  private func gradientNorm(_ gradient: LoRAAdapter, rows: [Int]) throws -> Double {
    var sum = 0.0
    for (name, tensor) in gradient.namedParameters {
      let squares = Kernels.current.table.dot_f32(tensor.start, tensor.start, tensor.count)
      guard squares.isFinite else {
        throw TrainingError(reason: .nonFinite(quantity: "the gradient of \(name)", step: stepsDone + 1, rows: rows))
      }
      sum += squares
    }
    return sum.squareRoot()
  }

  private func metricsByConfiguration(_ evaluated: [Evaluated]) -> [ConfigurationMetrics] {
    var names: [String] = []
    for name in evaluated.compactMap(\.pair.configuration) where !names.contains(name) { names.append(name) }
    return names.sorted().map { name in
      let share = evaluated.filter { $0.pair.configuration == name }
      return ConfigurationMetrics(name: name, metrics: RewardMetrics(share.map { ($0.policy, $0.value) }))
    }
  }
}
