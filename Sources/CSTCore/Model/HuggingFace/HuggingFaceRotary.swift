import Foundation

/// The rotary embeddings that a `config.json` states: under `rope_parameters` as transformers writes since version 5, or
/// under `rope_theta` and `rope_scaling` as it did before.
struct HuggingFaceRotary {
  private let object: KeyedObject<HuggingFaceKey>
  private typealias Parameters = KeyedObject<HuggingFaceRotaryKey>
  private let architecture: ModelArchitecture
  /// `rope_parameters` or `rope_scaling`, where there is one.
  private let parameters: Parameters?

  init(_ object: KeyedObject<HuggingFaceKey>, _ architecture: ModelArchitecture) throws {
    self.object = object
    self.architecture = architecture
    // As transformers has it, the old key wins where a file has both.
    parameters = try object.objectIfPresent(.rotaryScaling) ?? object.objectIfPresent(.rotaryParameters)
  }

  func configuration(headWidth: Int, contextLength: Int) throws -> RotaryConfiguration {
    let base = try parameters?.numberIfPresent(.base) ?? object.numberIfPresent(.rotaryBase) ?? 10_000
    guard base > 1, base.isFinite else { throw object.error(.rotaryBase, expected: "a number above 1") }
    let share = try parameters?.numberIfPresent(.rotatedShare) ?? object.numberIfPresent(.rotatedShare) ?? 1
    guard share > 0, share <= 1 else { throw object.error(.rotatedShare, expected: "a number in 0...1") }
    guard share == 1 || architecture.rotatesPartOfHeads else {
      throw object.error(.rotatedShare, expected: "1 in a \(architecture.name) model")
    }
    let width = Int(Double(headWidth) * share)
    guard width >= 2, width % 2 == 0 else {
      throw object.error(.rotatedShare, expected: "an even number of rotated components", found: "\(width)")
    }
    return RotaryConfiguration(
      base: base, width: width, scaling: try scaling(pairs: width / 2, contextLength: contextLength))
  }

  private func scaling(pairs: Int, contextLength: Int) throws -> RotaryScaling {
    guard let parameters else { return .none }
    let type = try parameters.stringIfPresent(.type) ?? parameters.stringIfPresent(.olderType) ?? "default"
    switch type {
    case "default", "none":
      try allow([], in: parameters)
      return .none
    case "linear":
      try allow(HuggingFaceRotaryKey.linear, in: parameters)
      return .linear(factor: try positive(.factor, parameters))
    case "llama3":
      try allow(HuggingFaceRotaryKey.llama3, in: parameters)
      let (low, high) = (try positive(.lowFrequencyFactor, parameters), try positive(.highFrequencyFactor, parameters))
      guard low < high else { throw parameters.error(.lowFrequencyFactor, expected: "a number below high_freq_factor") }
      return .llama3(
        factor: try positive(.factor, parameters), lowFrequencyFactor: low, highFrequencyFactor: high,
        originalLength: try originalLength(parameters, contextLength))
    case _ where architecture.longRopeNames.contains(type):
      return try longRope(parameters, pairs: pairs, contextLength)
    case "yarn": return try yarn(parameters, contextLength)
    default:
      throw parameters.error(
        .type, expected: "default, linear, llama3, yarn or longrope", found: type,
        advice: "this way of stretching rotary embeddings is not supported")
    }
  }

  private func yarn(_ parameters: Parameters, _ contextLength: Int) throws -> RotaryScaling {
    try allow(HuggingFaceRotaryKey.yarn, in: parameters)
    let factor = try positive(.factor, parameters)
    let (fast, slow) = (
      try positiveIfPresent(.fastTurns, parameters) ?? 32, try positiveIfPresent(.slowTurns, parameters) ?? 1
    )
    return .yarn(
      factor: factor, originalLength: try originalLength(parameters, contextLength), fastTurns: fast, slowTurns: slow,
      magnitude: try positiveIfPresent(.magnitude, parameters) ?? RotaryScaling.yarnMagnitude(factor: factor))
  }

  private func longRope(_ parameters: Parameters, pairs: Int, _ contextLength: Int) throws -> RotaryScaling {
    try allow(HuggingFaceRotaryKey.longRope, in: parameters)
    func factors(_ key: HuggingFaceRotaryKey) throws -> [Float] {
      guard let numbers = try parameters.numbersIfPresent(key), numbers.count == pairs,
        numbers.allSatisfy({ $0 > 0 && $0 < Double(Float.greatestFiniteMagnitude) })
      else { throw parameters.error(key, expected: "\(pairs) positive numbers") }
      return numbers.map { Float($0) }
    }
    let originalLength = try originalLength(parameters, contextLength)
    let factor = try positiveIfPresent(.factor, parameters) ?? Double(contextLength) / Double(originalLength)
    return .longRope(
      shortFactors: try factors(.shortFactors), longFactors: try factors(.longFactors), originalLength: originalLength,
      magnitude: try positiveIfPresent(.magnitude, parameters)
        ?? RotaryScaling.longRopeMagnitude(factor: factor, originalLength: originalLength))
  }

  // MARK: Single values

  private func allow(_ keys: Set<HuggingFaceRotaryKey>, in parameters: Parameters) throws {
    let names = Set(keys.union(HuggingFaceRotaryKey.always).map(\.rawValue))
    guard let other = parameters.object.keys.first(where: { !names.contains($0) }) else { return }
    throw parameters.object.error(
      other, expected: "no further parameters",
      advice: "this key could change what the model computes and is not supported")
  }

  /// Where it stands beside the parameters, that counts.
  private func originalLength(_ parameters: Parameters, _ contextLength: Int) throws -> Int {
    let length =
      try object.integerIfPresent(.originalLength) ?? parameters.integerIfPresent(.originalLength)
      ?? architecture.usualOriginalLength ?? contextLength
    guard ModelConfiguration.Limit.contextLengths.contains(length), length > 1 else {
      throw parameters.error(.originalLength, expected: "a length of at least 2", found: "\(length)")
    }
    return length
  }

  private func positive(_ key: HuggingFaceRotaryKey, _ parameters: Parameters) throws -> Double {
    guard let value = try positiveIfPresent(key, parameters) else { return try parameters.number(key) }
    return value
  }

  private func positiveIfPresent(_ key: HuggingFaceRotaryKey, _ parameters: Parameters) throws -> Double? {
    guard let value = try parameters.numberIfPresent(key) else { return nil }
    guard value > 0, value < 1e12 else { throw parameters.error(key, expected: "a positive number") }
    return value
  }
}
