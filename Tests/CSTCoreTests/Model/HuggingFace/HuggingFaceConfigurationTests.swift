import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// `config.json`: what is read from it, and what is refused by name.
@Suite struct HuggingFaceConfigurationTests {
  private static let plain: [String: JSONValue] = [
    "model_type": .string("llama"), "hidden_size": .integer(64), "intermediate_size": .integer(96),
    "num_hidden_layers": .integer(3), "num_attention_heads": .integer(4), "num_key_value_heads": .integer(2),
    "max_position_embeddings": .integer(512), "rms_norm_eps": .double(1e-5), "vocab_size": .integer(100),
  ]

  private func configuration(_ changes: [String: JSONValue?]) throws -> ModelConfiguration {
    var members = Self.plain
    for (key, value) in changes { members[key] = value }
    let folder = try TemporaryFolder()
    try JSONEncoder().encode(JSONValue.object(JSONMembers(members))).write(to: folder["config.json"])
    return try HuggingFaceConfiguration(contentsOf: folder["config.json"]).configuration(name: "x")
  }

  private func scaling(_ changes: [String: JSONValue?]) throws -> RotaryScaling {
    try configuration(changes).rotary.scaling
  }

  @Test func plainModel() throws {
    let configuration = try configuration([:])
    #expect(configuration.heads == AttentionHeads(queryHeads: 4, keyValueHeads: 2, headWidth: 16))
    #expect(configuration.rotary == RotaryConfiguration(base: 10_000, width: 16))
    #expect(configuration.slidingWindow == nil && configuration.biases.isEmpty)
    #expect(configuration.normEpsilon == 1e-5 && configuration.contextLength == 512)
  }

  @Test func headWidthAndBiases() throws {
    #expect(try configuration(["head_dim": .integer(24)]).heads.headWidth == 24)
    #expect(try configuration(["num_key_value_heads": nil]).heads.keyValueHeads == 4)
    #expect(try configuration(["attention_bias": .bool(true)]).biases == [.query, .key, .value, .output])
    #expect(try configuration(["mlp_bias": .bool(true)]).biases == [.gate, .up, .down])
    #expect(try configuration(["model_type": .string("qwen2")]).biases == [.query, .key, .value])
    #expect(try configuration(["model_type": .string("qwen3")]).heads.headWidth == 128)
  }

