extension Transformer {
  /// Where a file has a weight; the rows of what it returns are in Hugging Face's order.
  typealias WeightSource = (_ role: WeightRole, _ shape: [Int]) throws -> ModelWeight.Content

  /// A transformer of weights that are asked for one by one, each with the shape it must have.
  init(_ configuration: ModelConfiguration, hasHead: Bool, weights read: WeightSource) rethrows {
    func matrix(_ role: WeightRole, _ rows: Int, _ columns: Int) throws -> WeightMatrix {
      guard case .matrix(let matrix) = try read(role, [rows, columns]) else { mistake("\(role) is a matrix") }
      return matrix
    }
    func vector(_ role: WeightRole, _ length: Int) throws -> Tensor {
      guard case .vector(let vector) = try read(role, [length]) else { mistake("\(role) is a vector") }
      return vector
    }
    self.configuration = configuration
    embedding = try matrix(.embedding, configuration.vocabularyCount, configuration.width)
    layers = try (0..<configuration.layerCount).map { layer in
      var (norms, biases): ([LayerNorm: Tensor], [Projection: Tensor]) = ([:], [:])
      var matrices: [Projection: WeightMatrix] = [:]
      for norm in configuration.norms {
        norms[norm] = try vector(.norm(layer: layer, norm), configuration.length(of: norm))
      }
      for projection in configuration.projections {
        let (outputs, inputs) = configuration.shape(of: projection)
        matrices[projection] = try matrix(.matrix(layer: layer, projection), outputs, inputs)
        guard configuration.biases.contains(projection) else { continue }
        biases[projection] = try vector(.bias(layer: layer, projection), outputs)
      }
      return DecoderLayer(norms: norms, matrices: matrices, biases: biases)
    }
    finalNorm = try vector(.finalNorm, configuration.width)
    head = hasHead ? try matrix(.head, configuration.vocabularyCount, configuration.width) : embedding
    rotary = configuration.rotary.table(
      headWidth: configuration.heads.headWidth, positionCount: configuration.contextLength)
  }

  /// Whether the embedding serves as the head.
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
