import CSTCore
import Foundation
import TestSupport
import Testing

@Suite struct SoftDPOLossTests {
  private static let margins = [-5000.0, -400, -37, -3, -1e-9, 0, 1e-9, 3, 37, 400, 5000]

  private func value(_ loss: DPOLoss, margin: Double, preference: Double?) -> DPOLoss.Value {
    let reference = PairLogProbabilities(chosen: -50, rejected: -60)
    let policy = PairLogProbabilities(chosen: -50 + margin / loss.beta, rejected: -60)
    guard let preference else { return loss(policy: policy, reference: reference, chosenTokens: 7) }
    return loss(policy: policy, reference: reference, chosenTokens: 7, preference: preference)
  }

  /// DPO's loss as it was before there were labels.
  private func certain(_ margin: Double) -> (loss: Double, weight: Double) {
    (
      max(-margin, 0) + log1p(exp(-abs(margin))),
      margin >= 0 ? exp(-margin) / (1 + exp(-margin)) : 1 / (1 + exp(margin))
    )
  }

  @Test(arguments: margins, [0.0, 0.7]) func certaintyIsDPOBitForBit(margin: Double, alpha: Double) {
    let loss = DPOLoss(beta: 0.125, rpoAlpha: alpha)
    let sure = value(loss, margin: margin, preference: 1)
    #expect(sure == value(loss, margin: margin, preference: nil))
    let expected = certain(sure.margin)
    let likelihood = alpha / 7
    #expect(sure.loss == expected.loss - likelihood * (-50 + margin / 0.125))
    #expect(sure.gradient.chosen == -0.125 * expected.weight - likelihood)
    #expect(sure.gradient.rejected == 0.125 * expected.weight)
  }

  /// -p·log σ(m) − (1 − p)·log σ(−m), each logarithm exact to rounding: two roundings of each term.
  @Test(arguments: margins, [0.0, 0.125, 0.5, 0.9]) func valueIsTheMixture(margin: Double, p: Double) {
    let soft = value(DPOLoss(beta: 0.125), margin: margin, preference: p)
    let (right, wrong) = (certain(soft.margin).loss, certain(-soft.margin).loss)
    let expected = p * right + (1 - p) * wrong
    #expect(soft.loss.isFinite)
    #expect(abs(soft.loss - expected) <= 4 * expected.ulp, "\(soft.loss) \(expected)")
    // The other direction with the other label is the same pair.
    let mirrored = value(DPOLoss(beta: 0.125), margin: -margin, preference: 1 - p)
    #expect(abs(mirrored.loss - soft.loss) <= 4 * expected.ulp)
  }

  @Test(arguments: [0.0, 1.0], [0.0, 0.2, 0.5, 0.75, 1.0]) func gradientEqualsFiniteDifferences(
    alpha: Double, p: Double
  ) {
    let loss = DPOLoss(beta: 0.1, rpoAlpha: alpha)
    let reference = PairLogProbabilities(chosen: -50, rejected: -60)
    for margin in [-400.0, -3, 0, 3, 400] {
      func value(_ x: [Double]) -> DPOLoss.Value {
        loss(
          policy: PairLogProbabilities(chosen: x[0], rejected: x[1]), reference: reference, chosenTokens: 7,
          preference: p)
      }
      let place = [-50 + margin, -60.0]
      let gradient = value(place).gradient
      // The loss is of size 40 at most: differences over 2e-5 round by 40·2⁻⁵²/1e-5, about 1e-9.
      let error = FiniteDifference.relativeError(of: [gradient.chosen, gradient.rejected], at: place) { value($0).loss }
      #expect(error < 1e-8, "margin \(margin): \(error)")
    }
  }

  /// An uncertain pair stops pulling where σ(m) = p.
  @Test func theLeastLossIsWhereTheModelIsAsSureAsTheLabel() {
    for p in [0.1, 0.5, 0.8] {
      let best = value(DPOLoss(beta: 0.125), margin: log(p / (1 - p)), preference: p)
      #expect(abs(best.gradient.chosen) < 1e-15 && abs(best.gradient.rejected) < 1e-15)
      #expect(abs(best.loss + p * log(p) + (1 - p) * log(1 - p)) < 1e-14)
    }
  }

  @Test func aMarginThatIsSureOfTheRightCostsNothing() {
    let zero = PairLogProbabilities(chosen: 0, rejected: 0)
    let won = PairLogProbabilities(chosen: 0, rejected: -.infinity)
    #expect(DPOLoss()(policy: won, reference: zero, chosenTokens: 1, preference: 1).loss == 0)
    #expect(DPOLoss()(policy: won, reference: zero, chosenTokens: 1, preference: 0.5).loss == .infinity)
  }
}
