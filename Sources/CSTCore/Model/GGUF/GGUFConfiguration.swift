/// The configuration that a GGUF file's metadata states. A key of the architecture that is not known here is refused: it
/// could change what the model computes.
struct GGUFConfiguration {
  let configuration: ModelConfiguration

  /// The tensors that belong to the rotary embeddings and not to a layer.
  static let rotaryTensors: Set<String> = [
    "rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight",
  ]

  /// Keys of the architecture, without its prefix, that are understood.
  private static let knownKeys: Set<String> = [
    "block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size",
    "attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length",
    "attention.layer_norm_rms_epsilon", "attention.sliding_window", "rope.dimension_count", "rope.freq_base",
    "rope.scaling.type", "rope.scaling.factor", "rope.scaling.attn_factor", "rope.scaling.original_context_length",
    "rope.scaling.finetuned",
  ]

  /// - Throws: ``FormatError`` naming the key or tensor.
  init(_ file: GGUFFile) throws {
    let keys = try Keys(file)
    let width = try keys.count("embedding_length", in: ModelConfiguration.Limit.widths)
    let queryHeads = try keys.count("attention.head_count", in: ModelConfiguration.Limit.heads)
    let keyValueHeads = try keys.count("attention.head_count_kv", in: 1...queryHeads, default: queryHeads)
    let headWidth = try keys.count(
      "attention.key_length", in: ModelConfiguration.Limit.headWidths, default: width / queryHeads)
    guard queryHeads % keyValueHeads == 0, headWidth % 2 == 0, headWidth > 0 else {
      throw keys.error(
        "attention.head_count", expected: "heads of even width in equal groups",
        found: "\(queryHeads) query heads, \(keyValueHeads) key-value heads, width \(headWidth)")
    }
    let valueWidth = try file.metadata.integerIfPresent(keys.name("attention.value_length")) ?? headWidth
    guard valueWidth == headWidth else {
      throw keys.error(
        "attention.value_length", expected: "\(headWidth), the width of a key", found: "\(valueWidth)")
    }
    let epsilon = try file.metadata.float(keys.name("attention.layer_norm_rms_epsilon"))
    guard epsilon >= 0, epsilon < 1 else {
      throw keys.error("attention.layer_norm_rms_epsilon", expected: "a number in 0..<1", found: "\(epsilon)")
    }
    let window = try file.metadata.integerIfPresent(keys.name("attention.sliding_window")) ?? 0
    guard window >= 0 else {
      throw keys.error("attention.sliding_window", expected: "0 or more", found: "\(window)")
    }
    let contextLength = try keys.count("context_length", in: ModelConfiguration.Limit.contextLengths)
    let embedding = try file.tensor(named: WeightRole.embedding.ggufName)
    configuration = ModelConfiguration(
      architecture: keys.architecture, name: try file.metadata.stringIfPresent("general.name"),
      layerCount: try keys.count("block_count", in: ModelConfiguration.Limit.layers), width: width,
      feedForwardWidth: try keys.count("feed_forward_length", in: ModelConfiguration.Limit.feedForwardWidths),
      heads: AttentionHeads(queryHeads: queryHeads, keyValueHeads: keyValueHeads, headWidth: headWidth),
      normEpsilon: epsilon, rotary: try keys.rotary(headWidth: headWidth, contextLength: contextLength),
      contextLength: contextLength, vocabularyCount: embedding.shape.first ?? 0,
      biases: keys.biases, slidingWindow: window == 0 ? nil : window)
  }

  /// The keys that begin with the architecture's name.
  private struct Keys {
    let file: GGUFFile
    let architecture: ModelArchitecture

    init(_ file: GGUFFile) throws {
      self.file = file
      let name = try file.metadata.string("general.architecture")
      guard let architecture = ModelArchitecture.allCases.first(where: { $0.ggufName == name }) else {
        throw FormatError(
          .badValue, file: file.mapping.path, at: .key("general.architecture"),
          expected: Set(ModelArchitecture.allCases.map(\.ggufName)).sorted().joined(separator: ", "), found: name,
          advice: "models of this architecture cannot be read")
      }
      self.architecture = architecture
      for key in file.metadata.keys where key.hasPrefix(name + ".") {
        guard knownKeys.contains(String(key.dropFirst(name.count + 1))) else {
          throw FormatError(
            .badValue, file: file.mapping.path, at: .key(key), expected: "a \(name) model without further features",
            found: "a feature that is not supported")
        }
      }
    }

    func name(_ key: String) -> String { architecture.ggufName + "." + key }

