/// The frozen weights of one decoder layer.
struct DecoderLayer: Sendable {
  let attentionNorm: Tensor
  let feedForwardNorm: Tensor
  /// In the order of `Projection.allCases`.
  private let projections: [WeightMatrix]

  init(attentionNorm: Tensor, feedForwardNorm: Tensor, projection: (Projection) throws -> WeightMatrix) rethrows {
    self.attentionNorm = attentionNorm
    self.feedForwardNorm = feedForwardNorm
    projections = try Projection.allCases.map(projection)
  }

  subscript(projection: Projection) -> WeightMatrix {
    switch projection {
    case .query: projections[0]
    case .key: projections[1]
    case .value: projections[2]
    case .output: projections[3]
    case .gate: projections[4]
    case .up: projections[5]
    case .down: projections[6]
    }
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
        configuration: configuration, layer: layer, index: index, adaptation: adaptation, precision: precision)
      stream = stream + pass.attention(stream, rotary: rotary, positions: positions, attend: attend)
      stream = stream + pass.feedForward(stream)
    }
    return stream.rmsNorm(weight: finalNorm, epsilon: configuration.normEpsilon)
  }
}

/// One layer applied to one batch.
private struct LayerPass {
  let configuration: ModelConfiguration
  let layer: DecoderLayer
  let index: Int
  let adaptation: Transformer.Adaptation?
  let precision: Precision

  func attention(_ stream: Tensor, rotary: RotaryTable, positions: [Int32], attend: Transformer.Attend) -> Tensor {
    let normalized = stream.rmsNorm(weight: layer.attentionNorm, epsilon: configuration.normEpsilon)
    let queries = project(.query, normalized).rotated(by: rotary, positions: positions)
    let keys = project(.key, normalized).rotated(by: rotary, positions: positions)
    return project(.output, attend(index, queries, keys, project(.value, normalized)))
  }

  func feedForward(_ stream: Tensor) -> Tensor {
    let normalized = stream.rmsNorm(weight: layer.feedForwardNorm, epsilon: configuration.normEpsilon)
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
      let stream = UInt64(index * Projection.allCases.count + (Projection.allCases.firstIndex(of: projection) ?? 0))
      adapterInput = x.dropout(probability: Float(configuration.dropout), seed: seed, stream: stream)
    }
    return x.linear(
      weight, adding: factors, scale: Float(configuration.scale), adapterInput: adapterInput, precision: precision)
  }
}
