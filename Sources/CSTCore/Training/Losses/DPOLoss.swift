import Foundation

/// The log-probabilities of a pair's two answers: sums over their tokens, in natural-log units.
public struct PairLogProbabilities: Sendable, Hashable {
  /// log π(y_w | x, s).
  public var chosen: Double
  /// log π(y_l | x, s).
  public var rejected: Double

  /// The log-probabilities of the preferred and the other answer.
  public init(chosen: Double, rejected: Double) {
    self.chosen = chosen
    self.rejected = rejected
  }

  static let zero = PairLogProbabilities(chosen: 0, rejected: 0)
}

/// Direct preference optimisation (Rafailov et al., arXiv 2305.18290, equation 7), which CST trains with under a
/// system prompt s (Gallego, arXiv 2404.00495), and the losses that grew from it:
///
///     L = -log σ( β·[log πθ(y_w|x,s) − log πref(y_w|x,s)] − β·[log πθ(y_l|x,s) − log πref(y_l|x,s)] )
///
/// optionally plus α times the negative log-likelihood per token of the preferred answer (RPO, Pang et al., arXiv
/// 2404.19733, equation 2), which keeps replies close to the written answers where the margin alone says enough.
/// ``LossType`` lists the others; several may be mixed by weights (MPO, Wang et al., arXiv 2411.10442).
///
/// A pair may be less than certain that its preferred answer is the better one: with probability p of that,
///
///     L = -p·log σ(m) - (1 - p)·log σ(-m),    m the margin above
///
/// (conservative DPO, Mitchell 2023, "A note on DPO with noisy preferences & relationship to IPO", there with one p for
/// all pairs, 1 − ``labelSmoothing``). It is least where σ(m) = p, so an uncertain pair stops pulling at a finite margin. The
/// likelihood term does not depend on p.
///
/// A pure function of per-sequence log-probabilities, in Double: it knows no model and no tokens.
public struct DPOLoss: Sendable, Hashable, Codable {
  /// The losses that are summed; at least one, none twice.
  public var types: [LossType]
  /// The weight of each, as many as ``types``. TRL's `loss_weights`.
  public var weights: [Double]
  /// β, how strongly the policy is held to the reference; positive. In CPO, SimPO and ORPO the scale of the margin.
  public let beta: Double
  /// α, the weight of the likelihood of the preferred answer; 0 is plain DPO. CPO's `cpo_alpha`.
  public let rpoAlpha: Double
  /// ε, the probability that a preference is the wrong way round, for the losses that have it; in `0..<0.5`.
  public var labelSmoothing = 0.0
  /// What holds the policy to the reference, for the losses of the margin δ.
  public var divergence = Divergence.reverseKL
  /// How much tokens count that stand behind the length of the shorter answer, from 0 to 1 (LD-DPO, Liu et al., arXiv
  /// 2409.06411, equation 9): TRL's `ld_alpha`.
  public var ldAlpha = 1.0
  /// Whether pairs count by how likely the policy is to write their answers (WPO, Zhou et al., arXiv 2406.11827): TRL's
  /// `use_weighting`.
  public var usesWeighting = false
  /// τ of ``LossType/discopop``.
  public var discopopTau = 0.05
  /// λ of ``LossType/dpop``.
  public var dpopLambda = 50.0
  /// γ of ``LossType/simpo``.
  public var simpoGamma = 0.5
  /// a of ``LossType/betaDPO``, how far β moves with the batch.
  public var betaDPOAlpha = 0.6

  /// Traps where `beta` is not positive and finite, or `rpoAlpha` negative or not finite.
  public init(_ type: LossType = .sigmoid, beta: Double = 0.1, rpoAlpha: Double = 0) {
    self.init([type], weights: [1], beta: beta, rpoAlpha: rpoAlpha)
    requireGoodFields()
  }

  /// A mixture, whose fields are still to be checked; EXO brings its own label smoothing.
  package init(_ types: [LossType], weights: [Double], beta: Double, rpoAlpha: Double) {
    self.types = types
    self.weights = weights
    self.beta = beta
    self.rpoAlpha = rpoAlpha
    // The paper's choice: without it the loss is infinite.
    if types.contains(.exoPair) { labelSmoothing = 1e-3 }
  }

  /// One pair's loss, its rewards and the loss's derivatives.
  public struct Value: Sendable, Hashable {
    /// The loss of the pair in nats, likelihood term included.
    public let loss: Double
    /// β·(log πθ(y_w) − log πref(y_w)), the implicit reward of the preferred answer; β·log πθ(y_w) without a reference.
    public let chosenReward: Double
    /// The same of the other answer.
    public let rejectedReward: Double
    /// ∂loss / ∂ log πθ(y_w) and ∂loss / ∂ log πθ(y_l): of each token, but for those that ``DPOLoss/ldAlpha`` discounts.
    public let gradient: PairLogProbabilities
    /// The same of each token behind the length of the shorter answer.
    let discountedGradient: PairLogProbabilities