    func count(_ key: String, in range: ClosedRange<Int>, default: Int? = nil) throws -> Int {
      let value = try file.metadata.integerIfPresent(name(key)) ?? `default` ?? file.metadata.integer(name(key))
      guard range.contains(value) else {
        throw error(key, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
      }
      return value
    }

    func error(_ key: String, expected: String, found: String) -> FormatError {
      FormatError(.badValue, file: file.mapping.path, at: .key(name(key)), expected: expected, found: found)
    }

    /// The matrices with a bias: those that always have one, and those for which the first layer has one.
    var biases: Set<Projection> {
      let present = architecture.projections.filter {
        file.tensorIfPresent(named: WeightRole.bias(layer: 0, $0).ggufName) != nil
      }
      return Set(present).union(architecture == .qwen2 ? [.query, .key, .value] : [])
    }

    // MARK: Rotary embeddings

    func rotary(headWidth: Int, contextLength: Int) throws -> RotaryConfiguration {
      let base = Double(try file.metadata.floatIfPresent(name("rope.freq_base")) ?? 10_000)
      guard base > 1, base.isFinite else {
        throw error("rope.freq_base", expected: "a number above 1", found: "\(base)")
      }
      let width = try file.metadata.integerIfPresent(name("rope.dimension_count")) ?? headWidth
      let isPartial = architecture == .phi3 && width >= 2 && width < headWidth && width % 2 == 0
      guard width == headWidth || isPartial else {
        throw error("rope.dimension_count", expected: "\(headWidth), the width of a head", found: "\(width)")
      }
      return RotaryConfiguration(
        base: base, width: width, scaling: try scaling(pairs: width / 2, contextLength: contextLength))
    }

    private func scaling(pairs: Int, contextLength: Int) throws -> RotaryScaling {
      // As llama.cpp has it, a factor without a type stretches linearly.
      let isStretched =
        try file.metadata.floatIfPresent(name("rope.scaling.factor")).map { $0 != 0 && $0 != 1 } ?? false
      let type = try file.metadata.stringIfPresent(name("rope.scaling.type")) ?? (isStretched ? "linear" : "none")
      let perPair = try factors("rope_freqs.weight", pairs)
      let short = try factors("rope_factors_short.weight", pairs)
      let long = try factors("rope_factors_long.weight", pairs)
      if short == nil, type != "yarn", let magnitude = try attentionFactor(), magnitude != 1 {
        throw error(
          "rope.scaling.attn_factor", expected: "1 without YaRN or LongRoPE, the only ones it is supported with",
          found: "\(magnitude)")
      }
      switch (type, perPair, short, long) {
      case ("none", nil, nil, nil): return .none
      case ("none", let factors?, nil, nil): return .perPair(factors: factors)
      case ("linear", nil, nil, nil): return .linear(factor: try factor())
      case ("yarn", nil, nil, nil):
        let factor = try factor()
        return .yarn(
          factor: factor, originalLength: try originalLength(), fastTurns: 32, slowTurns: 1,
          magnitude: (try attentionFactor() ?? 1) * RotaryScaling.yarnMagnitude(factor: factor))
      case ("none", nil, let short?, let long?), ("longrope", nil, let short?, let long?):
        let originalLength = try originalLength()
        return .longRope(
          shortFactors: short, longFactors: long, originalLength: originalLength,
          magnitude: try attentionFactor()
            ?? RotaryScaling.longRopeMagnitude(length: contextLength, originalLength: originalLength))
      default:
        throw error(
          "rope.scaling.type", expected: "none, linear, yarn or longrope, with the tensors that belong to it",
          found: type)
      }
    }

    private func factor() throws -> Double {
      let factor = try file.metadata.float(name("rope.scaling.factor"))
      guard factor > 0, factor.isFinite else {
        throw error("rope.scaling.factor", expected: "a positive number", found: "\(factor)")
      }
      return Double(factor)
    }

    private func originalLength() throws -> Int {
      try count(
        "rope.scaling.original_context_length", in: 2...ModelConfiguration.Limit.contextLengths.upperBound)
    }

    private func attentionFactor() throws -> Double? {
      guard let factor = try file.metadata.floatIfPresent(name("rope.scaling.attn_factor")) else { return nil }
      guard factor > 0, factor.isFinite else {
        throw error("rope.scaling.attn_factor", expected: "a positive number", found: "\(factor)")
      }
      return Double(factor)
    }

    private func factors(_ tensor: String, _ pairs: Int) throws -> [Float]? {
      guard let found = file.tensorIfPresent(named: tensor) else { return nil }
      guard found.shape == [pairs] else {
        throw FormatError(
          .badLayout, file: file.mapping.path, at: .tensor(tensor), expected: "shape [\(pairs)]",
          found: "shape \(Shape(found.shape))")
      }
      let factors = try file.floats(named: tensor)
      guard factors.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw FormatError(
          .badValue, file: file.mapping.path, at: .tensor(tensor), expected: "positive factors", found: "others")
      }
      return factors
    }
  }
}
