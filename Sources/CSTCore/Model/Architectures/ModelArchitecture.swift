/// A decoder this library computes. All of them are one decoder with different options: what makes an architecture is a
/// row of ``all`` that states its options and what files call things, and nothing else tells one from another.
public struct ModelArchitecture: Sendable, Hashable {
  /// Hugging Face's `model_type`.
  public let name: String
  /// What transformers calls the class of the whole model, and `config.json` under `architectures`.
  let className: String
  /// What GGUF's `general.architecture` says, and what its keys begin with. Of architectures that share one, a file is read
  /// as the first of ``all``.
  package let ggufName: String

  // MARK: What is computed

  /// The matrices of a decoder layer, in the order of ``Projection``'s cases.
  package private(set) var projections: [Projection] = [.query, .key, .value, .output, .gate, .up, .down]
  private(set) var norms: [LayerNorm] = [.attention, .feedForward]
  /// The matrices that have biases whatever files say.
  private(set) var biases: Set<Projection> = []
  /// Whether the rotary embeddings may turn a part of each head only.
  private(set) var rotatesPartOfHeads = false

  // MARK: config.json

  /// Members of `config.json` that give further matrices biases.
  private(set) var biasSwitches: [BiasSwitch] = []
  /// Whether the number of key-value heads must be stated; where it need not, there are as many as query heads.
  private(set) var statesKeyValueHeads = true
  /// The width of a head where it is not stated; the share of the whole width where `nil`.
  private(set) var usualHeadWidth: Int?
  private(set) var windows: Windows
  /// What the files call LongRoPE.
  private(set) var longRopeNames: Set<String> = ["longrope", "su"]
  /// The length that rotary embeddings were stretched from where it is not stated; the context's where `nil`.
  private(set) var usualOriginalLength: Int?

  // MARK: GGUF

  /// Whether the rows of each head's queries and keys are stored interleaved, see ``WeightMatrix/RowOrder``.
  private(set) var interleavesRows = false
  /// Whether llama.cpp wants the window's size stated, 0 for none.
  private(set) var alwaysStatesWindow = false
  /// Whether the marks of a SentencePiece vocabulary take in the white space after them, which GGUF does not say.
  private(set) var marksTakeWhiteSpace = false

  /// A member of `config.json` that is true where some matrices have biases.
  struct BiasSwitch: Sendable, Hashable {
    let key: HuggingFaceKey
    let projections: Set<Projection>
  }

  /// Which layers have a sliding window, and how `config.json` says so.
  enum Windows: Sendable, Hashable {
    /// None: a file that asks for one is refused.
    case none
    /// All of them, where `sliding_window` is a number; where there is no such key, one of the usual size, if there is one.
    case everyLayer(usual: Int?)
    /// Those that `layer_types` or `max_window_layers` say, where `use_sliding_window` is true.
    case someLayers
  }
}

// MARK: - The architectures

extension ModelArchitecture {
  /// Every architecture: to add one, write its row below and name it here (CONTRIBUTING.md).
  public static let all = [llama, mistral, qwen2, qwen3, phi3]

  /// Llama 2 and 3, SmolLM2, Yi, SOLAR and others of their shape.
  package static let llama = ModelArchitecture(
    name: "llama", className: "LlamaForCausalLM", ggufName: "llama", biasSwitches: [.attention, .feedForward],
    statesKeyValueHeads: false, windows: .none, interleavesRows: true)

  /// Mistral: Llama with a sliding window. GGUF files call it `llama`.
  package static let mistral = ModelArchitecture(
    name: "mistral", className: "MistralForCausalLM", ggufName: "llama", windows: .everyLayer(usual: 4096),
    interleavesRows: true)

  /// Qwen2 and Qwen2.5: biases on queries, keys and values.
  package static let qwen2 = ModelArchitecture(
    name: "qwen2", className: "Qwen2ForCausalLM", ggufName: "qwen2", biases: [.query, .key, .value],
    windows: .someLayers)

  /// Qwen3: norms on the queries and keys of every head.
  package static let qwen3 = ModelArchitecture(
    name: "qwen3", className: "Qwen3ForCausalLM", ggufName: "qwen3", norms: [.attention, .query, .key, .feedForward],
    biasSwitches: [.attention], usualHeadWidth: 128, windows: .someLayers)

  /// Phi-3 and Phi-4: queries, keys and values in one matrix, gate and up in another.
  package static let phi3 = ModelArchitecture(
    name: "phi3", className: "Phi3ForCausalLM", ggufName: "phi3",
    projections: [.queryKeyValue, .output, .gateUp, .down], rotatesPartOfHeads: true, statesKeyValueHeads: false,
    windows: .everyLayer(usual: nil), longRopeNames: ["longrope", "su", "yarn"], usualOriginalLength: 4096,
    alwaysStatesWindow: true, marksTakeWhiteSpace: true)

  static func named(_ name: String) -> ModelArchitecture? { all.first { $0.name == name } }

  static func inGGUF(named name: String) -> ModelArchitecture? { all.first { $0.ggufName == name } }

  /// What `config.json` calls a model of a GGUF file, whose name may stand for several: the first that has windows where
  /// the model has one.
  func inHuggingFace(hasWindow: Bool) -> ModelArchitecture {
    guard hasWindow, windows == .none else { return self }
    return Self.all.first { $0.ggufName == ggufName && $0.windows != .none } ?? self
  }
}

extension ModelArchitecture: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}

extension ModelArchitecture.BiasSwitch {
  static let attention = Self(key: .attentionBias, projections: [.query, .key, .value, .output])
  static let feedForward = Self(key: .feedForwardBias, projections: [.gate, .up, .down])
  static let all = [attention, feedForward]
}
