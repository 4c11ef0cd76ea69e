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
  /// - Parameter rotaryRows: The row of the rotary table for every token: its position, see
  ///   ``RotaryTable/rows(at:sequenceLength:)``.
  /// - Parameter access: Where products find the weights; it does not change a bit.
  func hiddenStates(
    tokens: [Int32], rotaryRows: [Int32], adaptation: Adaptation?, precision: Precision,
    access: WeightAccess = .packed, attend: Attend
  ) -> Tensor {
    var stream = embedding.embedding(of: tokens)
    for (index, layer) in layers.enumerated() {
      let pass = LayerPass(
        model: configuration, layer: layer, index: index, adaptation: adaptation, precision: precision, access: access)
      stream = stream + pass.attention(stream, rotary: rotary, rows: rotaryRows, attend: attend)
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
  let access: WeightAccess

  func attention(_ stream: Tensor, rotary: RotaryTable, rows: [Int32], attend: Transformer.Attend) -> Tensor {
    let (queries, keys, values) = queriesKeysValues(normalized(stream, .attention))
    return project(
      .output,
      attend(
        index, headsNormalized(queries, .query).rotated(by: rotary, rows: rows),
        headsNormalized(keys, .key).rotated(by: rotary, rows: rows), values))
  }

  func feedForward(_ stream: Tensor) -> Tensor {
    let (gate, up) = gateAndUp(normalized(stream, .feedForward))
    return project(.down, gate.siluMultiplied(by: up))
  }

  private func queriesKeysValues(_ x: Tensor) -> (queries: Tensor, keys: Tensor, values: Tensor) {
    guard layer.matrices[.queryKeyValue] != nil else {
      return (project(.query, x), project(.key, x), project(.value, x))
    }
    let (queryWidth, width) = (model.heads.queryWidth, model.heads.keyValueWidth)
    let all = project(.queryKeyValue, x)
    let (keys, values) = (queryWidth..<queryWidth + width, queryWidth + width..<queryWidth + 2 * width)
    return (all.columns(0..<queryWidth), all.columns(keys), all.columns(values))
  }

  private func gateAndUp(_ x: Tensor) -> (gate: Tensor, up: Tensor) {
    guard layer.matrices[.gateUp] != nil else { return (project(.gate, x), project(.up, x)) }
    let width = model.feedForwardWidth
    let both = project(.gateUp, x)
    return (both.columns(0..<width), both.columns(width..<2 * width))
  }

  private func normalized(_ stream: Tensor, _ norm: LayerNorm) -> Tensor {
    stream.rmsNorm(weight: layer[norm], epsilon: model.normEpsilon)
  }

  /// Every head normalised by itself, where the model does that.
  private func headsNormalized(_ x: Tensor, _ norm: LayerNorm) -> Tensor {
    guard let weight = layer.norms[norm] else { return x }
    let width = model.heads.headWidth
    return x.reshaped([x.count / width, width]).rmsNorm(weight: weight, epsilon: model.normEpsilon).reshaped(x.shape)
  }

  private func project(_ projection: Projection, _ x: Tensor) -> Tensor {
    let product = product(projection, x)
    guard let bias = layer.biases[projection] else { return product }
    return product + bias
  }

  private func product(_ projection: Projection, _ x: Tensor) -> Tensor {
    let weight = layer[projection]
    guard let adaptation, let factors = adaptation.adapter.factors(layer: index, projection) else {
      return x.linear(weight, precision: precision, access: access)
    }
    let configuration = adaptation.adapter.configuration
    var adapterInput: Tensor?
    if let seed = adaptation.dropoutSeed, configuration.dropout > 0 {
      let stream = UInt64(index * model.projections.count + (model.projections.firstIndex(of: projection) ?? 0))
      adapterInput = x.dropout(probability: Float(configuration.dropout), seed: seed, stream: stream)
    }
    return x.linear(
      weight, adding: factors, scale: Float(configuration.scale), adapterInput: adapterInput, precision: precision,
      access: access)
  }
}
