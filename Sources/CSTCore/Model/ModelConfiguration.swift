/// The sizes and constants of a decoder-only transformer of the Llama family.
public struct ModelConfiguration: Sendable, Hashable {
  /// Which of the decoders it is.
  public let architecture: ModelArchitecture
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

  /// The matrices of a layer.
  public var projections: [Projection] { architecture.projections }

  /// Inputs and outputs of one projection.
  public func shape(of projection: Projection) -> (outputs: Int, inputs: Int) {
    switch projection {
    case .query: (heads.queryWidth, width)
    case .key, .value: (heads.keyValueWidth, width)
    case .queryKeyValue: (heads.queryWidth + 2 * heads.keyValueWidth, width)
    case .output: (width, heads.queryWidth)
    case .gate, .up: (feedForwardWidth, width)
    case .gateUp: (2 * feedForwardWidth, width)
    case .down: (width, feedForwardWidth)
    }
  }

  /// The norms of a layer.
  var norms: [LayerNorm] { [.attention, .feedForward] }

  /// The length of a norm's weight.
  func length(of norm: LayerNorm) -> Int {
    switch norm {
    case .attention, .feedForward: width
    case .query, .key: heads.headWidth
    }
  }
}
