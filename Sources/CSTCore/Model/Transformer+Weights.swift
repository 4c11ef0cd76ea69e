extension Transformer {
  /// Where a file has a weight; the rows of what it returns are in Hugging Face's order.
  typealias WeightSource = (_ role: WeightRole, _ shape: [Int]) throws -> ModelWeight.Content

  /// A transformer of weights that are asked for one by one, each with the shape it must have.
  init(_ configuration: ModelConfiguration, hasHead: Bool, weights: WeightSource) throws {
    let layers = try (0..<configuration.layerCount).map { try DecoderLayer(configuration, $0, weights) }
    let (vocabulary, width) = (configuration.vocabularyCount, configuration.width)
    let embedding = try Self.matrix(.embedding, [vocabulary, width], weights)
    let head = hasHead ? try Self.matrix(.head, [vocabulary, width], weights) : embedding
    let finalNorm = try Self.vector(.finalNorm, width, weights)
    self.init(
      configuration: configuration, embedding: embedding, layers: layers, finalNorm: finalNorm, head: head,
      rotary: configuration.rotary.table(
        headWidth: configuration.heads.headWidth, positionCount: configuration.contextLength))
  }

  fileprivate static func matrix(_ role: WeightRole, _ shape: [Int], _ weights: WeightSource) throws -> WeightMatrix {
    guard case .matrix(let matrix) = try weights(role, shape) else { mistake("\(role) is a matrix") }
    return matrix
  }

  fileprivate static func vector(_ role: WeightRole, _ length: Int, _ weights: WeightSource) throws -> Tensor {
    guard case .vector(let vector) = try weights(role, [length]) else { mistake("\(role) is a vector") }
    return vector
  }

  var isHeadTied: Bool { head === embedding }

  /// Every weight once, in the order of the layers; the head is left out where the embedding serves as it.
  var weights: [ModelWeight] {
    var weights = [ModelWeight(role: .embedding, content: .matrix(embedding))]
    for (index, layer) in layers.enumerated() {
      for norm in configuration.norms {
        weights.append(ModelWeight(role: .norm(layer: index, norm), content: .vector(layer[norm])))
      }
      for projection in configuration.projections {
        weights.append(ModelWeight(role: .matrix(layer: index, projection), content: .matrix(layer[projection])))
        guard let bias = layer.biases[projection] else { continue }
        weights.append(ModelWeight(role: .bias(layer: index, projection), content: .vector(bias)))
      }
    }
    weights.append(ModelWeight(role: .finalNorm, content: .vector(finalNorm)))
    return weights + (isHeadTied ? [] : [ModelWeight(role: .head, content: .matrix(head))])
  }
}

extension DecoderLayer {
  /// The layer of a number, its weights asked for one by one.
  fileprivate init(_ configuration: ModelConfiguration, _ index: Int, _ weights: Transformer.WeightSource) throws {
    var (norms, biases): ([LayerNorm: Tensor], [Projection: Tensor]) = ([:], [:])
    var matrices: [Projection: WeightMatrix] = [:]
    for norm in configuration.norms {
      norms[norm] = try Transformer.vector(.norm(layer: index, norm), configuration.length(of: norm), weights)
    }
    for projection in configuration.projections {
      let (outputs, inputs) = configuration.shape(of: projection)
      matrices[projection] = try Transformer.matrix(.matrix(layer: index, projection), [outputs, inputs], weights)
      guard configuration.biases.contains(projection) else { continue }
      biases[projection] = try Transformer.vector(.bias(layer: index, projection), outputs, weights)
    }
    self.init(norms: norms, matrices: matrices, biases: biases)
  }
}
