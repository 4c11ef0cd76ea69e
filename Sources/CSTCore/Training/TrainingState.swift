import Foundation

/// A run between two steps: a value, so that a step either happens completely or not at all.
struct TrainingState: Sendable {
  private let trainer: DPOTrainer
  /// The plan, with what it left open decided.
  let plan: TrainingPlan
  private let data: TrainingData
  /// The rows that the pairs came from.
  private let sources: [Int]
  private let identity: RunIdentity
  private let activations: LayerActivations
  private var epoch: (index: Int, rows: [Int])?
  private let firstStep: Int
  private var lastCheckpoint: (step: Int, time: ContinuousClock.Instant)
  private(set) var adapter: LoRAAdapter
  private var optimizerState: AdamW.State
  private var lossMemory: DPOLoss.Memory
  private var watch: TrainingWatch
  /// Alarms that are still to be told.
  private var alarms: [TrainingAlarm]
  /// Steps done.
  private(set) var stepsDone: Int

  /// Takes the data and makes or restores adapter and optimizer.
  /// - Throws: ``ConversationError`` naming the row, ``TrainingError``, ``LinearAlgebraError`` where weights cannot be
  ///   taken apart for the start.
  init(_ run: TrainingRun) throws {
    trainer = run.trainer
    data = try run.data()
    let pairs = data.pairs
    sources = pairs.map(\.source)
    guard !pairs.isEmpty else { throw TrainingError(reason: .noPairs) }
    activations = run.plan.activations ?? trainer.activations(for: pairs, batchSize: run.plan.batchSize)
    var plan = run.plan
    plan.activations = activations
    self.plan = plan
    trainer.loss.requireGoodFields()
    for pair in pairs {
      if let problem = trainer.loss.refusal(of: pair) {
        throw TrainingError(
          reason: .unsupportedByLoss(problem: problem, row: pair.source), rowPlaces: pair.pair.place.map { [$0] } ?? [])
      }
    }
    identity = RunIdentity(trainer: trainer, plan: plan, data: data)
    if let checkpoint = run.checkpoint {
      try checkpoint.identity.check(against: identity, pairs: pairs)
      adapter = checkpoint.adapter
      optimizerState = checkpoint.optimizerState
      lossMemory = checkpoint.lossMemory
      stepsDone = checkpoint.step
    } else {
      adapter = try trainer.initialAdapter(seed: plan.seed)
      optimizerState = AdamW.State(for: adapter)
      lossMemory = DPOLoss.Memory()
      stepsDone = 0
    }
    watch = TrainingWatch(trainer)
    alarms = watch.alarm(before: pairs).map { [$0] } ?? []
    firstStep = stepsDone
    lastCheckpoint = (stepsDone, .now)
  }

  var totalSteps: Int { plan.totalSteps(pairCount: data.pairs.count) }
  var isFinished: Bool { stepsDone >= totalSteps }
  var hasTakenStep: Bool { stepsDone > firstStep }

  var checkpoint: TrainingCheckpoint {
    TrainingCheckpoint(
      step: stepsDone, adapter: adapter, optimizerState: optimizerState, lossMemory: lossMemory, identity: identity)
  }

  /// The alarm or the checkpoint that is due, once.
  mutating func pendingEvent() -> TrainingEvent? {
    if !alarms.isEmpty { return .alarm(alarms.removeFirst()) }
    let steps = stepsDone - lastCheckpoint.step
    let isDueBySteps = plan.checkpointInterval.map { steps >= $0 } ?? false
    let isDueByTime =
      plan.checkpointSeconds.map { (ContinuousClock.now - lastCheckpoint.time) / .seconds(1) >= $0 } ?? false
    guard !isFinished, steps > 0, isDueBySteps || isDueByTime else { return nil }
    lastCheckpoint = (stepsDone, .now)
    return .checkpoint(checkpoint)
  }

