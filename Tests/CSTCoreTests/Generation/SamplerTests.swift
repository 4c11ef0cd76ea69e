import Foundation
import Testing

@testable import CSTCore

@Suite struct SamplerTests {
  private func draws(_ sampling: Sampling, _ logits: [Float], count: Int, stream: UInt64 = 0) -> [Int32] {
    var sampler = Sampler(sampling, stream: stream)
    return logits.withUnsafeBufferPointer { logits in (0..<count).map { _ in sampler.next(logits) } }
  }

  @Test func greedyTakesTheLikeliestAndTheSmallerIdOfATie() {
    #expect(draws(.greedy, [1, 3, 3, 2], count: 3) == [1, 1, 1])
    #expect(draws(.greedy, [.nan, -5, -4], count: 1) == [2])
  }

  /// 20,000 draws: the standard deviation of a share is at most 0.0036, and 0.02 is more than five of them.
  @Test func sharesFollowTheSoftmax() {
    let logits: [Float] = [0, 1, 2]
    let tokens = draws(Sampling(temperature: 0.5, seed: 3), logits, count: 20_000)
    let weights = logits.map { exp(Double($0) / 0.5) }
    let sum = weights.reduce(0, +)
    for (token, weight) in weights.enumerated() {
      let share = Double(tokens.filter { $0 == Int32(token) }.count) / 20_000
      #expect(abs(share - weight / sum) < 0.02)
    }
  }

  /// Probabilities 0.64, 0.24, 0.09, 0.03: the first two reach 0.8, and nothing else may be drawn.
  @Test func topPKeepsTheSmallestSetThatReachesIt() {
    let tokens = draws(Sampling(temperature: 1, topP: 0.8, seed: 5), [2, 3, 1, 0], count: 2000)
    #expect(Set(tokens) == [0, 1])
    #expect(Set(draws(Sampling(temperature: 1, topP: 1e-9, seed: 5), [2, 3, 1, 0], count: 100)) == [1])
  }

  @Test func sameSeedSameDrawsAndStreamsDiffer() {
    let logits = [Float](repeating: 0, count: 50)
    let sampling = Sampling(temperature: 1, seed: 11)
    #expect(draws(sampling, logits, count: 40) == draws(sampling, logits, count: 40))
    #expect(draws(sampling, logits, count: 40) != draws(sampling, logits, count: 40, stream: 1))
  }
}
