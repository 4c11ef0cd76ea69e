import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// The sampler against the plain way: sort everything, keep what reaches the sum, walk to the draw.
@Suite struct SamplerOracleTests {
  private static let seed: UInt64 = 21

  /// The token for a draw of a uniform number, as the documentation of `Sampling` says it.
  private func expected(_ logits: [Float], _ sampling: Sampling, draw: Double) -> Int32 {
    guard let largest = logits.filter({ !$0.isNaN }).max(), largest > -.infinity else { return 0 }
    let likeliest = Int32(logits.firstIndex(of: largest) ?? 0)
    guard sampling.temperature > 0, largest < .infinity else { return likeliest }
    let factor = Float(min(1 / sampling.temperature, Double(Float.greatestFiniteMagnitude)))
    let scaled = logits.map { $0.isNaN ? -.infinity : ($0 - largest) * factor }
    let probabilities = Tensor(scaled, shape: [1, scaled.count]).softmax().scalars
    let candidates = probabilities.indices.filter { probabilities[$0] >= .leastNormalMagnitude }
    let sorted = candidates.sorted { (probabilities[$1], $0) < (probabilities[$0], $1) }
    let limit = sampling.topP * candidates.reduce(0) { $0 + Double(probabilities[$1]) }
    var kept: Set<Int> = []
    var sum = 0.0
    for token in sorted where sampling.topP == 1 || sum < limit {
      kept.insert(token)
      sum += Double(probabilities[token])
    }
    var remaining = draw * sum
    for token in kept.sorted() {
      remaining -= Double(probabilities[token])
      if remaining < 0 { return Int32(token) }
    }
    return kept.max().map(Int32.init) ?? likeliest
  }

  private func check(_ logits: [Float], _ sampling: Sampling, draws: Int = 12) {
    var sampler = Sampler(sampling)
    var generator = SeededGenerator(seed: sampling.seed)
    for _ in 0..<draws {
      let token = logits.withUnsafeBufferPointer { sampler.next($0) }
      let wanted = expected(logits, sampling, draw: generator.uniform())
      #expect(token == wanted, "\(sampling), \(logits.count) logits")
    }
  }

  private static let samplings = [0, .leastNonzeroMagnitude, 0.3, 0.7, 1, 5].flatMap { temperature in
    [1e-9, 0.1, 0.5, 0.9, 0.95, 0.999_999, 1].map { Sampling(temperature: temperature, topP: $0, seed: seed) }
  }

  @Test(arguments: samplings) func randomLogits(sampling: Sampling) {
    var generator = SeededGenerator(seed: Self.seed)
    for count in [1, 2, 7, 8, 9, 64, 1000] {
      // Narrow and wide: nearly equal probabilities, and a few that have it all.
      for width in [0.01, 4, 60] {
        check((0..<count).map { _ in Float(width * (generator.uniform() - 0.5)) }, sampling)
      }
    }
  }

  @Test(arguments: samplings) func tiesAndWhatCannotBeDrawn(sampling: Sampling) {
    var generator = SeededGenerator(seed: Self.seed)
    let odd: [Float] = [.nan, -.infinity, -1e30, 0, 1, 1, 2, 2, 2]
    for count in [3, 16, 333] {
      check((0..<count).map { _ in odd[generator.uniform(below: odd.count)] }, sampling)
    }
    check([Float](repeating: 1.5, count: 500), sampling)
    check([Float](repeating: -.infinity, count: 20), sampling)
    check([Float](repeating: .nan, count: 20), sampling)
    check([-.infinity, .nan, 3, .nan], sampling)
    check([1, .infinity, 2, .infinity, .nan], sampling)
  }
}
