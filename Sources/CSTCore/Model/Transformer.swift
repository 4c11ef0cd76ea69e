import Foundation

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
  /// - Parameters:
  ///   - rotaryRows: The row of the rotary table for every token: its position, see
  ///     ``RotaryTable/rows(at:sequenceLength:)``.
  ///   - access: Where products find the weights; it does not change a bit.
  ///   - activations: What of a layer is kept for the backward pass.
  func hiddenStates(
    tokens: [Int32], rotaryRows: [Int32], adaptation: Adaptation?, precision: Precision,
    access: WeightAccess = .packed, activations: LayerActivations = .kept, attend: @escaping Attend
  ) -> Tensor {
    var stream = embedding.embedding(of: tokens)
    for (index, layer) in layers.enumerated() {
      let pass = LayerPass(
        model: configuration, layer: layer, index: index, rotary: rotary, rotaryRows: rotaryRows, precision: precision,
        access: access, attend: attend)
      let adaptation = adaptation.map { LayerAdaptation($0, layer: index) }
      switch activations {
      case .kept: stream = pass.output(stream, adaptation)
      case .recomputed:
        stream = recomputedInBackwardPass([stream] + (adaptation?.parameters ?? [])) { inputs in
          pass.output(inputs[0], adaptation?.replacing(inputs[1...]))
        }
      }
    }
    return stream.rmsNorm(weight: finalNorm, epsilon: configuration.normEpsilon)
  }
}

/// The low-rank part of one layer.
private struct LayerAdaptation {
  let dropout: Double
  let dropoutSeed: UInt64?
  let modules: ArraySlice<LoRAModule>
  /// Of the modules, in their order.
  private(set) var factors: [LoRAFactors]

  init(_ adaptation: Transformer.Adaptation, layer: Int) {
    let (adapter, positions) = (adaptation.adapter, adaptation.adapter.positions(inLayer: layer))
    dropout = adapter.configuration.dropout
    dropoutSeed = adaptation.dropoutSeed
    modules = adapter.modules[positions]
    factors = Array(adapter.factors[positions])
  }

  /// Module by module, A before B.
  var parameters: [Tensor] { factors.flatMap(\.parameters) }

  /// The same with other parameters, in the order of ``parameters``.
  func replacing(_ parameters: ArraySlice<Tensor>) -> LayerAdaptation {
    var (adaptation, rest) = (self, parameters)
    adaptation.factors = factors.map { factors in factors.mapParameters { rest.popFirst() ?? $0 } }
    return adaptation
  }

  func update(of projection: Projection) -> (factors: LoRAFactors, scale: Float)? {
    zip(modules, factors).first { $0.0.projection == projection }.map { ($1, Float($0.scale)) }
  }
}

/// One layer applied to one batch.
private struct LayerPass {
  let model: ModelConfiguration
  let layer: DecoderLayer
  let index: Int
  let rotary: RotaryTable
  let rotaryRows: [Int32]
  let precision: Precision
  let access: WeightAccess
  let attend: Transformer.Attend

  /// The stream behind the layer.
  func output(_ stream: Tensor, _ adaptation: LayerAdaptation?) -> Tensor {
    let pass = AdaptedLayerPass(pass: self, adaptation: adaptation)
    let attended = stream + pass.attention(stream)
    return attended + pass.feedForward(attended)
  }
}

/// The same with the low-rank part.
private struct AdaptedLayerPass {
  let pass: LayerPass
  let adaptation: LayerAdaptation?

  private var model: ModelConfiguration { pass.model }
  private var layer: DecoderLayer { pass.layer }

  func attention(_ stream: Tensor) -> Tensor {
    let (rotary, rows) = (pass.rotary, pass.rotaryRows)
    let (queries, keys, values) = queriesKeysValues(normalized(stream, .attention))
    return project(
      .output,
      pass.attend(
        pass.index, headsNormalized(queries, .query).rotated(by: rotary, rows: rows),
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
    guard let adaptation, let (factors, scale) = adaptation.update(of: projection) else {
      return x.linear(weight, precision: pass.precision, access: pass.access)
    }
    var adapterInput: Tensor?
    if let seed = adaptation.dropoutSeed, adaptation.dropout > 0 {
      let stream = UInt64(pass.index * model.projections.count + (model.projections.firstIndex(of: projection) ?? 0))
      adapterInput = x.dropout(probability: Float(adaptation.dropout), seed: seed, stream: stream)
    }
    return x.linear(
      weight, adapted: factors, scale: scale, adapterInput: adapterInput, precision: pass.precision, access: pass.access
    )
  }
}

/// What of a decoder layer the backward pass finds kept: a matter of time and memory, never of a bit of a result.
@nonexhaustive
public enum LayerActivations: String, Sendable, Hashable, Codable, CaseIterable {
  /// The inputs of its matrix products and of attention: the faster way.
  case kept
  /// The layer's input only; the backward pass computes the layer again, one layer at a time. A third more work.
  case recomputed

  /// The choice by size: kept where that many bytes are at most a quarter of the machine's memory.
  package static func chosen(
    activationBytes: Int, physicalMemory: UInt64 = ProcessInfo.processInfo.physicalMemory
  ) -> LayerActivations {
    KeptMemory.holds(activationBytes, of: physicalMemory) ? .kept : .recomputed
  }
}