    /// The reward margin, chosen minus rejected; the pair is ranked rightly where it is positive.
    public var margin: Double { chosenReward - rejectedReward }
  }

  /// The loss of one pair, with its rewards and derivatives.
  ///
  /// Exact to rounding for margins of either sign and any size; not finite where a log-probability is not. The losses over
  /// a batch (AOT, β-DPO, SFT's mean over tokens) see a batch of one; tokens count alike.
  /// - Parameters:
  ///   - policy: Log-probabilities under the model being trained.
  ///   - reference: Log-probabilities of the same answers under the reference model.
  ///   - chosenTokens: Tokens of the preferred answer, at least 1; the likelihood term is per token.
  ///   - rejectedTokens: Tokens of the other answer, at least 1, for the losses on means per token.
  ///   - preference: The probability p that the preferred answer is the better one. With 1 the loss is DPO's, bit for bit.
  ///   - margin: What the row asks of the margin m beyond 0 (offset DPO).
  /// - Precondition: `preference` is from 0 to 1.
  public func callAsFunction(
    policy: PairLogProbabilities, reference: PairLogProbabilities, chosenTokens: Int, rejectedTokens: Int = 1,
    preference: Double = 1, margin: Double = 0
  ) -> Value {
    var memory = Memory()
    let pair = PairScores(
      policy: policy, reference: reference, chosenTokens: chosenTokens, rejectedTokens: rejectedTokens,
      preference: preference, margin: margin)
    return self([pair], &memory)[0]
  }
}

/// What a loss sees of a pair: numbers of its two answers.
package struct PairScores: Sendable {
  var policy: PairLogProbabilities
  /// Zero where the loss needs no reference.
  var reference: PairLogProbabilities
  var chosenTokens: Int
  var rejectedTokens: Int
  var preference = 1.0
  var margin = 0.0
  /// The part of `policy` and `reference` of the first tokens, as many as the shorter answer has; `nil` where tokens count
  /// alike.
  var leading: (policy: PairLogProbabilities, reference: PairLogProbabilities)?
  /// The log of the pair's weight (WPO).
  var logWeight = 0.0
}

extension DPOLoss {
  /// What a loss remembers from batch to batch.
  struct Memory: Sendable, Hashable, Codable {
    /// M of β-DPO, the moving mean of the batches' mean δ, from 0.
    var meanGap = 0.0
    /// The share of M that a batch leaves as it was, the paper's.
    static let momentum = 0.9
  }

  /// Whether any of the losses compares with the reference model.
  package var needsReference: Bool { types.contains(where: \.needsReference) }

  /// The losses of the pairs of a batch; their mean is the batch's loss.
  func callAsFunction(_ batch: [PairScores], _ memory: inout Memory) -> [Value] {
    let batchBeta = batchBeta(batch, &memory)
    var terms = batch.map { PairTerms($0, of: self, batchBeta: batchBeta) }
    if types.contains(.aot) || types.contains(.aotUnpaired) { PairTerms.align(&terms) }
    let tokens = Double(batch.reduce(0) { $0 + $1.chosenTokens })
    let sftWeight = zip(types, weights).reduce(0) { $1.0 == .sft ? $0 + $1.1 : $0 }
    let pairWeights = batch.map { usesWeighting ? exp($0.logWeight) : 1 }
    // Of the mean over pairs each gets its tokens' share of the mean over tokens, which WPO weights as a whole.
    let perSFTToken = sftWeight * pairWeights.reduce(0, +) / tokens
    return zip(batch, zip(terms, pairWeights)).map { pair, numbers in
      let (terms, weight) = numbers
      var margins = Dual(value: 0)
      for (type, share) in zip(types, weights) where type != .sft { margins = margins + share * terms.loss(type) }
      let perToken = rpoAlpha / Double(pair.chosenTokens) + perSFTToken
      func gradient(_ discount: Double) -> PairLogProbabilities {
        PairLogProbabilities(
          chosen: weight * discount * margins.chosen - perToken, rejected: weight * discount * margins.rejected)
      }
      return Value(
        loss: weight * margins.value - perToken * pair.policy.chosen,
        chosenReward: beta * terms.chosenScale * terms.chosenRatio.value,
        rejectedReward: beta * terms.rejectedScale * terms.rejectedRatio.value,
        gradient: gradient(1), discountedGradient: gradient(ldAlpha))
    }
  }

  /// β' of β-DPO (its equation 10), for this batch.
  private func batchBeta(_ batch: [PairScores], _ memory: inout Memory) -> Double {
    guard types.contains(.betaDPO) else { return beta }
    let gap =
      batch.reduce(0) {
        $0 + ($1.policy.chosen - $1.reference.chosen) - ($1.policy.rejected - $1.reference.rejected)
      } / Double(batch.count)
    defer { memory.meanGap = Memory.momentum * memory.meanGap + (1 - Memory.momentum) * gap }
    return max(1e-3, beta * (1 + betaDPOAlpha * (gap - memory.meanGap)))
  }
}
