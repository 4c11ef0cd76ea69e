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

/// The adapter that is trained. Names and meanings follow PEFT.
struct LoRAOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("The adapter's rank (default: 16).", valueName: "r"))
  var loraRank: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The low-rank product is scaled by α / rank (default: twice the rank).", valueName: "α"))
  var loraAlpha: Double?

  @Option(parsing: .unconditional, help: ArgumentHelp("Dropout of the adapter's input (default: 0).", valueName: "p"))
  var loraDropout: Double?

  @Option(
    help: ArgumentHelp(
      "Projections to adapt, with commas between, of \(Self.targetNames) (default: all).", valueName: "names"),
    transform: Self.targets(from:))
  var loraTargets: Set<Projection>?

  @Option(
    help: ArgumentHelp("Go on from this PEFT adapter instead of a fresh one.", valueName: "folder"),
    completion: .directory)
  var initAdapter: String?

  func validate() throws {
    try Requirement.count("--lora-rank", loraRank, in: 1...4096)
    try Requirement.positive("--lora-alpha", loraAlpha)
    try Requirement.shareBelowOne("--lora-dropout", loraDropout)
    let isShaped = loraRank != nil || loraAlpha != nil || loraDropout != nil || loraTargets != nil
    if initAdapter != nil, isShaped {
      throw ValidationError(
        "--init-adapter brings its own rank, alpha, dropout and targets: leave the --lora options out")
    }
  }

  var initialAdapter: URL? { initAdapter.map { URL(filePath: $0) } }

  /// A trainer of the adapter to start from, or of a fresh one.
  /// - Throws: `FormatError` where the adapter cannot be read or is another model's, ``CommandError``.
  func trainer(of model: LanguageModel) throws -> DPOTrainer {
    guard let initialAdapter else {
      return DPOTrainer(model: model, adapter: try configuration(for: model.configuration))
    }
    return DPOTrainer(
      model: model, startingFrom: try LoRAAdapter(contentsOf: initialAdapter, for: model.configuration))
  }

  /// The shape of a fresh adapter for a model.
  /// - Throws: ``CommandError`` where a target is not one of the model's projections.
  func configuration(for model: ModelConfiguration) throws -> LoRAConfiguration {
    let targets = loraTargets ?? Set(model.projections)
    if let missing = targets.subtracting(model.projections).map(\.rawValue).min() {
      throw CommandError(
        "--lora-targets: this model has no \(missing); it has \(model.projections.map(\.rawValue).joined(separator: ", "))"
      )
    }
    return LoRAConfiguration(rank: loraRank ?? 16, alpha: loraAlpha, dropout: loraDropout ?? 0, targets: targets)
  }

  private static let targetNames = Projection.allCases.map(\.rawValue).joined(separator: ", ")

  private static func targets(from text: String) throws -> Set<Projection> {
    let names = text.split(separator: ",", omittingEmptySubsequences: false)
    return Set(
      try names.map { name in
        guard let target = Projection(rawValue: name.trimmingCharacters(in: .whitespaces)) else {
          throw ValidationError("\"\(name)\" is not one of \(targetNames)")
        }
        return target
      })
  }
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
