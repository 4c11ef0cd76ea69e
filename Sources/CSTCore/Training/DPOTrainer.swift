import Foundation
import Synchronization

/// Trains a low-rank adapter on preference pairs with the DPO loss; with pairs flipped by a policy this is
/// Configurable Safety Tuning.
///
/// ```swift
/// let trainer = DPOTrainer(model: model, loss: DPOLoss(beta: 0.1), adapter: LoRAConfiguration(rank: 16))
/// for try await event in trainer.run(on: pairs.configured(by: policy), plan: TrainingPlan(epochs: 2)) { … }
/// ```
///
/// The reference model is the same model with the adapter off, run through the same code on the same batches.
public struct DPOTrainer: Sendable {
  /// The model; its own adapter, if it has one, is ignored.
  public let model: LanguageModel
  /// The loss.
  public var loss: DPOLoss
  /// Update rule and peak learning rate.
  public var optimizer: AdamW
  /// The learning rate of B, and of DoRA's magnitudes, as a multiple of A's (LoRA+, Hayou et al., arXiv 2402.12354).
  public var loraPlusRatio = 1.0
  /// How the learning rate changes.
  public var schedule: LearningRateSchedule
  /// Most tokens of prompt and answer together; the model's context length at most.
  public var maximumLength: Int
  /// Most tokens of an answer, which loses its end where it has more; `nil` leaves answers whole. The first words of a
  /// reply decide whether it answers or declines, and each costs as much as the last.
  public var maximumCompletionLength: Int?
  /// Scores of the reference model; share it between runs over the same model and precision to score once.
  public var reference: ReferenceScores

  private let start: Start

  private enum Start: Sendable {
    case fresh(LoRAConfiguration)
    case existing(LoRAAdapter)
  }

  /// A trainer that starts from a fresh adapter, initialised from the plan's seed.
  public init(
    model: LanguageModel, loss: DPOLoss = DPOLoss(), adapter: LoRAConfiguration = LoRAConfiguration(),
    optimizer: AdamW = AdamW(), schedule: LearningRateSchedule = LearningRateSchedule(), maximumLength: Int = 512,
    reference: ReferenceScores = ReferenceScores()
  ) {
    self.init(
      model, loss, .fresh(adapter.restricted(to: model.configuration)), optimizer, schedule, maximumLength, reference)
  }

  /// A trainer that starts from an existing adapter. Traps where the adapter is not for this model.
  public init(
    model: LanguageModel, loss: DPOLoss = DPOLoss(), startingFrom adapter: LoRAAdapter, optimizer: AdamW = AdamW(),
    schedule: LearningRateSchedule = LearningRateSchedule(), maximumLength: Int = 512,
    reference: ReferenceScores = ReferenceScores()
  ) {
    require(adapter.fits(model.configuration), "the adapter is for another model")
    self.init(model, loss, .existing(adapter), optimizer, schedule, maximumLength, reference)
  }

  private init(
    _ model: LanguageModel, _ loss: DPOLoss, _ start: Start, _ optimizer: AdamW, _ schedule: LearningRateSchedule,
    _ maximumLength: Int, _ reference: ReferenceScores
  ) {
    self.model = model
    self.loss = loss
    self.start = start
    self.optimizer = optimizer
    self.schedule = schedule
    self.maximumLength = min(maximumLength, model.configuration.contextLength)
    self.reference = reference
  }

  /// A run over these pairs. Nothing happens until its first event is asked for.
  ///
  /// - Parameters:
  ///   - pairs: What to train on, as this trainer's ``encoder`` makes it.
  ///   - plan: Length, batches, order and seed.
  ///   - checkpoint: Where to go on; from the beginning where `nil`.
  ///   - shouldStop: Asked after every step; where it says yes, the run ends early with a checkpoint and the adapter
  ///     as learnt so far.
  public func run(
    on pairs: [EncodedPair], plan: TrainingPlan = TrainingPlan(), resuming checkpoint: TrainingCheckpoint? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) -> TrainingRun {
    run(on: TrainingData(pairs), plan: plan, resuming: checkpoint, shouldStop: shouldStop)
  }

