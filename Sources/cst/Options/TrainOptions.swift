import ArgumentParser
import CSTCore
import Foundation

/// What of a layer is kept for the backward pass.
enum ActivationsChoice: String, CaseIterable, ExpressibleByArgument {
  case kept, recomputed, auto

  var activations: LayerActivations? {
    switch self {
    case .kept: .kept
    case .recomputed: .recomputed
    case .auto: nil
    }
  }
}

/// Where the pairs of one row under two configurations stand.
enum TwinsChoice: String, CaseIterable, ExpressibleByArgument {
  case apart, together
}

/// The optimiser's side of a training run. Names and meanings follow TRL.
struct OptimizationOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Peak learning rate.", valueName: "rate"))
  var learningRate = 1e-4

  @Option(help: "What the learning rate does after the warm-up.")
  var schedule = LearningRateSchedule.Shape.linear

  @Option(parsing: .unconditional, help: ArgumentHelp("Share of the steps spent warming up.", valueName: "share"))
  var warmupRatio = 0.0

  @Option(parsing: .unconditional, help: ArgumentHelp("AdamW's decoupled weight decay.", valueName: "decay"))
  var weightDecay = 0.0

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Scale gradients down to this norm; 0 leaves them.", valueName: "norm"))
  var maxGradNorm = 1.0

  @Option(parsing: .unconditional, help: ArgumentHelp("Pairs computed together.", valueName: "n"))
  var batchSize = 4

  @Option(parsing: .unconditional, help: ArgumentHelp("Batches to one optimizer step.", valueName: "n"))
  var gradientAccumulation = 1

  @Option(parsing: .unconditional, help: ArgumentHelp("Passes over the data (default: 1).", valueName: "n"))
  var epochs: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("Optimizer steps, instead of --epochs.", valueName: "n"))
  var steps: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Most tokens of prompt and answer together: longer answers are cut, longer prompts refused.", valueName: "n"))
  var maxLength = 512

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Decides the order of rows, fresh adapters and dropout.", valueName: "n"))
  var seed: UInt64 = 42

  @Flag(help: "Take the rows in their order.")
  var noShuffle = false

  @Option(help: "Shuffle pairs, or rows whose pairs under all configurations stay together.")
  var twins = TwinsChoice.apart

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps between checkpoints (default: by --checkpoint-seconds only).", valueName: "n"))
  var checkpointEvery: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Most seconds of work to lose: a checkpoint follows the step that ends after them.", valueName: "s"))
  var checkpointSeconds = 600.0

  @Option(
    help: ArgumentHelp(
      "Keep what the backward pass needs of the layers, or compute it again; auto keeps what fits in a quarter of the "
        + "memory. Results are the same."))
  var activations = ActivationsChoice.auto

  func validate() throws {
    try Requirement.notNegative("--learning-rate", learningRate)
    try Requirement.share("--warmup-ratio", warmupRatio)
    try Requirement.notNegative("--weight-decay", weightDecay)
    try Requirement.notNegative("--max-grad-norm", maxGradNorm)
    try Requirement.count("--batch-size", batchSize, in: 1...65_536)
    try Requirement.count("--gradient-accumulation", gradientAccumulation, in: 1...65_536)
    try Requirement.count("--epochs", epochs, in: 1...1_000_000)
    try Requirement.count("--steps", steps, in: 1...1_000_000_000)
    try Requirement.count("--max-length", maxLength, in: 2...1 << 22)
    try Requirement.count("--checkpoint-every", checkpointEvery, in: 1...1_000_000_000)
    try Requirement.notNegative("--checkpoint-seconds", checkpointSeconds)
    if noShuffle, twins == .together {
      throw ValidationError(
        "--no-shuffle and --twins together exclude each other: rows in their order have twins together")
    }
    if epochs != nil, steps != nil { throw ValidationError("--epochs and --steps exclude each other: give one") }
  }

  /// A trainer with these options.
  func apply(to trainer: DPOTrainer) -> DPOTrainer {
    var trainer = trainer
    trainer.optimizer = AdamW(learningRate: learningRate, weightDecay: weightDecay)
    trainer.schedule = LearningRateSchedule(schedule, warmupRatio: warmupRatio)
    trainer.maximumLength = min(maxLength, trainer.model.configuration.contextLength)
    return trainer
  }

  var plan: TrainingPlan {
    TrainingPlan(
      length: steps.map { .steps($0) } ?? .epochs(epochs ?? 1), batchSize: batchSize,
      gradientAccumulation: gradientAccumulation,
      order: noShuffle ? .asGiven : twins == .together ? .shuffledRows : .shuffled,
      maximumGradientNorm: maxGradNorm > 0 ? maxGradNorm : nil, seed: seed, checkpointInterval: checkpointEvery,
      checkpointSeconds: checkpointSeconds, activations: activations.activations)
  }
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
