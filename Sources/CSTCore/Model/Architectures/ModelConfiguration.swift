/// The sizes, constants and options of a decoder-only transformer: everything that tells one model of the Llama family
/// from another, apart from its weights.
public struct ModelConfiguration: Sendable, Hashable {
  /// Which of the decoders it is.
  public let architecture: ModelArchitecture
  /// The model's name, if the file states one.
  public let name: String?
  /// Number of decoder layers.
  public let layerCount: Int
  /// Width of the residual stream.
  public let width: Int
  package let feedForwardWidth: Int
  /// Query heads, key-value heads and their width.
  public let heads: AttentionHeads
  package let normEpsilon: Float
  package let rotary: RotaryConfiguration
  /// Positions the model was trained for.
  public let contextLength: Int
  /// Tokens of the vocabulary, rows of the embedding.
  public let vocabularyCount: Int
  package private(set) var biases: Set<Projection> = []
  /// How many of the latest positions a token sees, itself among them; `nil` for all.
  package private(set) var slidingWindow: Int?
  /// The layers in which that holds, where it is not all.
  private(set) var windowLayers: Range<Int>?

  /// The layers, from 0, in which the window holds: in the others a token sees all.
  package var slidingLayers: Range<Int> { windowLayers ?? 0..<layerCount }

  /// The matrices of a layer.
  public var projections: [Projection] { architecture.projections }

  /// How many of the latest positions a token sees in a layer; `nil` for all.
  func window(layer: Int) -> Int? { slidingLayers.contains(layer) ? slidingWindow : nil }

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

  var norms: [LayerNorm] { architecture.norms }

  func length(of norm: LayerNorm) -> Int {
    switch norm {
    case .attention, .feedForward: width
    case .query, .key: heads.headWidth
    }
  }
}

extension ModelConfiguration {
  /// Sizes that files may state: what lies outside is a damaged file, not a model.
  enum Limit {
    static let layers = 1...4096
    static let widths = 1...1 << 20
    static let feedForwardWidths = 1...1 << 22
    static let heads = 1...1 << 14
    static let headWidths = 2...1 << 12
    static let contextLengths = 1...1 << 26
    static let vocabularies = 1...1 << 24
  }
}

extension ModelConfiguration {
  /// Bytes of the panels of every projection and the head, packed for x·Wᵀ and for dy·W.
  func panelBytes(_ precision: Precision) -> Int {
    let layerWeights = projections.reduce(0) { sum, projection in
      let (outputs, inputs) = shape(of: projection)
      return sum + outputs * inputs
    }
    return 2 * (precision == .bf16 ? 2 : 4) * (layerCount * layerWeights + vocabularyCount * width)
  }

  func weightPanels(_ precision: Precision) -> WeightPanels { WeightPanels.chosen(panelBytes: panelBytes(precision)) }
}
