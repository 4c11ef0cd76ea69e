/// What a GGUF file says of a model under keys that begin with the architecture's name: what is read, what is written, and
/// all that is not refused.
enum GGUFKey: String, CaseIterable {
  case layerCount = "block_count"
  case contextLength = "context_length"
  case width = "embedding_length"
  case feedForwardWidth = "feed_forward_length"
  case vocabularyCount = "vocab_size"
  case queryHeads = "attention.head_count"
  case keyValueHeads = "attention.head_count_kv"
  case keyWidth = "attention.key_length"
  case valueWidth = "attention.value_length"
  case normEpsilon = "attention.layer_norm_rms_epsilon"
  case slidingWindow = "attention.sliding_window"
  case rotatedWidth = "rope.dimension_count"
  case rotaryBase = "rope.freq_base"
  case scalingType = "rope.scaling.type"
  case scalingFactor = "rope.scaling.factor"
  case attentionFactor = "rope.scaling.attn_factor"
  case originalLength = "rope.scaling.original_context_length"
  case isFinetuned = "rope.scaling.finetuned"

  func name(in architecture: ModelArchitecture) -> String { "\(architecture.ggufName).\(rawValue)" }
}

/// The tensors that belong to the rotary embeddings and not to a layer: factors by which frequencies are divided, pair by
/// pair.
enum GGUFRotaryTensor: String, CaseIterable {
  case factors = "rope_freqs.weight"
  case shortFactors = "rope_factors_short.weight"
  case longFactors = "rope_factors_long.weight"
}
