import Foundation

/// A model's `config.json`. A key that is neither used nor known to change nothing is refused by name.
struct HuggingFaceConfiguration {
  let object: JSONObject
  let architecture: ModelArchitecture

  /// Reads the file and refuses what it asks for that is not supported.
  /// - Throws: ``FormatError`` naming the key.
  init(contentsOf location: URL) throws {
    object = try JSONObject(contentsOf: location)
    let known = ModelArchitecture.allCases.map(\.rawValue).joined(separator: ", ")
    let type = try object.string("model_type")
    guard let architecture = ModelArchitecture(rawValue: type) else {
      throw object.error("model_type", expected: "one of \(known)", advice: "models of this type cannot be read")
    }
    self.architecture = architecture
    try refuseOtherFeatures()
  }

  /// Whether the embedding serves as the head: where the file says so.
  var isHeadTied: Bool {
    get throws { try object.booleanIfPresent("tie_word_embeddings") ?? false }
  }

  /// The sizes and options.
  /// - Parameter name: What the model is called.
  /// - Throws: ``FormatError`` naming the key.
  func configuration(name: String) throws -> ModelConfiguration {
    typealias Limit = ModelConfiguration.Limit
    let width = try count("hidden_size", in: Limit.widths)
    let queryHeads = try count("num_attention_heads", in: Limit.heads)
    let keyValueHeads = try count("num_key_value_heads", in: 1...queryHeads, default: keyValueHeadDefault(queryHeads))
    let headWidth = try count(
      "head_dim", in: Limit.headWidths, default: architecture == .qwen3 ? 128 : width / queryHeads)
    guard queryHeads % keyValueHeads == 0, headWidth % 2 == 0 else {
      throw object.error(
        "num_attention_heads", expected: "heads of even width in equal groups",
        found: "\(queryHeads) query heads, \(keyValueHeads) key-value heads, width \(headWidth)")
    }
    let epsilon = try object.number("rms_norm_eps")
    guard (0..<1).contains(epsilon) else { throw object.error("rms_norm_eps", expected: "a number in 0..<1") }
    let layers = try count("num_hidden_layers", in: Limit.layers)
    let contextLength = try count("max_position_embeddings", in: Limit.contextLengths)
    let window = try slidingWindow(layerCount: layers)
    return ModelConfiguration(
      architecture: architecture, name: name, layerCount: layers, width: width,
      feedForwardWidth: try count("intermediate_size", in: Limit.feedForwardWidths),
      heads: AttentionHeads(queryHeads: queryHeads, keyValueHeads: keyValueHeads, headWidth: headWidth),
      normEpsilon: Float(epsilon),
      rotary: try HuggingFaceRotary(object, architecture).configuration(
        headWidth: headWidth, contextLength: contextLength),
      contextLength: contextLength, vocabularyCount: try count("vocab_size", in: Limit.vocabularies),
      biases: try biases, slidingWindow: window?.size, slidingLayers: window?.layers)
  }

  /// The matrices with a bias.
  private var biases: Set<Projection> {
    get throws {
      var biases: Set<Projection> = architecture == .qwen2 ? [.query, .key, .value] : []
      if try object.booleanIfPresent("attention_bias") ?? false {
        guard architecture == .llama || architecture == .qwen3 else { throw unsupported("attention_bias") }
        biases.formUnion([.query, .key, .value, .output])
      }
      if try object.booleanIfPresent("mlp_bias") ?? false {
        guard architecture == .llama else { throw unsupported("mlp_bias") }
        biases.formUnion([.gate, .up, .down])
      }
      return biases
    }
  }

  // MARK: Sliding window

  /// The window and the layers that have it. Mistral and Phi-3 have it in all layers where there is one; Qwen models only
  /// where `use_sliding_window` says so, in the layers that `layer_types` or `max_window_layers` say.
  private func slidingWindow(layerCount: Int) throws -> (size: Int, layers: Range<Int>)? {
    let size = try object.integerIfPresent("sliding_window").map { _ in
      try count("sliding_window", in: 1...Int(Int32.max))
    }
    let types = try object.stringsIfPresent("layer_types")
    switch architecture {
    case .llama:
      guard size == nil, types?.allSatisfy({ $0 == "full_attention" }) ?? true else {
        throw unsupported(size == nil ? "layer_types" : "sliding_window")
      }
      return nil
    case .mistral, .phi3:
      // Transformers has a window of 4096 where Mistral's configuration does not mention one.
      if architecture == .mistral, size == nil, !object.states("sliding_window") { return (4096, 0..<layerCount) }
      guard types == nil else { throw unsupported("layer_types") }
      return size.map { ($0, 0..<layerCount) }
    case .qwen2, .qwen3:
      let isUsed = try object.booleanIfPresent("use_sliding_window") ?? false
      guard let types else {
        guard isUsed, let size else { return nil }
        let first = min(try count("max_window_layers", in: 0...Int(Int32.max)), layerCount)
        return (size, first..<layerCount)
      }
      return try window(types, layerCount: layerCount, size: isUsed ? size : nil)
    }
  }

  /// The layers that are called `sliding_attention`, which have to follow each other.
  private func window(_ types: [String], layerCount: Int, size: Int?) throws -> (size: Int, layers: Range<Int>)? {
    guard types.count == layerCount, types.allSatisfy({ ["full_attention", "sliding_attention"].contains($0) }) else {
      throw object.error(
        "layer_types", expected: "full_attention or sliding_attention for each of \(layerCount) layers")
    }
    guard let first = types.firstIndex(of: "sliding_attention"), let last = types.lastIndex(of: "sliding_attention")
    else { return nil }
    guard types[first...last].allSatisfy({ $0 == "sliding_attention" }) else {
      throw object.error(
        "layer_types", expected: "layers with a sliding window one after the other", found: "others between")
    }
    guard let size else {
      throw object.error(
        "layer_types", expected: "full_attention only, because there is no window", found: types[first])
    }
    return (size, first..<last + 1)
  }

  // MARK: Single values

  private func keyValueHeadDefault(_ queryHeads: Int) -> Int? {
    architecture == .llama || architecture == .phi3 ? queryHeads : nil
  }

  private func count(_ key: String, in range: ClosedRange<Int>, default: Int? = nil) throws -> Int {
    let value = try object.integerIfPresent(key) ?? `default` ?? object.integer(key)
    guard range.contains(value) else {
      throw object.error(key, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
    }
    return value
  }

  private func unsupported(_ key: String) -> FormatError {
    object.error(key, expected: "a \(architecture.rawValue) model without this feature")
  }
}
