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

/// The members of a `config.json`'s rotary parameters.
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