  /// As transformers has it: Mistral's class default is 4096, Qwen's windows need to be switched on.
  @Test func slidingWindows() throws {
    func window(_ type: String, _ changes: [String: JSONValue?]) throws -> [Int?] {
      let configuration = try configuration(["model_type": .string(type)].merging(changes) { $1 })
      return (0..<3).map(configuration.window)
    }
    #expect(try window("mistral", ["sliding_window": .integer(8)]) == [8, 8, 8])
    #expect(try window("mistral", ["sliding_window": .some(.null)]) == [nil, nil, nil])
    #expect(try window("mistral", [:]) == [4096, 4096, 4096])
    #expect(try window("phi3", [:]) == [nil, nil, nil])
    #expect(try window("phi3", ["sliding_window": .integer(9)]) == [9, 9, 9])
    #expect(
      try window("qwen2", ["sliding_window": .integer(8), "use_sliding_window": .bool(false)]) == [nil, nil, nil])
    let switched: [String: JSONValue?] = [
      "sliding_window": .integer(8), "use_sliding_window": .bool(true), "max_window_layers": .integer(2),
    ]
    #expect(try window("qwen2", switched) == [nil, nil, 8])
    let types = JSONValue.array([.string("full_attention"), .string("sliding_attention"), .string("full_attention")])
    #expect(try window("qwen3", switched.merging(["layer_types": types]) { $1 }) == [nil, 8, nil])
  }

  @Test func rotaryEmbeddingsInBothLayouts() throws {
    let old = try configuration(["rope_theta": .integer(500_000)])
    let new = try configuration(["rope_parameters": .object(["rope_theta": .integer(500_000)])])
    #expect(old.rotary == new.rotary && old.rotary.base == 500_000)
    let llama3: JSONMembers = [
      "rope_type": .string("llama3"), "factor": .integer(8), "low_freq_factor": .integer(1),
      "high_freq_factor": .integer(4), "original_max_position_embeddings": .integer(64),
    ]
    let expected = RotaryScaling.llama3(
      factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 64)
    #expect(try scaling(["rope_scaling": .object(llama3)]) == expected)
    #expect(try scaling(["rope_parameters": .object(llama3)]) == expected)
    #expect(
      try scaling(["rope_scaling": .object(["type": .string("linear"), "factor": .double(2.5)])])
        == .linear(factor: 2.5))
    #expect(try scaling(["rope_scaling": .some(.null)]) == .none)
    let yarn = JSONValue.object(["type": .string("yarn"), "factor": .integer(4)])
    #expect(
      try scaling(["rope_scaling": yarn])
        == .yarn(factor: 4, originalLength: 512, fastTurns: 32, slowTurns: 1, magnitude: 0.1 * log(4) + 1))
  }

  @Test func phi3() throws {
    let factors = JSONValue.array((1...6).map { .integer($0) })
    let changes: [String: JSONValue?] = [
      "model_type": .string("phi3"), "partial_rotary_factor": .double(0.75),
      "original_max_position_embeddings": .integer(128),
      "rope_scaling": .object(["type": .string("su"), "short_factor": factors, "long_factor": factors]),
    ]
    let rotary = try configuration(changes).rotary
    #expect(rotary.width == 12)
    #expect(
      rotary.scaling
        == .longRope(
          shortFactors: [1, 2, 3, 4, 5, 6], longFactors: [1, 2, 3, 4, 5, 6], originalLength: 128,
          magnitude: (1 + log(4) / log(128)).squareRoot()))
    let few = JSONValue.object([
      "type": .string("longrope"), "short_factor": .array([.integer(1)]), "long_factor": factors,
    ])
    let error = #expect(throws: FormatError.self) {
      try configuration(changes.merging(["rope_scaling": few]) { $1 })
    }
    #expect(error?.place == .key("rope_scaling.short_factor"))
  }

  static let refused: [(key: String, value: JSONValue, place: String)] = [
    ("model_type", .string("gemma2"), "model_type"), ("hidden_act", .string("gelu"), "hidden_act"),
    ("quantization_config", .object(["bits": .integer(4)]), "quantization_config"),
    ("num_local_experts", .integer(8), "num_local_experts"), ("sliding_window", .integer(8), "sliding_window"),
    ("attn_logit_softcapping", .double(50), "attn_logit_softcapping"),
    ("partial_rotary_factor", .double(0.5), "partial_rotary_factor"),
    ("architectures", .array([.string("LlamaForSequenceClassification")]), "architectures"),
    ("rope_scaling", .object(["rope_type": .string("dynamic"), "factor": .integer(2)]), "rope_scaling.rope_type"),
    ("rope_scaling", .object(["type": .string("linear"), "factor": .integer(0)]), "rope_scaling.factor"),
    ("rope_scaling", .object(["type": .string("linear")]), "rope_scaling.factor"),
    (
      "rope_parameters", .object(["rope_type": .string("default"), "mscale": .integer(2)]), "rope_parameters.mscale"
    ),
    ("rope_interleaved", .bool(true), "rope_interleaved"), ("hidden_size", .string("64"), "hidden_size"),
    ("hidden_size", .integer(1 << 21), "hidden_size"), ("hidden_size", .integer(-64), "hidden_size"),
    ("hidden_size", .double(1e300), "hidden_size"), ("num_hidden_layers", .integer(.max), "num_hidden_layers"),
    ("num_key_value_heads", .integer(3), "num_attention_heads"),
    ("num_key_value_heads", .integer(8), "num_key_value_heads"),
    ("head_dim", .integer(15), "num_attention_heads"), ("rms_norm_eps", .integer(2), "rms_norm_eps"),
    ("rope_theta", .integer(0), "rope_theta"), ("max_position_embeddings", .integer(0), "max_position_embeddings"),
    ("vocab_size", .integer(1 << 30), "vocab_size"), ("attention_bias", .string("yes"), "attention_bias"),
    ("layer_types", .array([.string("linear_attention")]), "layer_types"),
  ]

  @Test(arguments: refused) func unknownFeaturesAreRefused(_ feature: (key: String, value: JSONValue, place: String)) {
    let error = #expect(throws: FormatError.self) { try configuration([feature.key: feature.value]) }
    #expect(error?.place == .key(feature.place))
    #expect(error?.expected.isEmpty == false)
  }

  @Test(arguments: [
    "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings",
    "vocab_size", "model_type", "rms_norm_eps",
  ])
  func missingKeys(key: String) {
    let error = #expect(throws: FormatError.self) { try configuration([key: nil as JSONValue?]) }
    #expect(error?.reason == .missing && error?.place == .key(key))
  }

  /// Every byte of a real configuration changed, and every truncation: a typed error or a model, nothing else.
  @Test(arguments: ["phi4-mini", "qwen2-window"]) func damagedFiles(name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = Array(try Data(contentsOf: ModelFixture.location(name).appending(path: "config.json")))
    var (refusals, readings) = (0, 0)
    func read(_ damaged: some Collection<UInt8>) throws {
      try Data(damaged).write(to: folder["config.json"])
      do {
        _ = try HuggingFaceConfiguration(contentsOf: folder["config.json"]).configuration(name: "x")
        readings += 1
      } catch is FormatError { refusals += 1 }
    }
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      try read(damaged)
    }
    for length in stride(from: 0, to: bytes.count, by: 7) { try read(bytes.prefix(length)) }
    #expect(refusals > readings)
    #expect(refusals + readings == bytes.count + (bytes.count + 6) / 7)
  }

  /// A table of rotations for all positions would take 8 GB.
  @Test func longContextsCostNothing() throws {
    let folder = try MutableModelFolder("llama")
    try folder.changeConfiguration(["max_position_embeddings": .integer(1 << 26)])
    let fixture = try ModelFixture("llama")
    let transformer = try folder.transformer()
    #expect(transformer.configuration.contextLength == 1 << 26)
    #expect(transformer.greedy(after: fixture.reference.prompt, count: 8) == Array(fixture.reference.greedy.prefix(8)))
  }
}
