/// The decoders this library computes, all of them one decoder with different options; the raw values are the
/// `model_type`s of Hugging Face.
@nonexhaustive
public enum ModelArchitecture: String, Sendable, Hashable, Codable, CaseIterable {
  /// Llama 2 and 3, SmolLM2, Yi, SOLAR and others of their shape.
  case llama
  /// Mistral: Llama with a sliding window. GGUF files call it `llama`.
  case mistral
  /// Qwen2 and Qwen2.5: biases on queries, keys and values.
  case qwen2
  /// Qwen3: norms on the queries and keys of every head.
  case qwen3
  /// Phi-3 and Phi-4: queries, keys and values in one matrix, gate and up in another.
  case phi3

  /// What GGUF's `general.architecture` says, and what its keys begin with.
  package var ggufName: String { self == .mistral ? "llama" : rawValue }

  /// What transformers calls the class of the whole model, and `config.json` under `architectures`.
  var causalModelName: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .mistral: "MistralForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    case .qwen3: "Qwen3ForCausalLM"
    case .phi3: "Phi3ForCausalLM"
    }
  }

  /// The matrices of a decoder layer, in the order of ``Projection``'s cases.
  public var projections: [Projection] {
    switch self {
    case .llama, .mistral, .qwen2, .qwen3: [.query, .key, .value, .output, .gate, .up, .down]
    case .phi3: [.queryKeyValue, .output, .gateUp, .down]
    }
  }
}
