import CSTCore
import Foundation
import Testing

@Suite struct DPOLossTests {
  /// Equation 7 written out for one pair: β = 0.1, margins 3 and -1 nats over the reference.
  @Test func valueEqualsTheEquation() {
    let value = DPOLoss(beta: 0.1)(
      policy: PairLogProbabilities(chosen: -47, rejected: -61),
      reference: PairLogProbabilities(chosen: -50, rejected: -60), chosenTokens: 20)
    #expect(abs(value.chosenReward - 0.3) < 1e-12)
    #expect(abs(value.rejectedReward + 0.1) < 1e-12)
    #expect(abs(value.loss - log(1 + exp(-0.4))) < 1e-12)
  }

  /// A policy that equals the reference has the loss of a coin.
  @Test func lossOfTheReferenceIsLogTwo() {
    let same = PairLogProbabilities(chosen: -12, rejected: -34)
    let value = DPOLoss(beta: 0.5)(policy: same, reference: same, chosenTokens: 3)
    #expect(abs(value.loss - log(2)) < 1e-15)
    #expect(value.margin == 0)
  }

  /// Central differences in Double with a step of 1e-4: their error is about step² = 1e-8.
  @Test(arguments: [0.0, 1.0], [-400.0, -3, 0, 3, 400]) func gradientEqualsFiniteDifferences(
    alpha: Double, margin: Double
  ) {
    let loss = DPOLoss(beta: 0.1, rpoAlpha: alpha)
    let reference = PairLogProbabilities(chosen: -50, rejected: -60)
    func value(_ chosen: Double, _ rejected: Double) -> DPOLoss.Value {
      loss(
        policy: PairLogProbabilities(chosen: -50 + margin + chosen, rejected: -60 + rejected), reference: reference,
        chosenTokens: 7)
    }
    let step = 1e-4
    let gradient = value(0, 0).gradient
    #expect(abs((value(step, 0).loss - value(-step, 0).loss) / (2 * step) - gradient.chosen) < 1e-7)
    #expect(abs((value(0, step).loss - value(0, -step).loss) / (2 * step) - gradient.rejected) < 1e-7)
  }

  /// Margins far outside what `exp` holds still give finite, right losses.
  @Test func extremeMarginsDoNotOverflow() {
    let zero = PairLogProbabilities(chosen: 0, rejected: 0)
    let lost = DPOLoss(beta: 1)(
      policy: PairLogProbabilities(chosen: -5000, rejected: 0), reference: zero, chosenTokens: 1)
    #expect(lost.loss == 5000)
    #expect(lost.gradient.chosen == -1)
    let won = DPOLoss(beta: 1)(
      policy: PairLogProbabilities(chosen: 0, rejected: -5000), reference: zero, chosenTokens: 1)
    #expect(won.loss == 0)
    #expect(won.gradient.chosen == 0)
  }
}
