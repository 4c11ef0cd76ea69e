/// One pair of a step: its tokens, its log-probabilities under the policy, and its loss.
struct EvaluatedPair: Sendable {
  let pair: EncodedPair
  let policy: PairLogProbabilities
  let value: DPOLoss.Value
}

/// How the retained replies of a step count, see ``Retention``.
struct RetentionTerm: Sendable {
  let weight: Double
  /// Retained replies in the step.
  let inStep: Int

  init(_ retention: Retention?, inStep: Int) {
    weight = retention?.weight ?? 0
    self.inStep = inStep
  }
}

/// Forward, loss and backward of one batch.
struct BatchGradient: Sendable {
  /// The batch's share of the gradient of the step's mean loss.
  let gradient: LoRAAdapter
  /// The batch's pairs in order.
  let evaluated: [EvaluatedPair]
  /// The batch's share of the mean negative log-likelihood per token of the step's retained replies.
  private(set) var retainedLoss = 0.0

  /// - Parameters:
  ///   - retained: Replies of the base model that stand beside the pairs.
  ///   - retention: How they count.
  ///   - adapter: The policy's adapter; the reference is the same model without it.
  ///   - pairsInStep: Pairs the step's mean loss is over.
  ///   - step: The step's number from 1, for messages.
  ///   - dropoutSeed: Decides the dropout masks, where the adapter has dropout.
  ///   - activations: What of a layer is kept for the backward pass.
  /// - Throws: ``TrainingError`` where a loss is not finite.
  init(
    _ batch: [EncodedPair], retained: [EncodedReply] = [], _ retention: RetentionTerm = RetentionTerm(nil, inStep: 0),
    trainer: DPOTrainer, adapter: LoRAAdapter, pairsInStep: Int, step: Int,
    dropoutSeed: UInt64, activations: LayerActivations = .kept
  ) throws(TrainingError) {
    let (transformer, precision) = (trainer.model.transformer, trainer.model.precision)
    let reference = trainer.reference.values(of: batch.map(\.group)) { groups in
      CompletionScores(groups, transformer: transformer, adaptation: nil, precision: precision).sums
    }
    let packed = CompletionBatch(
      batch.map(\.group) + retained.map(\.group), switchLength: transformer.rotary.switchLength)
    let (logProbabilities, pullback) = valueWithPullback(at: adapter) { adapter in
      transformer.tokenLogProbabilities(
        of: packed, adaptation: Transformer.Adaptation(adapter: adapter, dropoutSeed: dropoutSeed),
        precision: precision, activations: activations)
    }
    let policy = CompletionScores.sums(of: logProbabilities, over: packed.completionRanges)
    var evaluated: [EvaluatedPair] = []
    var cotangent = [Float](repeating: 0, count: logProbabilities.count)
    for (index, pair) in batch.enumerated() {
      let score = PairLogProbabilities(chosen: policy[index][0], rejected: policy[index][1])
      let value = trainer.loss(
        policy: score,
        reference: PairLogProbabilities(chosen: reference[index][0], rejected: reference[index][1]),
        chosenTokens: pair.chosen.tokens.count, preference: pair.preference)
      guard value.loss.isFinite, value.margin.isFinite else {
        throw TrainingError.nonFinite("the loss", step: step, pairs: [pair])
      }
      evaluated.append(EvaluatedPair(pair: pair, policy: score, value: value))
      for (range, weight) in zip(packed.completionRanges[index], [value.gradient.chosen, value.gradient.rejected]) {
        for position in range { cotangent[position] = Float(weight / Double(pairsInStep)) }
      }
    }
    for (scores, ranges) in zip(policy, packed.completionRanges).dropFirst(batch.count) {
      for (score, range) in zip(scores, ranges) {
        let share = 1 / (Double(range.count) * Double(retention.inStep))
        retainedLoss -= score * share
        for position in range { cotangent[position] = Float(-retention.weight * share) }
      }
    }
    guard retainedLoss.isFinite else {
      throw TrainingError.nonFinite("the loss of the retained replies", step: step, pairs: batch)
    }
    gradient = pullback(Tensor(cotangent, shape: logProbabilities.shape))
    self.evaluated = evaluated
  }
}
