package enum LayerNorm: Hashable, Sendable {
  case attention
  case feedForward
  case query
  case key
}

/// What a base weight of a model is for, and what files call it: the one place that knows names, for readers and
/// writers alike.
package enum WeightRole: Hashable, Sendable {
  /// The rows of the vocabulary, `[vocabulary, width]`.
  case embedding
  /// The norm after the last layer, `[width]`.
  case finalNorm
  /// The language-model head, `[vocabulary, width]`.
  case head
  /// A matrix of a layer, `[outputs, inputs]`.
  case matrix(layer: Int, Projection)
  /// What is added to a matrix's outputs, `[outputs]`.
  case bias(layer: Int, Projection)
  /// A norm of a layer, `[width]`, or `[headWidth]` for queries and keys.
  case norm(layer: Int, LayerNorm)

  /// The tensor's name in a Hugging Face checkpoint: `model.layers.0.self_attn.q_proj.weight`.
  package var huggingFaceName: String {
    switch self {
    case .embedding: "model.embed_tokens.weight"
    case .finalNorm: "model.norm.weight"
    case .head: "lm_head.weight"
    case .matrix(let layer, let projection): "model.layers.\(layer).\(projection.modulePath).weight"
    case .bias(let layer, let projection): "model.layers.\(layer).\(projection.modulePath).bias"
    case .norm(let layer, .attention): "model.layers.\(layer).input_layernorm.weight"
    case .norm(let layer, .feedForward): "model.layers.\(layer).post_attention_layernorm.weight"
    case .norm(let layer, .query): "model.layers.\(layer).self_attn.q_norm.weight"
    case .norm(let layer, .key): "model.layers.\(layer).self_attn.k_norm.weight"
    }
  }

  /// The tensor's name in a GGUF file: `blk.0.attn_q.weight`.
  package var ggufName: String {
    switch self {
    case .embedding: "token_embd.weight"
    case .finalNorm: "output_norm.weight"
    case .head: "output.weight"
    case .matrix(let layer, let projection): "blk.\(layer).\(projection.ggufName).weight"
    case .bias(let layer, let projection): "blk.\(layer).\(projection.ggufName).bias"
    case .norm(let layer, .attention): "blk.\(layer).attn_norm.weight"
    case .norm(let layer, .feedForward): "blk.\(layer).ffn_norm.weight"
    case .norm(let layer, .query): "blk.\(layer).attn_q_norm.weight"
    case .norm(let layer, .key): "blk.\(layer).attn_k_norm.weight"
    }
  }
}

extension WeightMatrix.RowOrder {
  /// How GGUF files have the rows of a weight: those of queries and keys, and of their biases, interleaved in some models.
  static func inGGUF(of role: WeightRole, _ configuration: ModelConfiguration) -> WeightMatrix.RowOrder {
    guard configuration.architecture.interleavesRows else { return .asStored }
    switch role {
    case .matrix(_, .query), .matrix(_, .key), .bias(_, .query), .bias(_, .key):
      return .interleavedHalves(headWidth: configuration.heads.headWidth)
    default: return .asStored
    }
  }
}

/// One base weight of a model, rows in the order Hugging Face has them, whatever file it came from.
package struct ModelWeight: Sendable {
  package enum Content: Sendable {
    /// A matrix, stored as the file has it.
    case matrix(WeightMatrix)
    /// A norm or a bias, in float32.
    case vector(Tensor)
  }

  package let role: WeightRole
  package let content: Content

  /// `[rows, columns]` or `[length]`.
  package var shape: [Int] {
    switch content {
    case .matrix(let matrix): [matrix.rows, matrix.columns]
    case .vector(let vector): vector.shape.lengths
    }
  }
}
