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
}

/// Direct preference optimisation (Rafailov et al., arXiv 2305.18290, equation 7), which CST trains with under a
/// system prompt s (Gallego, arXiv 2404.00495):
///
///     L = -log σ( β·[log πθ(y_w|x,s) − log πref(y_w|x,s)] − β·[log πθ(y_l|x,s) − log πref(y_l|x,s)] )
///
/// optionally plus α times the negative log-likelihood per token of the preferred answer (RPO, Pang et al., arXiv
/// 2404.19733, equation 2), which keeps replies close to the written answers where the margin alone says enough.
///
/// A pair may be less than certain that its preferred answer is the better one: with probability p of that,
///
///     L = -p·log σ(m) - (1 - p)·log σ(-m),    m the margin above
///
/// (conservative DPO, Mitchell 2023, "A note on DPO with noisy preferences & relationship to IPO", there with one p for
/// all pairs). It is least where σ(m) = p, so an uncertain pair stops pulling at a finite margin. The likelihood term
/// does not depend on p.
///
/// A pure function of per-sequence log-probabilities, in Double: it knows no model and no tokens.
public struct DPOLoss: Sendable, Hashable, Codable {
  /// β, how strongly the policy is held to the reference; positive.
  public let beta: Double
  /// α, the weight of the likelihood of the preferred answer; 0 is plain DPO.
  public let rpoAlpha: Double

  /// Traps where `beta` is not positive and finite, or `rpoAlpha` negative or not finite.
  public init(beta: Double = 0.1, rpoAlpha: Double = 0) {
    self.beta = beta
    self.rpoAlpha = rpoAlpha
    requireGoodFields()
  }

  /// One pair's loss, its rewards and the loss's derivatives.
  public struct Value: Sendable, Hashable {
    /// The loss of the pair in nats, likelihood term included.
    public let loss: Double
    /// β·(log πθ(y_w) − log πref(y_w)), the implicit reward of the preferred answer.
    public let chosenReward: Double
    /// β·(log πθ(y_l) − log πref(y_l)).
    public let rejectedReward: Double
    /// ∂loss / ∂ log πθ(y_w) and ∂loss / ∂ log πθ(y_l).
    public let gradient: PairLogProbabilities

    /// The reward margin, chosen minus rejected; the pair is ranked rightly where it is positive.
    public var margin: Double { chosenReward - rejectedReward }
  }

  /// The loss of one pair, with its rewards and derivatives.
  ///
  /// Exact to rounding for margins of either sign and any size; not finite where a log-probability is not.
  /// - Parameters:
  ///   - policy: Log-probabilities under the model being trained.
  ///   - reference: Log-probabilities of the same answers under the reference model.
  ///   - chosenTokens: Tokens of the preferred answer, at least 1; the likelihood term is per token.
  ///   - preference: The probability p that the preferred answer is the better one. With 1 the loss is DPO's, bit for bit.
  /// - Precondition: `preference` is from 0 to 1.
  public func callAsFunction(
    policy: PairLogProbabilities, reference: PairLogProbabilities, chosenTokens: Int, preference: Double = 1
  ) -> Value {
    require(chosenTokens >= 1, "an answer has at least one token")
    require((0...1).contains(preference), "a preference is from 0 to 1, not \(preference)")
    let chosenReward = beta * (policy.chosen - reference.chosen)
    let rejectedReward = beta * (policy.rejected - reference.rejected)
    let margin = chosenReward - rejectedReward
    // -log σ(m) = max(-m, 0) + log(1 + e^-|m|) and its derivative -σ(-m), without overflow for margins of either sign.
    let remainder = exp(-abs(margin))
    let (larger, smaller) = (1 / (1 + remainder), remainder / (1 + remainder))
    let (sigmoid, opposite) = margin >= 0 ? (larger, smaller) : (smaller, larger)
    let doubt = 1 - preference
    // A weight of 0 leaves its term out, so that an infinite margin of the right sign costs nothing.
    func weighted(_ weight: Double, _ value: Double) -> Double { weight == 0 ? 0 : weight * value }
    let loss = weighted(preference, max(-margin, 0)) + weighted(doubt, max(margin, 0)) + log1p(remainder)
    let weight = preference * opposite - doubt * sigmoid
    let likelihoodWeight = rpoAlpha / Double(chosenTokens)
    return Value(
      loss: loss - likelihoodWeight * policy.chosen, chosenReward: chosenReward, rejectedReward: rejectedReward,
      gradient: PairLogProbabilities(chosen: -beta * weight - likelihoodWeight, rejected: beta * weight))
  }
}
