import Foundation

/// The numbers of one pair that the formulas of ``LossType`` are written in.
struct PairTerms {
  private let settings: DPOLoss
  private let pair: PairScores
  /// log πθ, tokens counted as the settings say.
  private let chosen: Dual
  private let rejected: Dual
  /// Δ = log πθ − log πref.
  let chosenRatio: Dual
  let rejectedRatio: Dual
  /// β' of β-DPO.
  private let batchBeta: Double
  /// What stands against this pair when batches are aligned (AOT): of the reference's differences; and of the other answers'
  /// Δ for each of this pair's.
  private var matchedReference = 0.0
  private var matchedRejected = 0.0
  private var matchedChosen = 0.0

  init(_ pair: PairScores, of settings: DPOLoss, batchBeta: Double) {
    require(pair.chosenTokens >= 1 && pair.rejectedTokens >= 1, "an answer has at least one token")
    require((0...1).contains(pair.preference), "a preference is from 0 to 1, not \(pair.preference)")
    self.settings = settings
    self.pair = pair
    self.batchBeta = batchBeta
    func counted(_ whole: Double, _ leading: Double?) -> Double {
      leading.map { $0 + settings.ldAlpha * (whole - $0) } ?? whole
    }
    chosen = Dual(value: counted(pair.policy.chosen, pair.leading?.policy.chosen), chosen: 1)
    rejected = Dual(value: counted(pair.policy.rejected, pair.leading?.policy.rejected), rejected: 1)
    chosenRatio = chosen - counted(pair.reference.chosen, pair.leading?.reference.chosen)
    rejectedRatio = rejected - counted(pair.reference.rejected, pair.leading?.reference.rejected)
  }

  /// Matches the pairs of a batch by rank, as the optimal transport between one-dimensional distributions does.
  static func align(_ terms: inout [PairTerms]) {
    /// For each of `a`, the element of `b` of the same rank.
    func matched(_ a: [Double], _ b: [Double]) -> [Double] {
      let (ranked, sorted) = (a.indices.sorted { (a[$0], $0) < (a[$1], $1) }, b.sorted())
      var match = b
      for (rank, index) in ranked.enumerated() { match[index] = sorted[rank] }
      return match
    }
    let policy = terms.map { $0.chosen.value - $0.rejected.value }
    let (chosen, rejected) = (terms.map(\.chosenRatio.value), terms.map(\.rejectedRatio.value))
    let reference = zip(policy, zip(chosen, rejected)).map { $0 - ($1.0 - $1.1) }
    for (index, match) in matched(policy, reference).enumerated() { terms[index].matchedReference = match }
    for (index, match) in matched(chosen, rejected).enumerated() { terms[index].matchedRejected = match }
    for (index, match) in matched(rejected, chosen).enumerated() { terms[index].matchedChosen = match }
  }

  /// What a sum of the preferred answer is multiplied by in its reward: 1, or 1/|w| where the loss is of means per token.
  var chosenScale: Double { settings.types.allSatisfy(\.isPerToken) ? 1 / Double(pair.chosenTokens) : 1 }
  /// The same of the other answer.
  var rejectedScale: Double { settings.types.allSatisfy(\.isPerToken) ? 1 / Double(pair.rejectedTokens) : 1 }

  /// How far Δw is from 1/(2β) and Δl from -1/(2β), squared.
  private var calibration: Dual {
    let target = 1 / (2 * settings.beta)
    return square(chosenRatio - target) + square(rejectedRatio + target)
  }

