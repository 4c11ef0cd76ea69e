/// `config.json` and `generation_config.json` of a model that comes from a GGUF file.
struct HuggingFaceSettings {
  private let model: LanguageModel
  private let sizes: ModelConfiguration
  private let format: WeightFormat

  init(of model: LanguageModel, _ format: WeightFormat) {
    self.model = model
    sizes = model.configuration
    self.format = format
  }

  /// `config.json`.
  /// - Throws: ``ExportError`` for what Hugging Face has no key for.
  func configuration(_ tokenizer: TokenizerDefinition) throws(ExportError) -> JSONValue {
    var members: JSONMembers = [
      "architectures": [.string(architecture.causalModelName)],
      "model_type": .string(architecture.rawValue),
      "torch_dtype": .string(Self.typeName(format)),
      "vocab_size": .integer(sizes.vocabularyCount),
      "hidden_size": .integer(sizes.width),
      "intermediate_size": .integer(sizes.feedForwardWidth),
      "num_hidden_layers": .integer(sizes.layerCount),
      "num_attention_heads": .integer(sizes.heads.queryHeads),
      "num_key_value_heads": .integer(sizes.heads.keyValueHeads),
      "head_dim": .integer(sizes.heads.headWidth),
      "hidden_act": "silu",
      "max_position_embeddings": .integer(sizes.contextLength),
      "rms_norm_eps": .number(JSONNumber(sizes.normEpsilon)),
    ]
    let biases = try biasSettings
    members += try HuggingFaceRotarySettings(sizes).members + biases + windowSettings
    members +=
      [
        "tie_word_embeddings": .bool(model.transformer.isHeadTied),
        "bos_token_id": Self.identifier(tokenizer.bosID),
        "eos_token_id": Self.identifier(tokenizer.eosID),
        "pad_token_id": Self.identifier(tokenizer.paddingID),
        "use_cache": true,
      ] as JSONMembers
    return .object(members)
  }

  /// `generation_config.json`: what ends a reply.
  func generation(_ tokenizer: TokenizerDefinition) -> JSONValue {
    [
      "bos_token_id": Self.identifier(tokenizer.bosID),
      "eos_token_id": .array(model.stopTokenIDs.sorted().map { .integer(Int($0)) }),
      "pad_token_id": Self.identifier(tokenizer.paddingID),
    ]
  }

  /// What `torch` calls a weight format.
  static func typeName(_ format: WeightFormat) -> String {
    switch format {
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: "float32"
    }
  }

  /// GGUF has one name for Llama and Mistral; the one with a sliding window is Mistral.
  private var architecture: ModelArchitecture {
    sizes.architecture == .llama && sizes.slidingWindow != nil ? .mistral : sizes.architecture
  }

  /// Which matrices have biases, in the terms of the architecture.
  private var biasSettings: JSONMembers {
    get throws(ExportError) {
      let attention: Set<Projection> = [.query, .key, .value, .output]
      let feedForward: Set<Projection> = [.gate, .up, .down]
      switch architecture {
      case .llama where [[], attention, feedForward, attention.union(feedForward)].contains(sizes.biases):
        return [
          "attention_bias": .bool(sizes.biases.isSuperset(of: attention)),
          "mlp_bias": .bool(sizes.biases.isSuperset(of: feedForward)),
        ]
      case .qwen3 where [[], attention].contains(sizes.biases):
        return ["attention_bias": .bool(!sizes.biases.isEmpty)]
      case .qwen2 where sizes.biases == [.query, .key, .value]: return [:]
      case .mistral where sizes.biases.isEmpty, .phi3 where sizes.biases.isEmpty: return [:]
      default:
        let names = sizes.biases.map(\.rawValue).sorted().joined(separator: ", ")
        throw ExportError(.configuration("config.json of \(architecture.rawValue) has no key for biases of \(names)"))
      }
    }
  }

  private var windowSettings: JSONMembers {
    get throws(ExportError) {
      let window: JSONValue = sizes.slidingWindow.map { .integer($0) } ?? .null
      switch architecture {
      case .llama: return [:]
      case .mistral, .phi3: return ["sliding_window": window]
      case .qwen2, .qwen3:
        guard sizes.slidingWindow != nil else { return ["use_sliding_window": false] }
        guard sizes.slidingLayers.upperBound == sizes.layerCount else {
          throw ExportError(.configuration("config.json has no place for a sliding window in the first layers only"))
        }
        return [
          "use_sliding_window": true, "sliding_window": window,
          "max_window_layers": .integer(sizes.slidingLayers.lowerBound),
        ]
      }
    }
  }

  private static func identifier(_ id: Int?) -> JSONValue { id.map { .integer($0) } ?? .null }
}
