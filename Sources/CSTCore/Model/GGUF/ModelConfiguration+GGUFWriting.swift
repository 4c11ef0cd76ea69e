import Foundation

extension ModelConfiguration {
  /// Writes the sizes and constants under the keys of the architecture.
  ///
  /// - Throws: ``ExportError`` for what GGUF has no key for.
  func write(to metadata: inout GGUFMetadata) throws(ExportError) {
    var values: [(String, GGUFValue)] = [
      ("attention.layer_norm_rms_epsilon", .float32(normEpsilon)), ("rope.freq_base", .float32(Float(rotary.base))),
    ]
    for (key, value) in [
      ("block_count", layerCount), ("context_length", contextLength), ("embedding_length", width),
      ("feed_forward_length", feedForwardWidth), ("attention.head_count", heads.queryHeads),
      ("attention.head_count_kv", heads.keyValueHeads), ("attention.key_length", heads.headWidth),
      ("attention.value_length", heads.headWidth), ("vocab_size", vocabularyCount),
      ("rope.dimension_count", rotary.width),
    ] {
      values.append((key, .uint32(UInt32(value))))
    }
    if let slidingWindow {
      guard slidingLayers == 0..<layerCount else {
        throw ExportError(.configuration("GGUF has no place for a sliding window in some of the layers"))
      }
      values.append(("attention.sliding_window", .uint32(UInt32(slidingWindow))))
    } else if architecture == .phi3 {
      // llama.cpp wants the key, and takes 0 for none.
      values.append(("attention.sliding_window", .uint32(0)))
    }
    values += try rotary.ggufValues
    for (key, value) in values { metadata["\(architecture.ggufName).\(key)"] = value }
  }
}

extension RotaryConfiguration {
  fileprivate var ggufValues: [(String, GGUFValue)] {
    get throws(ExportError) {
      switch scaling {
      case .none, .llama3, .perPair: return []
      case .linear(let factor):
        return [("rope.scaling.type", .string("linear")), ("rope.scaling.factor", .float32(Float(factor)))]
      case .yarn(let factor, let originalLength, let fastTurns, let slowTurns, let magnitude):
        guard fastTurns == 32, slowTurns == 1 else {
          throw ExportError(.configuration("YaRN with a ramp other than from 1 to 32 turns is not written to GGUF"))
        }
        return [
          ("rope.scaling.type", .string("yarn")), ("rope.scaling.factor", .float32(Float(factor))),
          ("rope.scaling.original_context_length", .uint32(UInt32(originalLength))),
          (
            "rope.scaling.attn_factor",
            .float32(Float(magnitude / RotaryScaling.yarnMagnitude(factor: factor)))
          ),
        ]
      case .longRope(_, _, let originalLength, let magnitude):
        return [
          ("rope.scaling.original_context_length", .uint32(UInt32(originalLength))),
          ("rope.scaling.attn_factor", .float32(Float(magnitude))),
        ]
      }
    }
  }

  /// What GGUF has as tensors: factors by which frequencies are divided, pair by pair.
  var ggufTensors: [TensorData] {
    func tensor(_ name: String, _ factors: [Float]) -> TensorData {
      TensorData(name: name, shape: [factors.count], floats: factors)
    }
    switch scaling {
    case .none, .linear, .yarn: return []
    case .llama3: return [tensor("rope_freqs.weight", frequencyFactors)]
    case .perPair(let factors): return [tensor("rope_freqs.weight", factors)]
    case .longRope(let short, let long, _, _):
      return [tensor("rope_factors_short.weight", short), tensor("rope_factors_long.weight", long)]
    }
  }
}
