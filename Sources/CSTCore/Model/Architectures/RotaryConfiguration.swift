import Foundation

/// How rotary position embeddings are stretched to longer sequences than a model was first trained on.
package enum RotaryScaling: Sendable, Hashable {
  /// Not at all.
  case none
  /// Every frequency divided by a factor (Chen et al., arXiv 2306.15595).
  case linear(factor: Double)
  /// Llama 3.1's: frequencies of wavelengths above `originalLength / lowFrequencyFactor` are divided by the factor, those
  /// below `originalLength / highFrequencyFactor` are kept, those between are interpolated.
  case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalLength: Int)
  /// YaRN (Peng et al., arXiv 2309.00071): as Llama 3.1's by another ramp, from `slowTurns` to `fastTurns` turns within
  /// the original length, and cosines and sines times `magnitude`.
  case yarn(factor: Double, originalLength: Int, fastTurns: Double, slowTurns: Double, magnitude: Double)
  /// LongRoPE (Ding et al., arXiv 2402.13753): every pair's frequency divided by its own factor, one list for sequences of
  /// at most `originalLength` tokens and one for longer ones, cosines and sines times `magnitude`.
  case longRope(shortFactors: [Float], longFactors: [Float], originalLength: Int, magnitude: Double)
  /// Every pair's frequency divided by its own factor, as GGUF's `rope_freqs.weight` gives them.
  case perPair(factors: [Float])

  /// The name Hugging Face uses, or for ``perPair(factors:)`` GGUF's tensor.
  package var name: String {
    switch self {
    case .none: "none"
    case .linear: "linear"
    case .llama3: "llama3"
    case .yarn: "yarn"
    case .longRope: "longrope"
    case .perPair: "rope_freqs"
    }
  }
}

extension RotaryScaling {
  /// The magnitude that YaRN's paper recommends for a factor.
  static func yarnMagnitude(factor: Double) -> Double { factor > 1 ? 0.1 * log(factor) + 1 : 1 }

  /// The magnitude that LongRoPE's paper recommends for a context of `length` tokens.
  static func longRopeMagnitude(length: Int, originalLength: Int) -> Double {
    longRopeMagnitude(factor: Double(length) / Double(originalLength), originalLength: originalLength)
  }

  static func longRopeMagnitude(factor: Double, originalLength: Int) -> Double {
    factor > 1 ? (1 + log(factor) / log(Double(originalLength))).squareRoot() : 1
  }
}

/// Rotary position embeddings of a model: base, rotated width and scaling.
package struct RotaryConfiguration: Sendable, Hashable {
  /// Base of the frequencies, Hugging Face's `rope_theta`.
  package let base: Double
  /// How many of a head's first components are rotated: an even number.
  package let width: Int
  /// How frequencies differ from `base^(-2j / width)`.
  package private(set) var scaling = RotaryScaling.none

  /// Radians a position, for each pair of components; those of short sequences where long ones have others.
  package var frequencies: [Float] {
    let plain = RotaryTable.frequencies(width: width, base: base)
    switch scaling {
    case .none: return plain
    case .linear(let factor): return plain.map { $0 / Float(factor) }
    case .perPair(let factors), .longRope(let factors, _, _, _): return divided(by: factors)
    case .llama3(let factor, let low, let high, let length):
      return plain.map { frequency in
        let wavelength = 2 * Double.pi / Double(frequency)
        if wavelength < Double(length) / high { return frequency }
        if wavelength > Double(length) / low { return frequency / Float(factor) }
        let smooth = (Double(length) / wavelength - low) / (high - low)
        return Float((1 - smooth) * Double(frequency) / factor + smooth * Double(frequency))
      }
    case .yarn(let factor, let length, let fast, let slow, _):
      // The pair that makes so many turns within the original length.
      func pair(turns: Double) -> Double {
        Double(width) * log(Double(length) / (turns * 2 * Double.pi)) / (2 * log(base))
      }
      let first = max(pair(turns: fast).rounded(.down), 0)
      var last = min(pair(turns: slow).rounded(.up), Double(width - 1))
      if first == last { last += 0.001 }
      return plain.enumerated().map { index, frequency in
        let stretched = min(max((Double(index) - first) / (last - first), 0), 1)
        return Float(Double(frequency) / factor * stretched + Double(frequency) * (1 - stretched))
      }
    }
  }

  /// What ``frequencies`` divides those of an unscaled model by, pair by pair: GGUF's `rope_freqs.weight`.
  package var frequencyFactors: [Float] {
    zip(RotaryTable.frequencies(width: width, base: base), frequencies).map { $0 / $1 }
  }

  /// What cosines and sines are multiplied by.
  var magnitude: Float {
    switch scaling {
    case .yarn(_, _, _, _, let magnitude), .longRope(_, _, _, let magnitude): Float(magnitude)
    case .none, .linear, .llama3, .perPair: 1
    }
  }

  /// The table for heads of a width, for as many positions as a model has.
  func table(headWidth: Int, positionCount: Int) -> RotaryTable {
    var longSequences: (frequencies: [Float], switchLength: Int)?
    if case .longRope(_, let factors, let originalLength, _) = scaling {
      longSequences = (divided(by: factors), originalLength)
    }
    return RotaryTable(
      headWidth: headWidth, frequencies: frequencies, longSequences: longSequences, magnitude: magnitude,
      positionCount: positionCount)
  }

  private func divided(by factors: [Float]) -> [Float] {
    factors.enumerated().map { index, factor in
      Float(1 / (Double(factor) * pow(base, Double(2 * index) / Double(width))))
    }
  }
}
