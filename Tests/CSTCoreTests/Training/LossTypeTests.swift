import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Every loss against what TRL's own code gives, and its derivatives against finite differences.
@Suite struct LossTypeTests {
  /// `Tests/Fixtures/losses.json`, see `Scripts/make-loss-fixtures.py`.
  private struct Fixture: Decodable {
    /// Log-probabilities a token of the chosen answers, then of the rejected ones.
    struct Batch: Decodable {
      let policy: [[Double]]
      let reference: [[Double]]
      let logSquares: [[Double]]

      /// The numbers of pair `index`, the policy's with one token's moved.
      func scores(
        _ index: Int, hasDiscount: Bool, isWeighted: Bool, move: (row: Int, token: Int, by: Double)? = nil
      ) -> PairScores {
        let rows = [index, index + policy.count / 2]
        let shortest = rows.map { policy[$0].count }.min() ?? 0
        func sums(_ numbers: [[Double]], _ count: Int = .max) -> PairLogProbabilities {
          let sums = rows.map { row in
            numbers[row].prefix(count).reduce(0, +)
              + (move?.row == row && (move?.token ?? 0) < count && numbers == policy ? move?.by ?? 0 : 0)
          }
          return PairLogProbabilities(chosen: sums[0], rejected: sums[1])
        }
        var scores = PairScores(
          policy: sums(policy), reference: sums(reference), chosenTokens: policy[rows[0]].count,
          rejectedTokens: policy[rows[1]].count)
        if hasDiscount { scores.leading = (sums(policy, shortest), sums(reference, shortest)) }
        if isWeighted {
          scores.logWeight = rows.reduce(0) { sum, row in
            sum + zip(policy[row], logSquares[row]).reduce(0) { $0 + $1.0 - $1.1 } / Double(policy[row].count)
          }
        }
        return scores
      }
    }

    struct Settings: Decodable, CustomStringConvertible {
      let types: [LossType]
      let weights: [Double]?
      let beta: Double
      let labelSmoothing: Double?
      let fDivergenceType: String?
      let fAlphaDivergenceCoef: Double?
      let ldAlpha: Double?
      let useWeighting: Bool?
      let discopopTau: Double?
      let simpoGamma: Double?

      var description: String { "\(types) \(weights ?? []) \(fDivergenceType ?? "") \(ldAlpha ?? 1)" }

      func loss() throws -> DPOLoss {
        var loss = DPOLoss(beta: beta)
        loss.types = types
        loss.weights = weights ?? types.map { _ in 1 }
        loss.labelSmoothing = labelSmoothing ?? 0
        loss.divergence =
          switch fDivergenceType {
          case nil: .reverseKL
          case "forward_kl": .forwardKL
          case "js_divergence": .jensenShannon
          default: .alpha(try #require(fAlphaDivergenceCoef))
          }
        loss.ldAlpha = ldAlpha ?? 1
        loss.usesWeighting = useWeighting ?? false
        if let discopopTau { loss.discopopTau = discopopTau }
        if let simpoGamma { loss.simpoGamma = simpoGamma }
        #expect(loss.badField == nil)
        return loss
      }
    }

    struct Case: Decodable {
      let batch: Int
      let settings: Settings
      let loss: Double
      let gradient: [[Double]]
    }

    let batches: [Batch]
    let cases: [Case]
  }

  private func fixture() throws -> Fixture {
    let file = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/losses.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Fixture.self, from: Data(contentsOf: file))
  }

  /// TRL computes in float64 here, but holds EXO's ε in float32 (relative 6e-8), casts ORPO to float32, and is run in float32
  /// for the α-divergence, whose exponentials reach e^16: sixteen times 6e-8 of the exponent, and sums of a few of them.
  private func tolerance(_ settings: Fixture.Settings) -> Double {
    if settings.fDivergenceType == "alpha_divergence" { return 5e-5 }
    return settings.types == [.orpo] ? 3e-6 : settings.types == [.exoPair] ? 6e-8 : 1e-12
  }

