/// The matrices of a decoder layer; the raw values are the names Hugging Face and PEFT use. Which of them a model has is
/// ``ModelConfiguration/projections``.
@nonexhaustive
public enum Projection: String, Sendable, Hashable, Codable, CaseIterable {
  case query = "q_proj"
  case key = "k_proj"
  case value = "v_proj"
  /// Queries, keys and values in one matrix, in this order.
  case queryKeyValue = "qkv_proj"
  case output = "o_proj"
  case gate = "gate_proj"
  case up = "up_proj"
  /// Gate and up in one matrix, in this order.
  case gateUp = "gate_up_proj"
  case down = "down_proj"

  /// The path of the module inside a layer: `self_attn.q_proj`.
  var modulePath: String {
    switch self {
    case .query, .key, .value, .output, .queryKeyValue: "self_attn.\(rawValue)"
    case .gate, .up, .down, .gateUp: "mlp.\(rawValue)"
    }
  }

  var ggufName: String {
    switch self {
    case .query: "attn_q"
    case .key: "attn_k"
    case .value: "attn_v"
    case .output: "attn_output"
    case .gate: "ffn_gate"
    case .up, .gateUp: "ffn_up"
    case .down: "ffn_down"
    case .queryKeyValue: "attn_qkv"
    }
  }
}
