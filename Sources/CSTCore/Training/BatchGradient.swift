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
  /// What the loss remembers after this batch.
  let memory: DPOLoss.Memory

  /// - Parameters:
  ///   - retained: Replies of the base model that stand beside the pairs.
  ///   - retention: How they count.
  ///   - adapter: The policy's adapter; the reference is the same model without it.
  ///   - pairsInStep: Pairs the step's mean loss is over.
  ///   - step: The step's number from 1, for messages.
  ///   - dropoutSeed: Decides the dropout masks, where the adapter has dropout.
  ///   - activations: What of a layer is kept for the backward pass.
  ///   - memory: What the loss remembers of the batches before.
  /// - Throws: ``TrainingError`` where a loss is not finite.
  init(
    _ batch: [EncodedPair], retained: [EncodedReply] = [], _ retention: RetentionTerm = RetentionTerm(nil, inStep: 0),
    trainer: DPOTrainer, adapter: LoRAAdapter, pairsInStep: Int, step: Int,
    dropoutSeed: UInt64, activations: LayerActivations = .kept, memory: DPOLoss.Memory = DPOLoss.Memory()
  ) throws(TrainingError) {
    let (transformer, precision, loss) = (trainer.model.transformer, trainer.model.precision, trainer.loss)
    let reference =
      loss.needsReference
      ? trainer.reference.values(of: batch.map(\.group)) { groups in
        CompletionScores(groups, transformer: transformer, adaptation: nil, precision: precision)
      } : []
    let packed = CompletionBatch(
      batch.map(\.group) + retained.map(\.group), switchLength: transformer.rotary.switchLength)
    let logSquares = loss.usesWeighting ? Tensor(shape: [packed.targets.count]) { _ in } : nil
    let (logProbabilities, pullback) = valueWithPullback(at: adapter) { adapter in
      transformer.tokenLogProbabilities(
        of: packed, adaptation: Transformer.Adaptation(adapter: adapter, dropoutSeed: dropoutSeed),
        precision: precision, activations: activations, logSquares: logSquares)
    }
    let policy = CompletionScores(logProbabilities, over: packed.completionRanges)
    let squares = logSquares.map { CompletionScores.sums(of: $0, over: packed.completionRanges) }
    let scores = batch.indices.map { index in
      PairScores(
        batch[index], policy: policy[index], reference: reference.isEmpty ? nil : reference[index],
        logSquares: squares?[index], hasDiscount: loss.ldAlpha != 1)
    }
    var memory = memory
    let values = loss(scores, &memory)
    self.memory = memory
    var evaluated: [EvaluatedPair] = []
    var cotangent = [Float](repeating: 0, count: logProbabilities.count)
    for (index, (pair, value)) in zip(batch, values).enumerated() {
      guard value.loss.isFinite, value.margin.isFinite else {
        throw TrainingError.nonFinite("the loss", step: step, pairs: [pair])
      }
      evaluated.append(EvaluatedPair(pair: pair, policy: scores[index].policy, value: value))
      let ranges = packed.completionRanges[index]
      let gradients = [
        (value.gradient.chosen, value.discountedGradient.chosen),
        (value.gradient.rejected, value.discountedGradient.rejected),
      ]
      for ((range, leading), (whole, discounted)) in zip(zip(ranges, CompletionScores.leading(ranges)), gradients) {
        for position in range {
          cotangent[position] = Float((leading.contains(position) ? whole : discounted) / Double(pairsInStep))
        }
      }
    }
    for (scores, ranges) in zip(policy.sums, packed.completionRanges).dropFirst(batch.count) {
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

extension PairScores {
  /// - Parameters:
  ///   - logSquares: The sums of log Σ p² of chosen and rejected answer, where the pair is weighted (WPO).
  ///   - hasDiscount: Whether tokens behind the length of the shorter answer count less.
  fileprivate init(
    _ pair: EncodedPair, policy: CompletionScores.Group, reference: CompletionScores.Group?, logSquares: [Double]?,
    hasDiscount: Bool
  ) {
    self.init(
      policy: PairLogProbabilities(policy.sums), reference: reference.map { PairLogProbabilities($0.sums) } ?? .zero,
      chosenTokens: pair.chosen.tokens.count, rejectedTokens: pair.rejected.tokens.count, preference: pair.preference,
      margin: pair.margin)
    if hasDiscount {
      leading = (
        PairLogProbabilities(policy.leadingSums),
        reference.map { PairLogProbabilities($0.leadingSums) } ?? .zero
      )
    }
    if let logSquares {
      logWeight =
        (policy.sums[0] - logSquares[0]) / Double(chosenTokens)
        + (policy.sums[1] - logSquares[1]) / Double(rejectedTokens)
    }
  }
}

extension PairLogProbabilities {
  /// Of the two completions of a pair, chosen first.
  fileprivate init(_ sums: [Double]) { self.init(chosen: sums[0], rejected: sums[1]) }
}