  /// The pair's loss of a kind, with its derivatives.
  func loss(_ type: LossType) -> Dual {
    let (beta, epsilon) = (settings.beta, settings.labelSmoothing)
    let (chosenScore, rejectedScore) = (
      settings.divergence.score(chosenRatio), settings.divergence.score(rejectedRatio)
    )
    // β on each, so that the margin is the difference of the rewards to the last bit.
    let margin = beta * chosenScore - beta * rejectedScore
    let (chosenLength, rejectedLength) = (Double(pair.chosenTokens), Double(pair.rejectedTokens))
    switch type {
    case .sigmoid:
      let preference = pair.preference * (1 - epsilon) + (1 - pair.preference) * epsilon
      return crossEntropy(margin - pair.margin, preference: preference)
    case .hinge: return positivePart(1 - margin)
    case .ipo: return square(chosenScore / chosenLength - rejectedScore / rejectedLength - 1 / (2 * beta))
    case .exoPair:
      return sigmoid(margin) * (logSigmoid(margin) - log(1 - epsilon))
        + sigmoid(-margin) * (logSigmoid(-margin) - log(epsilon))
    case .ncaPair:
      return -logSigmoid(beta * chosenRatio) - 0.5 * logSigmoid(-beta * chosenRatio)
        - 0.5 * logSigmoid(-beta * rejectedRatio)
    case .robust:
      return (epsilon * logSigmoid(-margin) - (1 - epsilon) * logSigmoid(margin)) / (1 - 2 * epsilon)
    case .bcoPair: return -logSigmoid(beta * chosenRatio) - logSigmoid(-beta * rejectedRatio)
    case .sppoHard: return calibration
    case .aot: return crossEntropy(beta * (chosen - rejected - matchedReference), preference: 1 - epsilon)
    case .aotUnpaired:
      let first = crossEntropy(beta * (chosenRatio - matchedRejected), preference: 1 - epsilon)
      let second = crossEntropy(beta * (matchedChosen - rejectedRatio), preference: 1 - epsilon)
      return Dual(value: first.value, chosen: first.chosen, rejected: second.rejected)
    case .apoZero: return 1 - sigmoid(beta * chosenRatio) + sigmoid(beta * rejectedRatio)
    case .apoDown: return sigmoid(beta * chosenRatio) + 1 - sigmoid(beta * chosenRatio - beta * rejectedRatio)
    case .discopop:
      let modulation = sigmoid(margin / settings.discopopTau)
      return (1 - modulation) * -logSigmoid(margin) + modulation * exp(-margin)
    case .sigmoidNorm: return -logSigmoid(beta * (chosenScore / chosenLength - rejectedScore / rejectedLength))
    case .dpop:
      let lost = settings.dpopLambda * positivePart(-chosenRatio)
      return -logSigmoid(beta * (chosenRatio - rejectedRatio - lost))
    case .calDPO:
      return -logSigmoid(chosenRatio - rejectedRatio) + 0.5 * calibration
    case .betaDPO: return -logSigmoid(batchBeta * (chosenRatio - rejectedRatio))
    case .cpo: return crossEntropy(beta * (chosen - rejected), preference: 1 - epsilon)
    case .simpo:
      let margin = beta * (chosen / chosenLength - rejected / rejectedLength)
      return crossEntropy(margin - settings.simpoGamma, preference: 1 - epsilon)
    case .orpo:
      let (w, l) = (chosen / chosenLength, rejected / rejectedLength)
      return -w - beta * logSigmoid(w - l - (logOneMinusExp(w) - logOneMinusExp(l)))
    case .sft: return Dual(value: 0)  // a mean over the tokens of the batch: see `DPOLoss`
    }
  }
}

/// -p·log σ(m) - (1 - p)·log σ(-m), without overflow for margins of either sign.
private func crossEntropy(_ margin: Dual, preference: Double) -> Dual {
  let (sigmoid, opposite) = logistic(margin.value)
  let doubt = 1 - preference
  // A weight of 0 leaves its term out, so that an infinite margin of the right sign costs nothing.
  func weighted(_ weight: Double, _ value: Double) -> Double { weight == 0 ? 0 : weight * value }
  let (shortfall, excess) = (max(-margin.value, 0), max(margin.value, 0))
  return margin.map(
    weighted(preference, shortfall) + weighted(doubt, excess) + log1p(Foundation.exp(-abs(margin.value))),
    derivative: doubt * sigmoid - preference * opposite)
}