  /// Takes one optimizer step.
  /// - Throws: ``TrainingError`` where a number is not finite; nothing is changed then.
  mutating func step() throws -> StepReport {
    let begin = ContinuousClock.now
    let rows = plan.rows(ofStep: stepsDone, of: sources, epoch: &epoch)
    let progress = Double(stepsDone) / Double(max(1, totalSteps))
    let pairsBefore = plan.pairsBefore(step: stepsDone, pairCount: data.pairs.count)
    let retention = RetentionTerm(
      data.retention, inStep: data.retention?.count(besidePairs: pairsBefore..<pairsBefore + rows.count).count ?? 0)
    var gradient: LoRAAdapter?
    var memory = lossMemory
    var evaluated: [EvaluatedPair] = []
    var retainedLoss = 0.0
    var tokens = 0
    for first in stride(from: rows.startIndex, to: rows.endIndex, by: plan.batchSize) {
      let batch = try data.pairs(
        at: rows[first..<min(rows.endIndex, first + plan.batchSize)], ofEpoch: epoch?.index ?? 0, progress: progress)
      let before = pairsBefore + first - rows.startIndex
      let retained = try data.retained(besidePairs: before..<before + batch.count, progress: progress)
      let result = try BatchGradient(
        batch, retained: retained, retention, trainer: trainer, adapter: adapter, pairsInStep: rows.count,
        step: stepsDone + 1,
        dropoutSeed: plan.seed ^ UInt64(stepsDone + 1) << 32 ^ UInt64(first - rows.startIndex),
        activations: activations,
        memory: memory)
      memory = result.memory
      gradient = gradient.map { sum($0, result.gradient) } ?? result.gradient
      evaluated += result.evaluated
      retainedLoss += result.retainedLoss
      tokens += batch.reduce(0) { $0 + $1.group.tokenCount } + retained.reduce(0) { $0 + $1.group.tokenCount }
    }
    guard let gradient else { throw TrainingError(reason: .noPairs) }
    let norm = try gradientNorm(gradient, pairs: evaluated.map(\.pair))
    let clip = plan.maximumGradientNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    let factor = trainer.schedule.factor(step: stepsDone, totalSteps: totalSteps)
    adapter = trainer.optimizer.update(
      adapter, gradient: gradient, gradientScale: clip, rateFactor: factor,
      rateFactors: adapter.isFast.map { $0 ? trainer.loraPlusRatio : 1 }, state: &optimizerState)
    lossMemory = memory
    stepsDone += 1
    alarms += watch.alarms(after: stepsDone, evaluated, gradientNorm: norm)
    return StepReport(
      step: stepsDone, totalSteps: totalSteps, metrics: RewardMetrics(evaluated),
      metricsByConfiguration: metricsByConfiguration(evaluated),
      retainedLoss: retention.inStep > 0 ? retainedLoss : nil, gradientNorm: norm,
      learningRate: trainer.optimizer.learningRate * factor, tokens: tokens,
      seconds: (ContinuousClock.now - begin) / .seconds(1))
  }

  private func sum(_ a: LoRAAdapter, _ b: LoRAAdapter) -> LoRAAdapter {
    var others = b.parameters.makeIterator()
    return a.mapParameters { parameter in others.next().map { parameter + $0 } ?? parameter }
  }

  /// The global L2 norm, in Double.
  private func gradientNorm(_ gradient: LoRAAdapter, pairs: [EncodedPair]) throws -> Double {
    var sum = 0.0
    for (name, tensor) in gradient.namedParameters {
      let squares = Kernels.current.dot(tensor.start, tensor.start, tensor.count)
      guard squares.isFinite else {
        throw TrainingError.nonFinite("the gradient of \(name)", step: stepsDone + 1, pairs: pairs)
      }
      sum += squares
    }
    return sum.squareRoot()
  }

  private func metricsByConfiguration(_ evaluated: [EvaluatedPair]) -> [ConfigurationMetrics] {
    Set(evaluated.compactMap(\.pair.configuration)).sorted().map { name in
      let share = evaluated.filter { $0.pair.configuration == name }
      return ConfigurationMetrics(name: name, metrics: RewardMetrics(share))
    }
  }
}
