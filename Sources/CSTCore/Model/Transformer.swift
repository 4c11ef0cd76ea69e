/// The frozen weights of one decoder layer.
struct DecoderLayer: Sendable {
  let norms: [LayerNorm: Tensor]
  let matrices: [Projection: WeightMatrix]
  let biases: [Projection: Tensor]

  subscript(norm: LayerNorm) -> Tensor {
    guard let weight = norms[norm] else { mistake("this layer has no \(norm) norm") }
    return weight
  }

  subscript(projection: Projection) -> WeightMatrix {
    guard let matrix = matrices[projection] else { mistake("this layer has no \(projection.rawValue)") }
    return matrix
  }
}

/// A decoder-only transformer: embedding, layers, final norm; the head is applied by whoever needs logits.
///
/// One path for everything: training, scoring and generation differ only in how attention finds keys and values.
struct Transformer: Sendable {
  let configuration: ModelConfiguration
  let embedding: WeightMatrix
  let layers: [DecoderLayer]
  let finalNorm: Tensor
  /// The language-model head `[vocabulary, width]`; the embedding itself where the two are tied.
  let head: WeightMatrix
  let rotary: RotaryTable

  /// What the low-rank part of a pass needs.
  struct Adaptation {
    let adapter: LoRAAdapter
    /// Seed of the dropout masks, where the adapter's dropout is to be applied.
    var dropoutSeed: UInt64?
  }

  /// Attention of one layer: rotated queries and keys, and values, in; the weighted values out.
  typealias Attend = (_ layer: Int, _ queries: Tensor, _ keys: Tensor, _ values: Tensor) -> Tensor

  /// The normalised output of the last layer, `[tokens.count, width]`.
  func hiddenStates(
    tokens: [Int32], positions: [Int32], adaptation: Adaptation?, precision: Precision, attend: Attend
  ) -> Tensor {
    var stream = embedding.embedding(of: tokens)
    for (index, layer) in layers.enumerated() {
      let pass = LayerPass(
        model: configuration, layer: layer, index: index, adaptation: adaptation, precision: precision)
      stream = stream + pass.attention(stream, rotary: rotary, positions: positions, attend: attend)
      stream = stream + pass.feedForward(stream)
    }
    return stream.rmsNorm(weight: finalNorm, epsilon: configuration.normEpsilon)
  }
}

/// One layer applied to one batch.
private struct LayerPass {
  let model: ModelConfiguration
  let layer: DecoderLayer
  let index: Int
  let adaptation: Transformer.Adaptation?
  let precision: Precision

  func attention(_ stream: Tensor, rotary: RotaryTable, positions: [Int32], attend: Transformer.Attend) -> Tensor {
    let normalized = stream.rmsNorm(weight: layer[.attention], epsilon: model.normEpsilon)
    let queries = project(.query, normalized).rotated(by: rotary, positions: positions)
    let keys = project(.key, normalized).rotated(by: rotary, positions: positions)
    return project(.output, attend(index, queries, keys, project(.value, normalized)))
  }

  func feedForward(_ stream: Tensor) -> Tensor {
    let normalized = stream.rmsNorm(weight: layer[.feedForward], epsilon: model.normEpsilon)
    return project(.down, project(.gate, normalized).siluMultiplied(by: project(.up, normalized)))
  }

  private func project(_ projection: Projection, _ x: Tensor) -> Tensor {
    let weight = layer[projection]
    guard let adaptation, let factors = adaptation.adapter.factors(layer: index, projection) else {
      return x.linear(weight, precision: precision)
    }
    let configuration = adaptation.adapter.configuration
    var adapterInput: Tensor?
    if let seed = adaptation.dropoutSeed, configuration.dropout > 0 {
      let stream = UInt64(index * model.projections.count + (model.projections.firstIndex(of: projection) ?? 0))
      adapterInput = x.dropout(probability: Float(configuration.dropout), seed: seed, stream: stream)
    }
    return x.linear(
      weight, adding: factors, scale: Float(configuration.scale), adapterInput: adapterInput, precision: precision)
  }
}
