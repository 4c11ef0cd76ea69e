/// The configuration that a GGUF file's metadata states. A key of the architecture that is not known here is refused: it
/// could change what the model computes.
struct GGUFConfiguration {
  let configuration: ModelConfiguration

  init(_ file: GGUFFile) throws {
    let keys = try Keys(file)
    let width = try keys.count(.width, in: ModelConfiguration.Limit.widths)
    let queryHeads = try keys.count(.queryHeads, in: ModelConfiguration.Limit.heads)
    let keyValueHeads = try keys.count(.keyValueHeads, in: 1...queryHeads, default: queryHeads)
    let headWidth = try keys.count(.keyWidth, in: ModelConfiguration.Limit.headWidths, default: width / queryHeads)
    guard queryHeads % keyValueHeads == 0, headWidth % 2 == 0, headWidth > 0 else {
      throw keys.error(
        .queryHeads, expected: "heads of even width in equal groups",
        found: "\(queryHeads) query heads, \(keyValueHeads) key-value heads, width \(headWidth)")
    }
    let valueWidth = try file.metadata.integerIfPresent(keys.name(.valueWidth)) ?? headWidth
    guard valueWidth == headWidth else {
      throw keys.error(.valueWidth, expected: "\(headWidth), the width of a key", found: "\(valueWidth)")
    }
    let epsilon = try file.metadata.float(keys.name(.normEpsilon))
    guard epsilon >= 0, epsilon < 1 else {
      throw keys.error(.normEpsilon, expected: "a number in 0..<1", found: "\(epsilon)")
    }
    let window = try file.metadata.integerIfPresent(keys.name(.slidingWindow)) ?? 0
    guard window >= 0 else { throw keys.error(.slidingWindow, expected: "0 or more", found: "\(window)") }
    let contextLength = try keys.count(.contextLength, in: ModelConfiguration.Limit.contextLengths)
    let embedding = try file.tensor(named: WeightRole.embedding.ggufName)
    configuration = ModelConfiguration(
      architecture: keys.architecture, name: try file.metadata.stringIfPresent("general.name"),
      layerCount: try keys.count(.layerCount, in: ModelConfiguration.Limit.layers), width: width,
      feedForwardWidth: try keys.count(.feedForwardWidth, in: ModelConfiguration.Limit.feedForwardWidths),
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
      guard let architecture = ModelArchitecture.inGGUF(named: name) else {
        throw FormatError(
          .badValue, file: file.mapping.path, at: .key("general.architecture"),
          expected: Set(ModelArchitecture.all.map(\.ggufName)).sorted().joined(separator: ", "), found: name,
          advice: "models of this architecture cannot be read")
      }
      self.architecture = architecture
      let known = Set(GGUFKey.allCases.map { $0.name(in: architecture) })
      for key in file.metadata.keys where key.hasPrefix(name + ".") && !known.contains(key) {
        throw FormatError(
          .badValue, file: file.mapping.path, at: .key(key), expected: "a \(name) model without further features",
          found: "a feature that is not supported")
      }
    }

    func name(_ key: GGUFKey) -> String { key.name(in: architecture) }

    func count(_ key: GGUFKey, in range: ClosedRange<Int>, default: Int? = nil) throws -> Int {
      let value = try file.metadata.integerIfPresent(name(key)) ?? `default` ?? file.metadata.integer(name(key))
      guard range.contains(value) else {
        throw error(key, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
      }
      return value
    }

    func error(_ key: GGUFKey, expected: String, found: String) -> FormatError {
      FormatError(.badValue, file: file.mapping.path, at: .key(name(key)), expected: expected, found: found)
    }

    /// The matrices with a bias: those that always have one, and those for which the first layer has one.
    var biases: Set<Projection> {
      let present = architecture.projections.filter {
        file.tensorIfPresent(named: WeightRole.bias(layer: 0, $0).ggufName) != nil
      }
      return architecture.biases.union(present)
    }

    // MARK: Rotary embeddings

    func rotary(headWidth: Int, contextLength: Int) throws -> RotaryConfiguration {
      let base = Double(try file.metadata.floatIfPresent(name(.rotaryBase)) ?? 10_000)
      guard base > 1, base.isFinite else { throw error(.rotaryBase, expected: "a number above 1", found: "\(base)") }
      let width = try file.metadata.integerIfPresent(name(.rotatedWidth)) ?? headWidth
      let isPartial = architecture.rotatesPartOfHeads && width >= 2 && width < headWidth && width % 2 == 0
      guard width == headWidth || isPartial else {
        throw error(.rotatedWidth, expected: "\(headWidth), the width of a head", found: "\(width)")
      }
      return RotaryConfiguration(
        base: base, width: width, scaling: try scaling(pairs: width / 2, contextLength: contextLength))
    }

    private func scaling(pairs: Int, contextLength: Int) throws -> RotaryScaling {
      // As llama.cpp has it, a factor without a type stretches linearly.
      let isStretched = try file.metadata.floatIfPresent(name(.scalingFactor)).map { $0 != 0 && $0 != 1 } ?? false
      let type = try file.metadata.stringIfPresent(name(.scalingType)) ?? (isStretched ? "linear" : "none")
      let perPair = try factors(.factors, pairs)
      let short = try factors(.shortFactors, pairs)
      let long = try factors(.longFactors, pairs)
      if short == nil, type != "yarn", let magnitude = try positiveIfPresent(.attentionFactor), magnitude != 1 {
        throw error(
          .attentionFactor, expected: "1 without YaRN or LongRoPE, the only ones it is supported with",
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
          magnitude: (try positiveIfPresent(.attentionFactor) ?? 1) * RotaryScaling.yarnMagnitude(factor: factor))
      case ("none", nil, let short?, let long?), ("longrope", nil, let short?, let long?):
        let originalLength = try originalLength()
        return .longRope(
          shortFactors: short, longFactors: long, originalLength: originalLength,
          magnitude: try positiveIfPresent(.attentionFactor)
            ?? RotaryScaling.longRopeMagnitude(length: contextLength, originalLength: originalLength))
      default:
        throw error(
          .scalingType, expected: "none, linear, yarn or longrope, with the tensors that belong to it", found: type)
      }
    }

    private func originalLength() throws -> Int {
      try count(.originalLength, in: 2...ModelConfiguration.Limit.contextLengths.upperBound)
    }

    private func positiveIfPresent(_ key: GGUFKey) throws -> Double? {
      guard let value = try file.metadata.floatIfPresent(name(key)) else { return nil }
      guard value > 0, value.isFinite else { throw error(key, expected: "a positive number", found: "\(value)") }
      return Double(value)
    }

    private func factor() throws -> Double {
      try positiveIfPresent(.scalingFactor) ?? Double(file.metadata.float(name(.scalingFactor)))
    }

    private func factors(_ tensor: GGUFRotaryTensor, _ pairs: Int) throws -> [Float]? {
      guard let found = file.tensorIfPresent(named: tensor.rawValue) else { return nil }
      guard found.shape == [pairs] else {
        throw FormatError(
          .badLayout, file: file.mapping.path, at: .tensor(tensor.rawValue), expected: "shape [\(pairs)]",
          found: "shape \(Shape(found.shape))")
      }
      let factors = try file.floats(named: tensor.rawValue)
      guard factors.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw FormatError(
          .badValue, file: file.mapping.path, at: .tensor(tensor.rawValue), expected: "positive factors",
          found: "others")
      }
      return factors
    }
  }
}