  /// The same over data that is drawn anew every epoch, with replies to retain.
  public func run(
    on data: TrainingData, plan: TrainingPlan = TrainingPlan(), resuming checkpoint: TrainingCheckpoint? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) -> TrainingRun {
    TrainingRun(trainer: self, data: { data }, plan: plan, checkpoint: checkpoint, shouldStop: shouldStop)
  }

  /// The same over pairs as text, which are encoded when the first event is asked for.
  ///
  /// - Parameter pairs: What to train on; see `configured(by:)`, `vanilla(by:)` and `asWritten()`.
  /// - Parameter plan: Length, batches, order and seed.
  /// - Parameter checkpoint: Where to go on; from the beginning where `nil`.
  /// - Parameter shouldStop: Asked after every step; where it says yes, the run ends early.
  public func run(
    on pairs: some Collection<ConfiguredPair>, plan: TrainingPlan = TrainingPlan(),
    resuming checkpoint: TrainingCheckpoint? = nil, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) -> TrainingRun {
    let pairs = Array(pairs)
    return TrainingRun(
      trainer: self, data: { TrainingData(try pairs.encoded(with: encoder)) }, plan: plan, checkpoint: checkpoint,
      shouldStop: shouldStop)
  }

  /// Turns pairs into the tokens that are trained on, of at most ``maximumLength`` and ``maximumCompletionLength``.
  public var encoder: ConversationEncoder {
    model.encoder(maximumLength: maximumLength, maximumCompletionLength: maximumCompletionLength)
  }

  /// What of a layer is kept for the backward pass where the plan leaves it open, see ``TrainingPlan/activations``.
  /// - Parameters:
  ///   - pairs: All pairs of the run; the batch that counts is that of the longest.
  ///   - batchSize: Pairs computed together.
  public func activations(for pairs: [EncodedPair], batchSize: Int) -> LayerActivations {
    memory(for: pairs, batchSize: batchSize).activationChoice
  }

  /// The memory of a run: that of the longest batch counts.
  func memory(
    for pairs: [EncodedPair], batchSize: Int, activations: LayerActivations? = nil
  ) -> TrainingMemory {
    let longest = pairs.map(\.group.tokenCount).sorted(by: >).prefix(batchSize)
    return TrainingMemory(
      model: model, adapter: adapterConfiguration, tokensPerBatch: longest.reduce(0, +), activations: activations)
  }

  /// The shape of the adapter that is trained.
  var adapterConfiguration: LoRAConfiguration {
    switch start {
    case .existing(let adapter): adapter.configuration
    case .fresh(let configuration): configuration
    }
  }

  func initialAdapter(seed: UInt64) throws(LinearAlgebraError) -> LoRAAdapter {
    switch start {
    case .existing(let adapter): return adapter
    case .fresh(let configuration):
      var generator = SeededGenerator(seed: seed)
      return try LoRAAdapter(for: model, configuration, using: &generator)
    }
  }
}

/// Log-probabilities under the reference model, kept so that each group of completions is scored once.
///
/// The key is what determines the scores: the tokens of prompt and completions. One cache belongs to one reference
/// model in one precision; it may be shared by runs that have that in common. It never forgets: an entry
/// takes 4 bytes a token and a little more.
public final class ReferenceScores: Sendable {
  private let scores = Mutex<[CompletionGroup: CompletionScores.Group]>([:])

  /// No scores yet.
  public init() {}

  /// Scores of the groups in their order, computing those not known with one call of `score`.
  func values(
    of groups: [CompletionGroup], score: ([CompletionGroup]) -> CompletionScores
  ) -> [CompletionScores.Group] {
    let missing = scores.withLock { known in groups.filter { known[$0] == nil } }
    let computed = missing.isEmpty ? nil : score(missing)
    return scores.withLock { known in
      for (index, group) in missing.enumerated() { known[group] = computed?[index] }
      return groups.compactMap { known[$0] }
    }
  }
}
