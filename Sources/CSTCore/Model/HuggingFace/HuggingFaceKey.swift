/// The members of a `config.json` that decide numbers: what is read, what is written, and, with those that change nothing,
/// what is not refused.
enum HuggingFaceKey: String, CaseIterable, Sendable {
  case type = "model_type"
  case classNames = "architectures"
  case vocabularyCount = "vocab_size"
  case width = "hidden_size"
  case feedForwardWidth = "intermediate_size"
  case layerCount = "num_hidden_layers"
  case queryHeads = "num_attention_heads"
  case keyValueHeads = "num_key_value_heads"
  case headWidth = "head_dim"
  case activation = "hidden_act"
  case contextLength = "max_position_embeddings"
  case normEpsilon = "rms_norm_eps"
  case tiesHead = "tie_word_embeddings"
  case attentionBias = "attention_bias"
  case feedForwardBias = "mlp_bias"
  case slidingWindow = "sliding_window"
  case usesSlidingWindow = "use_sliding_window"
  case firstWindowLayer = "max_window_layers"
  case layerTypes = "layer_types"
  case rotaryBase = "rope_theta"
  case rotaryScaling = "rope_scaling"
  case rotaryParameters = "rope_parameters"
  case rotatedShare = "partial_rotary_factor"
  case originalLength = "original_max_position_embeddings"
}

enum HuggingFaceRotaryKey: String, Sendable {
  case type = "rope_type"
  case olderType = "type"
  case base = "rope_theta"
  case rotatedShare = "partial_rotary_factor"
  case factor
  case magnitude = "attention_factor"
  case originalLength = "original_max_position_embeddings"
  case lowFrequencyFactor = "low_freq_factor"
  case highFrequencyFactor = "high_freq_factor"
  case fastTurns = "beta_fast"
  case slowTurns = "beta_slow"
  case shortFactors = "short_factor"
  case longFactors = "long_factor"
}

extension HuggingFaceRotaryKey {
  /// What may stand beside the members of any kind of scaling.
  static let always: Set = [type, olderType, base, rotatedShare]
  static let linear: Set = [factor]
  static let llama3: Set = [factor, lowFrequencyFactor, highFrequencyFactor, originalLength]
  static let yarn: Set = [factor, magnitude, fastTurns, slowTurns, originalLength]
  static let longRope: Set = [factor, magnitude, shortFactors, longFactors, originalLength]
}

/// A JSON object whose members are asked for by the keys that a reader and a writer share.
struct KeyedObject<Key: RawRepresentable<String>> {
  let object: JSONObject

  func states(_ key: Key) -> Bool { object.states(key.rawValue) }

  func integerIfPresent(_ key: Key) throws -> Int? { try object.integerIfPresent(key.rawValue) }
  func numberIfPresent(_ key: Key) throws -> Double? { try object.numberIfPresent(key.rawValue) }
  func booleanIfPresent(_ key: Key) throws -> Bool? { try object.booleanIfPresent(key.rawValue) }
  func stringIfPresent(_ key: Key) throws -> String? { try object.stringIfPresent(key.rawValue) }
  func stringsIfPresent(_ key: Key) throws -> [String]? { try object.stringsIfPresent(key.rawValue) }
  func numbersIfPresent(_ key: Key) throws -> [Double]? { try object.numbersIfPresent(key.rawValue) }
  func integer(_ key: Key) throws -> Int { try object.integer(key.rawValue) }
  func number(_ key: Key) throws -> Double { try object.number(key.rawValue) }
  func string(_ key: Key) throws -> String { try object.string(key.rawValue) }

  /// The object under a key, with keys of its own.
  func objectIfPresent<Inner>(_ key: Key) throws -> KeyedObject<Inner>? {
    guard let inner = try object.objectIfPresent(key.rawValue) else { return nil }
    return KeyedObject<Inner>(object: inner)
  }

  func error(_ key: Key, expected: String, found: String? = nil, advice: String = "") -> FormatError {
    object.error(key.rawValue, expected: expected, found: found, advice: advice)
  }
}
