import Foundation

/// The rotary embeddings that a `config.json` states: under `rope_parameters` as transformers writes since version 5, or
/// under `rope_theta` and `rope_scaling` as it did before.
struct HuggingFaceRotary {
  private let object: JSONObject
  private let architecture: ModelArchitecture
  /// `rope_parameters` or `rope_scaling`, where there is one.
  private let parameters: JSONObject?

  init(_ object: JSONObject, _ architecture: ModelArchitecture) throws {
    self.object = object
    self.architecture = architecture
    // As transformers has it, the old key wins where a file has both.
    parameters = try object.objectIfPresent("rope_scaling") ?? object.objectIfPresent("rope_parameters")
  }

  /// - Throws: ``FormatError`` naming the key.
  func configuration(headWidth: Int, contextLength: Int) throws -> RotaryConfiguration {
    let base = try parameters?.numberIfPresent("rope_theta") ?? object.numberIfPresent("rope_theta") ?? 10_000
    guard base > 1, base.isFinite else { throw object.error("rope_theta", expected: "a number above 1") }
    let share =
      try parameters?.numberIfPresent("partial_rotary_factor") ?? object.numberIfPresent("partial_rotary_factor") ?? 1
    guard share > 0, share <= 1 else { throw object.error("partial_rotary_factor", expected: "a number in 0...1") }
    guard share == 1 || architecture == .phi3 else {
      throw object.error("partial_rotary_factor", expected: "1 in a \(architecture.rawValue) model")
    }
    let width = Int(Double(headWidth) * share)
    guard width >= 2, width % 2 == 0 else {
      throw object.error("partial_rotary_factor", expected: "an even number of rotated components", found: "\(width)")
    }
    return RotaryConfiguration(
      base: base, width: width, scaling: try scaling(pairs: width / 2, contextLength: contextLength))
  }

  private func scaling(pairs: Int, contextLength: Int) throws -> RotaryScaling {
    guard let parameters else { return .none }
    let type = try parameters.stringIfPresent("rope_type") ?? parameters.stringIfPresent("type") ?? "default"
    switch type {
    case "default", "none":
      try allow([], in: parameters)
      return .none
    case "linear":
      try allow(["factor"], in: parameters)
      return .linear(factor: try positive("factor", parameters))
    case "llama3":
      try allow(
        ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"], in: parameters)
      let (low, high) = (try positive("low_freq_factor", parameters), try positive("high_freq_factor", parameters))
      guard low < high else {
        throw parameters.error("low_freq_factor", expected: "a number below high_freq_factor")
      }
      return .llama3(
        factor: try positive("factor", parameters), lowFrequencyFactor: low, highFrequencyFactor: high,
        originalLength: try originalLength(parameters, contextLength))
    case "yarn" where architecture != .phi3: return try yarn(parameters, contextLength)
    case "longrope", "su", "yarn": return try longRope(parameters, pairs: pairs, contextLength)
    default:
      throw parameters.error(
        "rope_type", expected: "default, linear, llama3, yarn or longrope", found: type,
        advice: "this way of stretching rotary embeddings is not supported")
    }
  }

  private func yarn(_ parameters: JSONObject, _ contextLength: Int) throws -> RotaryScaling {
    try allow(
      ["factor", "attention_factor", "beta_fast", "beta_slow", "original_max_position_embeddings"], in: parameters)
    let factor = try positive("factor", parameters)
    let (fast, slow) = (
      try positiveIfPresent("beta_fast", parameters) ?? 32, try positiveIfPresent("beta_slow", parameters) ?? 1
    )
    return .yarn(
      factor: factor, originalLength: try originalLength(parameters, contextLength), fastTurns: fast, slowTurns: slow,
      magnitude: try positiveIfPresent("attention_factor", parameters) ?? RotaryScaling.yarnMagnitude(factor: factor))
  }

  private func longRope(_ parameters: JSONObject, pairs: Int, _ contextLength: Int) throws -> RotaryScaling {
    try allow(
      ["factor", "attention_factor", "short_factor", "long_factor", "original_max_position_embeddings"], in: parameters)
    func factors(_ key: String) throws -> [Float] {
      guard let numbers = try parameters.numbersIfPresent(key), numbers.count == pairs,
        numbers.allSatisfy({ $0 > 0 && $0 < Double(Float.greatestFiniteMagnitude) })
      else { throw parameters.error(key, expected: "\(pairs) positive numbers") }
      return numbers.map { Float($0) }
    }
    let originalLength = try originalLength(parameters, contextLength)
    let factor =
      try positiveIfPresent("factor", parameters) ?? Double(contextLength) / Double(originalLength)
    return .longRope(
      shortFactors: try factors("short_factor"), longFactors: try factors("long_factor"),
      originalLength: originalLength,
      magnitude: try positiveIfPresent("attention_factor", parameters)
        ?? RotaryScaling.longRopeMagnitude(factor: factor, originalLength: originalLength))
  }

  // MARK: Single values

  private func allow(_ keys: Set<String>, in parameters: JSONObject) throws {
    let always: Set<String> = ["rope_type", "type", "rope_theta", "partial_rotary_factor"]
    guard let other = parameters.keys.first(where: { !keys.contains($0) && !always.contains($0) }) else { return }
    throw parameters.error(
      other, expected: "no further parameters",
      advice: "this key could change what the model computes and is not supported")
  }

  /// Phi-3 states it beside the parameters, which then counts.
  private func originalLength(_ parameters: JSONObject, _ contextLength: Int) throws -> Int {
    let key = "original_max_position_embeddings"
    let length = try object.integerIfPresent(key) ?? parameters.integerIfPresent(key) ?? phi3Default ?? contextLength
    guard ModelConfiguration.Limit.contextLengths.contains(length), length > 1 else {
      throw parameters.error(key, expected: "a length of at least 2", found: "\(length)")
    }
    return length
  }

  private var phi3Default: Int? { architecture == .phi3 ? 4096 : nil }

  private func positive(_ key: String, _ parameters: JSONObject) throws -> Double {
    guard let value = try positiveIfPresent(key, parameters) else { return try parameters.number(key) }
    return value
  }

  private func positiveIfPresent(_ key: String, _ parameters: JSONObject) throws -> Double? {
    guard let value = try parameters.numberIfPresent(key) else { return nil }
    guard value > 0, value < 1e12 else { throw parameters.error(key, expected: "a positive number") }
    return value
  }
}
