import Foundation

extension ModelConfiguration {
  /// Writes the sizes and constants under the keys of the architecture.
  func write(to metadata: inout GGUFMetadata) throws(ExportError) {
    var values: [(GGUFKey, GGUFValue)] = [
      (.normEpsilon, .float32(normEpsilon)), (.rotaryBase, .float32(Float(rotary.base))),
    ]
    let counts: [(GGUFKey, Int)] = [
      (.layerCount, layerCount), (.contextLength, contextLength), (.width, width),
      (.feedForwardWidth, feedForwardWidth), (.queryHeads, heads.queryHeads), (.keyValueHeads, heads.keyValueHeads),
      (.keyWidth, heads.headWidth), (.valueWidth, heads.headWidth), (.vocabularyCount, vocabularyCount),
      (.rotatedWidth, rotary.width),
    ]
    values += counts.map { ($0, .uint32(UInt32($1))) }
    if let slidingWindow {
      guard slidingLayers == 0..<layerCount else {
        throw ExportError(.configuration("GGUF has no place for a sliding window in some of the layers"))
      }
      values.append((.slidingWindow, .uint32(UInt32(slidingWindow))))
    } else if architecture.alwaysStatesWindow {
      values.append((.slidingWindow, .uint32(0)))
    }
    values += try rotary.ggufValues
    for (key, value) in values { metadata[key.name(in: architecture)] = value }
  }
}

extension RotaryConfiguration {
  fileprivate var ggufValues: [(GGUFKey, GGUFValue)] {
    get throws(ExportError) {
      switch scaling {
      case .none, .llama3, .perPair: return []
      case .linear(let factor):
        return [(.scalingType, .string("linear")), (.scalingFactor, .float32(Float(factor)))]
      case .yarn(let factor, let originalLength, let fastTurns, let slowTurns, let magnitude):
        guard fastTurns == 32, slowTurns == 1 else {
          throw ExportError(.configuration("YaRN with a ramp other than from 1 to 32 turns is not written to GGUF"))
        }
        return [
          (.scalingType, .string("yarn")), (.scalingFactor, .float32(Float(factor))),
          (.originalLength, .uint32(UInt32(originalLength))),
          (.attentionFactor, .float32(Float(magnitude / RotaryScaling.yarnMagnitude(factor: factor)))),
        ]
      case .longRope(_, _, let originalLength, let magnitude):
        return [(.originalLength, .uint32(UInt32(originalLength))), (.attentionFactor, .float32(Float(magnitude)))]
      }
    }
  }

  /// What GGUF has as tensors: factors by which frequencies are divided, pair by pair.
  var ggufTensors: [TensorData] {
    func tensor(_ name: GGUFRotaryTensor, _ factors: [Float]) -> TensorData {
      TensorData(name: name.rawValue, shape: [factors.count], floats: factors)
    }
    switch scaling {
    case .none, .linear, .yarn: return []
    case .llama3: return [tensor(.factors, frequencyFactors)]
    case .perPair(let factors): return [tensor(.factors, factors)]
    case .longRope(let short, let long, _, _):
      return [tensor(.shortFactors, short), tensor(.longFactors, long)]
    }
  }
}
