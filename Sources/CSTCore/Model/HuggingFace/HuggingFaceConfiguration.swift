import Foundation

/// A model's `config.json`. A key that is neither used nor known to change nothing is refused by name.
struct HuggingFaceConfiguration {
  let architecture: ModelArchitecture
  let members: KeyedObject<HuggingFaceKey>

  var object: JSONObject { members.object }

  /// Reads the file and refuses what it asks for that is not supported.
  /// - Parameter ignoredKeys: Keys that are not to be refused.
  init(contentsOf location: URL, ignoring ignoredKeys: Set<String> = []) throws {
    members = KeyedObject(object: try JSONObject(contentsOf: location))
    guard let architecture = ModelArchitecture.named(try members.string(.type)) else {
      let known = ModelArchitecture.all.map(\.name).joined(separator: ", ")
      throw members.error(.type, expected: "one of \(known)", advice: "models of this type cannot be read")
    }
    self.architecture = architecture
    try refuseOtherFeatures(except: ignoredKeys)
  }

  /// Whether the embedding serves as the head: where the file says so.
  var isHeadTied: Bool { get throws { try members.booleanIfPresent(.tiesHead) ?? false } }

  /// The sizes and options.
  /// - Parameter name: What the model is called.
  func configuration(name: String) throws -> ModelConfiguration {
    typealias Limit = ModelConfiguration.Limit
    let width = try count(.width, in: Limit.widths)
    let queryHeads = try count(.queryHeads, in: Limit.heads)
    let keyValueHeads = try count(
      .keyValueHeads, in: 1...queryHeads, default: architecture.statesKeyValueHeads ? nil : queryHeads)
    let headWidth = try count(
      .headWidth, in: Limit.headWidths, default: architecture.usualHeadWidth ?? width / queryHeads)
    guard queryHeads % keyValueHeads == 0, headWidth % 2 == 0 else {
      throw members.error(
        .queryHeads, expected: "heads of even width in equal groups",
        found: "\(queryHeads) query heads, \(keyValueHeads) key-value heads, width \(headWidth)")
    }
    let epsilon = try members.number(.normEpsilon)
    guard (0..<1).contains(epsilon) else { throw members.error(.normEpsilon, expected: "a number in 0..<1") }
    let layers = try count(.layerCount, in: Limit.layers)
    let contextLength = try count(.contextLength, in: Limit.contextLengths)
    let window = try slidingWindow(layerCount: layers)
    return ModelConfiguration(
      architecture: architecture, name: name, layerCount: layers, width: width,
      feedForwardWidth: try count(.feedForwardWidth, in: Limit.feedForwardWidths),
      heads: AttentionHeads(queryHeads: queryHeads, keyValueHeads: keyValueHeads, headWidth: headWidth),
      normEpsilon: Float(epsilon),
      rotary: try HuggingFaceRotary(members, architecture).configuration(
        headWidth: headWidth, contextLength: contextLength),
      contextLength: contextLength, vocabularyCount: try count(.vocabularyCount, in: Limit.vocabularies),
      biases: try biases, slidingWindow: window?.size, windowLayers: window?.layers)
  }

  private var biases: Set<Projection> {
    get throws {
      var biases = architecture.biases
      for choice in ModelArchitecture.BiasSwitch.all where try members.booleanIfPresent(choice.key) ?? false {
        guard architecture.biasSwitches.contains(choice) else { throw unsupported(choice.key) }
        biases.formUnion(choice.projections)
      }
      return biases
    }
  }

  // MARK: Sliding window

  /// The window and the layers that have it.
  private func slidingWindow(layerCount: Int) throws -> (size: Int, layers: Range<Int>)? {
    let size = try members.integerIfPresent(.slidingWindow).map { _ in try count(.slidingWindow, in: 1...Int(Int32.max))
    }
    let types = try members.stringsIfPresent(.layerTypes)
    switch architecture.windows {
    case .none:
      guard size == nil, types?.allSatisfy({ $0 == "full_attention" }) ?? true else {
        throw unsupported(size == nil ? .layerTypes : .slidingWindow)
      }
      return nil
    case .everyLayer(let usual):
      if let usual, size == nil, !members.states(.slidingWindow) { return (usual, 0..<layerCount) }
      guard types == nil else { throw unsupported(.layerTypes) }
      return size.map { ($0, 0..<layerCount) }
    case .someLayers:
      let isUsed = try members.booleanIfPresent(.usesSlidingWindow) ?? false
      guard let types else {
        guard isUsed, let size else { return nil }
        let first = min(try count(.firstWindowLayer, in: 0...Int(Int32.max)), layerCount)
        return (size, first..<layerCount)
      }
      return try window(types, layerCount: layerCount, size: isUsed ? size : nil)
    }
  }

  /// The layers that are called `sliding_attention`, which have to follow each other.
  private func window(_ types: [String], layerCount: Int, size: Int?) throws -> (size: Int, layers: Range<Int>)? {
    guard types.count == layerCount, types.allSatisfy({ ["full_attention", "sliding_attention"].contains($0) }) else {
      throw members.error(.layerTypes, expected: "full_attention or sliding_attention for each of \(layerCount) layers")
    }
    guard let first = types.firstIndex(of: "sliding_attention"), let last = types.lastIndex(of: "sliding_attention")
    else { return nil }
    guard types[first...last].allSatisfy({ $0 == "sliding_attention" }) else {
      throw members.error(
        .layerTypes, expected: "layers with a sliding window one after the other", found: "others between")
    }
    guard let size else {
      throw members.error(.layerTypes, expected: "full_attention only, because there is no window", found: types[first])
    }
    return (size, first..<last + 1)
  }

  // MARK: Single values

  private func count(_ key: HuggingFaceKey, in range: ClosedRange<Int>, default: Int? = nil) throws -> Int {
    let value = try members.integerIfPresent(key) ?? `default` ?? members.integer(key)
    guard range.contains(value) else {
      throw members.error(key, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
    }
    return value
  }

  private func unsupported(_ key: HuggingFaceKey) -> FormatError {
    members.error(key, expected: "a \(architecture.name) model without this feature")
  }
}
