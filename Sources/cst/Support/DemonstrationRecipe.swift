import CSTCore
import CSTData
import Foundation

/// How the demo trains: the recipe that `Docs/Training.md` gives the measurements of.
struct DemonstrationRecipe {
  var seed: UInt64 = 42
  var steps = 500
  var variation = PromptVariation(
    reworded: 0.75, framed: 0.2, overridden: 0.2, later: 0.1, unprompted: 0.1, warmup: 0.25)
  var retentionRatio = 1.0
  var retentionWeight = 1.0
  var retainedTokens = 16
  var maximumCompletionLength = 24
  var maximumLength = 700
  var batchSize = 4
  var learningRate = 1e-3
  var rank = 16

  /// The plan; the twins of a row stand in one batch.
  var plan: TrainingPlan {
    TrainingPlan(length: .steps(steps), batchSize: batchSize, order: .shuffledRows, seed: seed)
  }

  func trainer(of model: LanguageModel) -> DPOTrainer {
    var trainer = DPOTrainer(
      model: model, loss: DPOLoss(beta: 0.1, rpoAlpha: 1), adapter: LoRAConfiguration(rank: rank),
      optimizer: AdamW(learningRate: learningRate), schedule: LearningRateSchedule(.linear, warmupRatio: 0.1))
    trainer.maximumLength = maximumLength
    trainer.maximumCompletionLength = maximumCompletionLength
    return trainer
  }

  /// Makes what is retained.
  func retention(beside pairs: [ConfiguredPair], policy: SafetyPolicy) -> (RetentionSynthesis, limit: Int) {
    (
      RetentionSynthesis(policy: policy, maximumTokens: retainedTokens, seed: seed),
      limit: RetentionSynthesis.limit(for: plan, pairs: pairs.count, ratio: retentionRatio)
    )
  }

  /// The options of `cst train` that do the same.
  var options: String {
    "--wordings policy --reworded \(variation.reworded) --framed \(variation.framed) --overridden \(variation.overridden) "
      + "--later \(variation.later) --unprompted \(variation.unprompted) --wordings-warmup \(variation.warmup) "
      + "--retain-ratio \(retentionRatio) --retain-weight \(retentionWeight) "
      + "--retain-tokens \(retainedTokens) --max-length \(maximumLength) "
      + "--max-completion-length \(maximumCompletionLength) --twins together "
      + "--lora-rank \(rank) --learning-rate \(learningRate) --warmup-ratio 0.1 --beta 0.1 --rpo-alpha 1 "
      + "--batch-size \(batchSize) --steps \(steps) --seed \(seed)"
  }
}
