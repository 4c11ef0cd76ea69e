/// `config.json` and `generation_config.json` of a model that comes from a GGUF file.
struct HuggingFaceConfigurationWriter {
  let model: LanguageModel
  let format: WeightFormat

  private var sizes: ModelConfiguration { model.configuration }

  func configuration(_ tokenizer: TokenizerDefinition) throws(ExportError) -> JSONValue {
    let members: [(HuggingFaceKey, JSONValue)] = [
      (.vocabularyCount, .integer(sizes.vocabularyCount)),
      (.width, .integer(sizes.width)),
      (.feedForwardWidth, .integer(sizes.feedForwardWidth)),
      (.layerCount, .integer(sizes.layerCount)),
      (.queryHeads, .integer(sizes.heads.queryHeads)),
      (.keyValueHeads, .integer(sizes.heads.keyValueHeads)),
      (.headWidth, .integer(sizes.heads.headWidth)),
      (.activation, .string("silu")),
      (.contextLength, .integer(sizes.contextLength)),
      (.normEpsilon, .number(JSONNumber(sizes.normEpsilon))),
    ]
    let options = try HuggingFaceRotaryWriter(sizes).members + biasSettings + windowSettings
    let tied: [(HuggingFaceKey, JSONValue)] = [(.tiesHead, .bool(model.transformer.isHeadTied))]
    var object: JSONMembers = [
      HuggingFaceKey.classNames.rawValue: [.string(architecture.className)],
      HuggingFaceKey.type.rawValue: .string(architecture.name), "torch_dtype": .string(Self.typeName(format)),
    ]
    object += JSONMembers((members + options + tied).map { ($0.rawValue, $1) })
    object +=
      [
        "bos_token_id": Self.identifier(tokenizer.bosID),
        "eos_token_id": Self.identifier(tokenizer.eosID),
        "pad_token_id": Self.identifier(tokenizer.paddingID),
        "use_cache": true,
      ] as JSONMembers
    return .object(object)
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

  private var architecture: ModelArchitecture {
    sizes.architecture.inHuggingFace(hasWindow: sizes.slidingWindow != nil)
  }

  /// Which matrices have biases, in the terms of the architecture.
  private var biasSettings: [(HuggingFaceKey, JSONValue)] {
    get throws(ExportError) {
      let settings = architecture.biasSwitches.map { ($0, isOn: sizes.biases.isSuperset(of: $0.projections)) }
      let stated = settings.reduce(into: architecture.biases) { if $1.isOn { $0.formUnion($1.0.projections) } }
      guard stated == sizes.biases else {
        let names = sizes.biases.map(\.rawValue).sorted().joined(separator: ", ")
        throw ExportError(.configuration("config.json of \(architecture.name) has no key for biases of \(names)"))
      }
      return settings.map { ($0.key, .bool($1)) }
    }
  }

  private var windowSettings: [(HuggingFaceKey, JSONValue)] {
    get throws(ExportError) {
      let window: JSONValue = sizes.slidingWindow.map { .integer($0) } ?? .null
      switch architecture.windows {
      case .none: return []
      case .everyLayer: return [(.slidingWindow, window)]
      case .someLayers:
        guard sizes.slidingWindow != nil else { return [(.usesSlidingWindow, .bool(false))] }
        guard sizes.slidingLayers.upperBound == sizes.layerCount else {
          throw ExportError(.configuration("config.json has no place for a sliding window in the first layers only"))
        }
        return [
          (.usesSlidingWindow, .bool(true)), (.slidingWindow, window),
          (.firstWindowLayer, .integer(sizes.slidingLayers.lowerBound)),
        ]
      }
    }
  }

  private static func identifier(_ id: Int?) -> JSONValue { id.map { .integer($0) } ?? .null }
}
