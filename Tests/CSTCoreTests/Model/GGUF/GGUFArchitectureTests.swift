import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// The same tiny models through GGUF files: names of keys and tensors per architecture, permuted rows, factors of rotary
/// embeddings, windows.
@Suite struct GGUFArchitectureTests {
  @Test(arguments: ModelFixture.names.filter { $0 != "qwen2-window" }) func sameLogitsAsTheFolder(
    name: String
  ) throws {
    let fixture = try ModelFixture(name)
    let transformer = try fixture.transformer()
    let folder = try TemporaryFolder()
    try write(transformer, to: folder["model.gguf"])
    let read = try GGUFModel(contentsOf: folder["model.gguf"]).transformer()
    #expect(read.configuration.biases == transformer.configuration.biases)
    #expect(read.configuration.slidingWindow == transformer.configuration.slidingWindow)
    #expect(read.isHeadTied == transformer.isHeadTied)
    for (weight, other) in zip(transformer.weights, read.weights) {
      #expect(weight.role == other.role && weight.floats == other.floats, "\(weight.role)")
    }
    let tokens = fixture.reference.prompt + fixture.reference.chosen
    let difference = read.logits(tokens).largestDifference(to: transformer.logits(tokens).scalars)
    // Constants pass through float32; llama3's factors are quotients of rounded frequencies.
    #expect(difference < 2e-5)
    #expect(read.greedy(after: fixture.reference.prompt, count: 64) == fixture.reference.greedy)
  }

  @Test(arguments: [
    ("llama.rope.scaling.type", GGUFValue.string("dynamic")), ("llama.expert_count", .uint32(8)),
    ("llama.attention.sliding_window", .int32(-1)), ("llama.rope.dimension_count", .uint32(4)),
    ("llama.attention.clamp_kqv", .float32(8)), ("general.architecture", .string("gemma")),
    ("llama.rope.scaling.type", .string("longrope")),
  ])
  func unknownFeaturesAreRefused(key: String, value: GGUFValue) throws {
    let transformer = try ModelFixture("llama").transformer()
    let folder = try TemporaryFolder()
    try write(transformer, to: folder["model.gguf"]) { $0[key] = value }
    let error = #expect(throws: FormatError.self) { try GGUFModel(contentsOf: folder["model.gguf"]) }
    #expect(error?.place == .key(key))
  }

  /// As llama.cpp's converter writes it: keys and tensors of an architecture under its own name.
  private func write(
    _ transformer: Transformer, to file: URL, changing: (inout GGUFMetadata) -> Void = { _ in }
  ) throws {
    let configuration = transformer.configuration
    let name = configuration.architecture.ggufName
    let isPermuted = name == "llama"
    var metadata: GGUFMetadata = ["general.architecture": .string(name)]
    func set(_ key: String, _ value: GGUFValue) { metadata[name + "." + key] = value }
    func set(_ key: String, _ value: Int) { set(key, .uint32(UInt32(value))) }
    set("block_count", configuration.layerCount)
    set("context_length", configuration.contextLength)
    set("embedding_length", configuration.width)
    set("feed_forward_length", configuration.feedForwardWidth)
    set("attention.head_count", configuration.heads.queryHeads)
    set("attention.head_count_kv", configuration.heads.keyValueHeads)
    set("attention.key_length", configuration.heads.headWidth)
    set("attention.value_length", configuration.heads.headWidth)
    set("attention.layer_norm_rms_epsilon", .float32(configuration.normEpsilon))
    set("rope.freq_base", .float32(Float(configuration.rotary.base)))
    set("rope.dimension_count", configuration.rotary.width)
    if let window = configuration.slidingWindow { set("attention.sliding_window", window) }
    var tensors: [TensorData] = []
    switch configuration.rotary.scaling {
    case .none: break
    case .linear(let factor):
      set("rope.scaling.type", .string("linear"))
      set("rope.scaling.factor", .float32(Float(factor)))
    case .longRope(let short, let long, let length, let magnitude):
      set("rope.scaling.original_context_length", length)
      set("rope.scaling.attn_factor", .float32(Float(magnitude)))
      tensors.append(TensorData(name: "rope_factors_short.weight", shape: [short.count], floats: short))
      tensors.append(TensorData(name: "rope_factors_long.weight", shape: [long.count], floats: long))
    case .llama3, .yarn, .perPair:
      let factors = configuration.rotary.frequencyFactors
      tensors.append(TensorData(name: "rope_freqs.weight", shape: [factors.count], floats: factors))
    }
    for weight in transformer.weights {
      var values = weight.floats
      switch weight.role {
      case .matrix(_, .query), .matrix(_, .key), .bias(_, .query), .bias(_, .key):
        if isPermuted { values = permuted(values, rows: weight.shape[0], configuration.heads.headWidth) }
      default: break
      }
      tensors.append(TensorData(name: weight.role.ggufName, shape: weight.shape, floats: values))
    }
    changing(&metadata)
    try GGUFFile.write(tensors: tensors, metadata: metadata, to: file)
  }

  /// The converter's permutation: a head's rows `[2, half]` become `[half, 2]`.
  private func permuted(_ values: [Float], rows: Int, _ headWidth: Int) -> [Float] {
    let columns = values.count / rows
    return (0..<rows).flatMap { row -> ArraySlice<Float> in
      let (head, inHead) = row.quotientAndRemainder(dividingBy: headWidth)
      let source = head * headWidth + inHead % 2 * headWidth / 2 + inHead / 2
      return values[source * columns..<(source + 1) * columns]
    }
  }
}

extension ModelWeight {
  fileprivate var floats: [Float] {
    switch content {
    case .matrix(let matrix): matrix.dequantized().scalars
    case .vector(let vector): vector.scalars
    }
  }
}
