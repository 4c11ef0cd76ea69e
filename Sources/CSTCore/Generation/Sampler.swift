/// Draws tokens for one sequence.
///
/// A token's probability is the softmax of logit / temperature in Float32; one below 2⁻¹²⁶ counts as 0. Sums are in
/// Double. Nothing is sorted but the few tokens at the edge of the nucleus.
struct Sampler: Sendable {
  private let sampling: Sampling
  private var generator: SeededGenerator

  /// - Parameter stream: Tells sequences of one batch apart, so that none depends on the others.
  init(_ sampling: Sampling, stream: UInt64 = 0) {
    self.sampling = sampling
    generator = SeededGenerator(seed: sampling.seed, stream: stream)
  }

  /// The next token under these logits. Ties go to the smaller id. Not-a-number logits are never chosen.
  /// - Complexity: O(logits) in a few passes over them.
  mutating func next(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
    let (best, bestLogit) = Self.likeliest(logits)
    guard sampling.temperature > 0 else { return best }
    let draw = generator.uniform()
    guard bestLogit.isFinite else { return best }
    return withScratch(Float.self, count: max(1, logits.count)) { scratch in
      let probabilities = UnsafeMutableBufferPointer(start: scratch, count: logits.count)
      softmax(logits, largest: bestLogit, into: probabilities)
      let nucleus = Nucleus(UnsafeBufferPointer(probabilities), topP: sampling.topP)
      return nucleus.token(at: draw) ?? best
    }
  }

  /// The first of the largest logits, and the logit; token 0 and −∞ where no logit is larger than that.
  private static func likeliest(_ logits: UnsafeBufferPointer<Float>) -> (token: Int32, logit: Float) {
    var largest = SIMD8<Float>(repeating: -.infinity)
    let whole = logits.count / 8 * 8
    for start in stride(from: 0, to: whole, by: 8) {
      let next = SIMD8(logits, at: start)
      largest.replace(with: next, where: next .> largest)
    }
    var best = largest.max()
    for index in whole..<logits.count where logits[index] > best { best = logits[index] }
    guard best > -.infinity else { return (0, best) }
    return (Int32(logits.firstIndex(of: best) ?? 0), best)
  }

  private func softmax(
    _ logits: UnsafeBufferPointer<Float>, largest: Float, into out: UnsafeMutableBufferPointer<Float>
  ) {
    guard let start = out.baseAddress else { return }
    // Finite also for a temperature near 0, so that the likeliest token's 0 stays 0.
    let factor = Float(min(1 / sampling.temperature, Double(Float.greatestFiniteMagnitude)))
    for index in logits.indices {
      let scaled = (logits[index] - largest) * factor
      // A comparison with NaN is false.
      out[index] = scaled <= 0 ? scaled : -.infinity
    }
    Kernels.current.softmax(start, start, rows: 1, width: out.count)
  }
}

/// The likeliest tokens whose probabilities reach a sum: those that are drawn from.
private struct Nucleus {
  private let probabilities: UnsafeBufferPointer<Float>
  /// The smallest probability in the nucleus.
  private var smallest = Float.leastNormalMagnitude
  /// Of the tokens with that probability, the last one in the nucleus.
  private var lastOfSmallest = Int.max
  private var sum = 0.0

  /// Probabilities fall into buckets by their exponent and the first bits of their significand. Buckets are taken from
  /// the top; only the one in which the sum is reached is sorted.
  init(_ probabilities: UnsafeBufferPointer<Float>, topP: Double) {
    self.probabilities = probabilities
    guard topP < 1 else {
      for probability in probabilities where probability >= smallest { sum += Double(probability) }
      return
    }
    let buckets = Self.bucket(of: 1) + 1
    withScratch(Double.self, count: buckets) { sums in
      sums.update(repeating: 0, count: buckets)
      for probability in probabilities { sums[Self.bucket(of: probability)] += Double(probability) }
      var total = 0.0
      for bucket in 1..<buckets { total += sums[bucket] }
      var bucket = buckets - 1
      while bucket > 1, sum + sums[bucket] < topP * total {
        sum += sums[bucket]
        bucket -= 1
      }
      takeFrom(bucket: bucket, limit: topP * total)
    }
  }

  /// Bucket 0 holds what is never drawn; then there are 32 to each exponent.
  private static func bucket(of probability: Float) -> Int {
    guard probability >= .leastNormalMagnitude else { return 0 }
    return Int((min(probability, 1).bitPattern - Float.leastNormalMagnitude.bitPattern) >> 18) + 1
  }

  /// Adds the tokens of a bucket, likeliest first and the smaller id first among equals, until the sum is reached.
  private mutating func takeFrom(bucket: Int, limit: Double) {
    var members: [(token: Int, probability: Float)] = []
    for (token, probability) in probabilities.enumerated() where Self.bucket(of: probability) == bucket {
      members.append((token, probability))
    }
    members.sort { ($1.probability, $0.token) < ($0.probability, $1.token) }
    for (token, probability) in members {
      sum += Double(probability)
      smallest = probability
      lastOfSmallest = token
      if sum >= limit { return }
    }
  }

  /// The token at a share of the nucleus's sum, tokens in the order of their ids; `nil` where the nucleus is empty.
  func token(at share: Double) -> Int32? {
    var remaining = share * sum
    var last: Int?
    for (token, probability) in probabilities.enumerated() {
      guard probability >= smallest, probability > smallest || token <= lastOfSmallest else { continue }
      remaining -= Double(probability)
      last = token
      if remaining < 0 { break }
    }
    return last.map(Int32.init)
  }
}

extension SIMD8<Float> {
  /// Eight neighbours of a buffer.
  fileprivate init(_ buffer: UnsafeBufferPointer<Float>, at start: Int) {
    self = UnsafeRawBufferPointer(buffer).loadUnaligned(fromByteOffset: start * 4, as: SIMD8<Float>.self)
  }
}
