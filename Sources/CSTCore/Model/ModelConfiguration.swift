/// The sizes and constants of a decoder-only transformer of the Llama family.
public struct ModelConfiguration: Sendable, Hashable {
  /// The architecture's name as the file states it.
  public let architecture: String
  /// The model's name, if the file states one.
  public let name: String?
  /// Number of decoder layers.
  public let layerCount: Int
  /// Width of the residual stream.
  public let width: Int
  /// Width of the feed-forward layers.
  public let feedForwardWidth: Int
  /// Query heads, key-value heads and their width.
  public let heads: AttentionHeads
  /// ε of the RMS norms.
  public let normEpsilon: Float
  /// Base of the rotary frequencies.
  public let rotaryBase: Double
  /// Positions the model was trained for.
  public let contextLength: Int
  /// Tokens of the vocabulary, rows of the embedding.
  public let vocabularyCount: Int

  /// Inputs and outputs of one projection.
  public func shape(of projection: Projection) -> (outputs: Int, inputs: Int) {
    switch projection {
    case .query: (heads.queryWidth, width)
    case .key, .value: (heads.keyValueWidth, width)
    case .output: (width, heads.queryWidth)
    case .gate, .up: (feedForwardWidth, width)
    case .down: (width, feedForwardWidth)
    }
  }
}

/// The seven matrices of a decoder layer; the raw values are the names Hugging Face and PEFT use.
public enum Projection: String, Sendable, Hashable, Codable, CaseIterable {
  case query = "q_proj"
  case key = "k_proj"
  case value = "v_proj"
  case output = "o_proj"
  case gate = "gate_proj"
  case up = "up_proj"
  case down = "down_proj"

  /// The path of the module inside a layer: `self_attn.q_proj`.
  var modulePath: String {
    switch self {
    case .query, .key, .value, .output: "self_attn.\(rawValue)"
    case .gate, .up, .down: "mlp.\(rawValue)"
    }
  }
}