  @Test func lossesAndGradientsAreTRLs() throws {
    let fixture = try fixture()
    var seen: Set<LossType> = []
    for example in fixture.cases {
      let (loss, batch) = (try example.settings.loss(), fixture.batches[example.batch])
      seen.formUnion(loss.types)
      var memory = DPOLoss.Memory()
      let count = batch.policy.count / 2
      let values = loss(
        (0..<count).map { batch.scores($0, hasDiscount: loss.ldAlpha != 1, isWeighted: loss.usesWeighting) }, &memory)
      let mean = values.reduce(0) { $0 + $1.loss } / Double(count)
      let bound = tolerance(example.settings)
      #expect(abs(mean - example.loss) <= bound * max(1, abs(example.loss)), "\(example.settings): \(mean)")
      for (row, expected) in example.gradient.enumerated() {
        let value = values[row % count]
        let shortest = min(expected.count, batch.policy[(row + count) % (2 * count)].count)
        for (token, expected) in expected.enumerated() {
          let gradient = token < shortest ? value.gradient : value.discountedGradient
          let found = (row < count ? gradient.chosen : gradient.rejected) / Double(count)
          #expect(
            abs(found - expected) <= bound * max(1, abs(expected)),
            "\(example.settings): row \(row), token \(token): \(found), TRL \(expected)")
        }
      }
    }
    let own: Set<LossType> = [.dpop, .calDPO, .betaDPO]
    #expect(seen == Set(LossType.allCases).subtracting(own))
  }

  /// Central differences in Double; their error is about the square of the step times the third derivative, which β = 0.3 and
  /// these log-probabilities hold below 10.
  @Test(arguments: LossType.allCases, [false, true]) func gradientsAreDerivatives(
    type: LossType, hasDiscount: Bool
  ) throws {
    guard !(hasDiscount && type.isPerToken) else { return }
    var loss = DPOLoss(type, beta: 0.3, rpoAlpha: 0.5)
    if hasDiscount { loss.ldAlpha = 0.4 }
    loss.dpopLambda = 3
    let batch = try fixture().batches[0]
    let count = batch.policy.count / 2
    func total(_ move: (row: Int, token: Int, by: Double)?) -> [DPOLoss.Value] {
      // β' of β-DPO is taken as a constant: with the moving mean at the batch's own it does not move far.
      var fixed = loss
      fixed.betaDPOAlpha = 0
      var memory = DPOLoss.Memory()
      return fixed(
        (0..<count).map { batch.scores($0, hasDiscount: hasDiscount, isWeighted: false, move: move) }, &memory)
    }
    let values = total(nil)
    let step = 1e-4
    for row in batch.policy.indices {
      let shortest = min(batch.policy[row].count, batch.policy[(row + count) % (2 * count)].count)
      for token in [0, batch.policy[row].count - 1] {
        let (up, down) = (total((row, token, step)), total((row, token, -step)))
        let difference = zip(up, down).reduce(0) { $0 + $1.0.loss - $1.1.loss } / (2 * step)
        let gradient = token < shortest ? values[row % count].gradient : values[row % count].discountedGradient
        let found = row < count ? gradient.chosen : gradient.rejected
        #expect(abs(found - difference) < 1e-6, "row \(row), token \(token): \(found), \(difference)")
      }
    }
  }

  /// By hand: β = 0.5, Δw = -2, Δl = -1 and 4 + 2 tokens.
  @Test func lossesThatTRLHasNot() {
    let policy = PairLogProbabilities(chosen: -12, rejected: -9)
    let reference = PairLogProbabilities(chosen: -10, rejected: -8)
    func value(_ type: LossType, _ change: (inout DPOLoss) -> Void = { _ in }) -> Double {
      var loss = DPOLoss(type, beta: 0.5)
      change(&loss)
      return loss(policy: policy, reference: reference, chosenTokens: 4, rejectedTokens: 2).loss
    }
    func softplus(_ x: Double) -> Double { log(1 + exp(x)) }
    #expect(abs(value(.dpop) { $0.dpopLambda = 5 } - softplus(0.5 * (1 + 5 * 2))) < 1e-12)
    #expect(abs(value(.calDPO) - (softplus(1) + 0.5 * (9 + 0))) < 1e-12)
    // The gap is -1 and M is 0: β' = 0.5·(1 - 0.6).
    #expect(abs(value(.betaDPO) - softplus(0.2)) < 1e-12)
    #expect(abs(value(.sigmoid) { $0.labelSmoothing = 0.1 } - (0.9 * softplus(0.5) + 0.1 * softplus(-0.5))) < 1e-12)
    let offset = DPOLoss(beta: 0.5)(policy: policy, reference: reference, chosenTokens: 4, margin: 2)
    #expect(abs(offset.loss - softplus(2.5)) < 1e-12)
  }

  /// M of β-DPO after two batches with the gaps -1 and -1: 0.1·(-1), then 0.9·(-0.1) + 0.1·(-1).
  @Test func betaDPORemembersItsBatches() {
    let pair = PairScores(
      policy: PairLogProbabilities(chosen: -12, rejected: -9),
      reference: PairLogProbabilities(chosen: -10, rejected: -8),
      chosenTokens: 4, rejectedTokens: 2)
    var memory = DPOLoss.Memory()
    let loss = DPOLoss(.betaDPO, beta: 0.5)
    let first = loss([pair], &memory)[0].loss
    #expect(abs(memory.meanGap + 0.1) < 1e-12)
    let second = loss([pair], &memory)[0].loss
    #expect(abs(memory.meanGap + 0.19) < 1e-12)
    #expect(abs(second - log(1 + exp(0.5 * (1 + 0.6 * -0.9)))) < 1e-12 && second > first)
  }

  @Test func combinationsThatMeanNothingAreRefused() {
    func problem(_ type: LossType, _ change: (inout DPOLoss) -> Void) -> String? {
      var loss = DPOLoss(type)
      change(&loss)
      return loss.badField?.name
    }
    #expect(problem(.hinge) { $0.labelSmoothing = 0.1 } == "labelSmoothing")
    #expect(problem(.sigmoid) { $0.labelSmoothing = 0.5 } == "labelSmoothing")
    #expect(problem(.exoPair) { $0.labelSmoothing = 0 } == "labelSmoothing")
    #expect(problem(.bcoPair) { $0.divergence = .jensenShannon } == "divergence")
    #expect(problem(.aot) { $0.usesWeighting = true } == "usesWeighting")
    #expect(problem(.simpo) { $0.ldAlpha = 0.5 } == "ldAlpha")
    #expect(problem(.sigmoid) { $0.types = [.sigmoid, .sigmoid] } == "types")
    #expect(problem(.sigmoid) { $0.types = [.sigmoid, .sft] } == "weights")
    for type in LossType.allCases { #expect(problem(type) { _ in } == nil) }
  }
}
