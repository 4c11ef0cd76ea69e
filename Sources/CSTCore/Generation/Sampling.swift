import Foundation

/// How the next token is chosen.
public struct Sampling: Sendable, Hashable, Codable {
  /// Divides the logits; 0 takes the likeliest token (greedy).
  public let temperature: Double
  /// Only the likeliest tokens whose probabilities reach this sum are drawn from (nucleus sampling, Holtzman et al.,
  /// arXiv 1904.09751); 1 draws from all.
  public let topP: Double
  /// Decides every draw.
  public let seed: UInt64

  /// Always the likeliest token.
  public static let greedy = Sampling(temperature: 0)

  /// Traps on a negative temperature and on a `topP` outside `0 < topP <= 1`.
  public init(temperature: Double = 1, topP: Double = 1, seed: UInt64 = 42) {
    require(temperature >= 0 && temperature.isFinite, "a temperature is not negative: \(temperature)")
    require(topP > 0 && topP <= 1, "top-p is above 0 and at most 1: \(topP)")
    self.temperature = temperature
    self.topP = topP
    self.seed = seed
  }
}

/// Draws tokens for one sequence.
struct Sampler {
  private let sampling: Sampling
  private var generator: SeededGenerator

  /// - Parameter stream: Tells sequences of one batch apart, so that none depends on the others.
  init(_ sampling: Sampling, stream: UInt64 = 0) {
    self.sampling = sampling
    generator = SeededGenerator(seed: sampling.seed, stream: stream)
  }

  /// The next token under these logits. Ties go to the smaller id. Not-a-number logits are never chosen.
  mutating func next(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
    var best = 0
    var bestLogit = -Float.infinity
    for (token, logit) in logits.enumerated() where logit > bestLogit { (best, bestLogit) = (token, logit) }
    guard sampling.temperature > 0 else { return Int32(best) }
    let temperature = sampling.temperature
    var candidates = logits.enumerated().compactMap { token, logit -> (token: Int, weight: Double)? in
      let weight = exp2((Double(logit) - Double(bestLogit)) / temperature * 1.442695040888963407)
      return weight > 0 ? (token, weight) : nil
    }
    if sampling.topP < 1 {
      candidates.sort { ($1.weight, $0.token) < ($0.weight, $1.token) }
      let limit = sampling.topP * candidates.reduce(0) { $0 + $1.weight }
      var sum = 0.0
      let kept = candidates.prefix { candidate in
        defer { sum += candidate.weight }
        return sum < limit
      }
      candidates = Array(kept)
    }
    var remaining = generator.uniform() * candidates.reduce(0) { $0 + $1.weight }
    for candidate in candidates {
      remaining -= candidate.weight
      if remaining < 0 { return Int32(candidate.token) }
    }
    return Int32(candidates.last?.token ?? best)
  }
}
