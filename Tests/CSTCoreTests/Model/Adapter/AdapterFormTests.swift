import CSTData
import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Adapters of every form that peft wrote, against peft's own numbers; see `Tests/Fixtures/adapters`.
@Suite("Adapter forms")
struct AdapterFormTests {
  static let folder = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/adapters")
  static let forms = [
    "patterns", "rslora-patterns", "excluded", "excluded-names", "layers", "dora", "pissa", "olora",
  ]
  static let cases = ["pissa", "rslora", "rank", "regex", "alllinear", "layers", "dora"]

  static func model() async throws -> LanguageModel {
    try await LanguageModel(contentsOf: ModelFixture.location("llama"), precision: .f32)
  }

  static func groups() throws -> [CompletionGroup] {
    let reference = try ModelFixture("llama").reference
    return [CompletionGroup(prompt: reference.prompt, completions: [reference.chosen, reference.rejected])]
  }

  static func scores(_ model: LanguageModel, _ adapter: LoRAAdapter?) async throws -> [Double] {
    try await model.adapted(by: adapter).logProbabilities(of: groups())[0]
  }

  static func expected(_ form: String) throws -> [Double] {
    let file = folder.appending(path: "expected.json")
    return try #require(try JSONDecoder().decode([String: [Double]].self, from: Data(contentsOf: file))[form])
  }

  static func difference(_ found: [Double], _ expected: [Double]) -> Double {
    found.count == expected.count ? zip(found, expected).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }

  /// Sums of 20 and 9 log-probabilities, each of which float32 has to some 1e-6.
  @Test(arguments: forms) func logProbabilities(form: String) async throws {
    let model = try await Self.model()
    let adapter = try LoRAAdapter(contentsOf: Self.folder.appending(path: form), for: model)
    let difference = Self.difference(try await Self.scores(model, adapter), try Self.expected(form))
    #expect(difference < 1e-4, "\(form): \(difference)")
  }

  @Test(arguments: forms.filter { $0 != "pissa" && $0 != "olora" }) func gradients(form: String) async throws {
    let model = try await Self.model()
    let place = Self.folder.appending(path: form)
    let adapter = try LoRAAdapter(contentsOf: place, for: model.configuration)
    let batch = CompletionBatch(try Self.groups(), switchLength: model.transformer.rotary.switchLength)
    let (logProbabilities, pullback) = valueWithPullback(at: adapter) {
      model.transformer.tokenLogProbabilities(of: batch, adaptation: .init(adapter: $0), precision: .f32)
    }
    var cotangent = [Float](repeating: 0, count: logProbabilities.count)
    for (range, weight) in zip(batch.completionRanges[0], [0.7, -1.3] as [Float]) {
      for index in range { cotangent[index] = weight }
    }
    let gradient = pullback(Tensor(cotangent, shape: logProbabilities.shape))
    let reference = try SafetensorsFile(contentsOf: place.appending(path: "reference.safetensors"))
    #expect(gradient.namedParameters.count == reference.tensors.count)
    for (name, tensor) in gradient.namedParameters {
      let expected = try reference.floats(named: name)
      let largest = expected.reduce(0) { max($0, abs($1)) }
      #expect(largest > 1e-4, "\(name)")
      #expect(tensor.largestDifference(to: expected) < 1e-3 * largest, "\(form) \(name)")
    }
  }

  /// The row is a text, so that templates and tokens are in it, too.
  @Test(arguments: cases + ["base", "lora_alpha0.gguf"]) func numbersOfOthers(name: String) async throws {
    let place = Self.folder.appending(path: "cases")
    let json = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: place.appending(path: "expected.json")))
    let model = try await Self.model()
    let row = try [PreferencePair](contentsOf: place.appending(path: "row.jsonl")).asWritten()
    let groups = try row.encoded(with: model.encoder()).map(\.group)
    func scores(_ adapter: LoRAAdapter?) async throws -> [Double] {
      try await model.adapted(by: adapter).logProbabilities(of: groups)[0]
    }
    guard name != "lora_alpha0.gguf" else {
      let adapter = try LoRAAdapter(contentsOf: place.appending(path: name), for: model)
      #expect(adapter.modules.allSatisfy { $0.scale == 1 })
      #expect(Self.difference(try await scores(adapter), try await scores(nil)) > 1e-3)
      return
    }
    let adapter = name == "base" ? nil : try LoRAAdapter(contentsOf: place.appending(path: name), for: model)
    let expected = try #require(json[name]?.array).compactMap(\.double)
    let difference = Self.difference(try await scores(adapter), expected)
    #expect(difference < 1e-4, "\(name): \(difference)")
  }

  /// What is read is written, and read again as the same: the same factors, and a configuration that is equal.
  @Test(arguments: forms) func roundTrip(form: String) async throws {
    let model = try await Self.model()
    let adapter = try LoRAAdapter(contentsOf: Self.folder.appending(path: form), for: model)
    let folder = try TemporaryFolder()
    try adapter.write(to: folder["adapter"], baseModelName: "llama")
    let again = try LoRAAdapter(contentsOf: folder["adapter"], for: model.configuration)
    #expect(again.configuration.forms == adapter.configuration.forms)
    #expect(again.modules == adapter.modules)
    #expect(again.parameters.map(\.scalars) == adapter.parameters.map(\.scalars))
  }

  /// In a file for llama.cpp, merged into weights, and with one rank and scale for all.
  @Test(arguments: forms) func otherForms(form: String) async throws {
    let model = try await Self.model()
    let adapter = try LoRAAdapter(contentsOf: Self.folder.appending(path: form), for: model)
    let (folder, expected) = (try TemporaryFolder(), try await Self.scores(model, adapter))
    let merged = try ModelExport(of: model.adapted(by: adapter), as: .huggingFace(.f32))
    try await merged.write(to: folder["merged"])
    let read = try await merged.readBack(from: folder["merged"])
    #expect(Self.difference(try await Self.scores(read, nil), expected) < 1e-3)
    let gguf = try ModelExport(of: model.adapted(by: adapter), as: .ggufAdapter(.f32))
    guard form != "dora" else {
      let error = await #expect(throws: ExportError.self) { try await gguf.write(to: folder["adapter.gguf"]) }
      #expect(error?.detail.contains("DoRA") == true)
      #expect(throws: ExportError.self) { try adapter.plain() }
      return
    }
    try await gguf.write(to: folder["adapter.gguf"])
    let beside = try LoRAAdapter(contentsOf: folder["adapter.gguf"], for: model)
    #expect(Self.difference(try await Self.scores(model, beside), expected) < 1e-3)
    let plain = try adapter.plain()
    #expect(plain.configuration.forms.isEmpty)
    #expect(plain.modules.count == plain.layerCount * plain.configuration.targets.count)
    #expect(Set(plain.modules.map(\.rank)).count == 1 && Set(plain.modules.map(\.scale)).count == 1)
    #expect(Self.difference(try await Self.scores(model, plain), expected) < 1e-3)
  }

  @Test func compression() async throws {
    let model = try await Self.model()
    let adapter = try LoRAAdapter(contentsOf: Self.folder.appending(path: "rslora-patterns"), for: model)
    let compressed = try adapter.compressed(toRank: 4)
    #expect(zip(compressed.modules, adapter.modules).allSatisfy { abs($0.scale - $1.scale) < 1e-12 })
    #expect(
      Self.difference(try await Self.scores(model, compressed), try await Self.scores(model, adapter)) < 1e-3)
    let norms = zip(compressed.updates, adapter.updates).map { abs($0.norm / $1.norm - 1) }
    #expect(norms.allSatisfy { $0 < 1e-5 })
  }

  // MARK: Words

  /// A folder with a configuration of its own beside the factors of the case `rslora`.
  private func read(_ members: [String: JSONValue], _ model: ModelConfiguration) throws -> LoRAConfiguration {
    let folder = try TemporaryFolder()
    let source = Self.folder.appending(path: "cases/rslora")
    var all = try #require(
      JSONDecoder().decode(
        JSONValue.self, from: Data(contentsOf: source.appending(path: "adapter_config.json"))
      ).object)
    for (key, value) in members { all[key] = value }
    try JSONEncoder().encode(JSONValue.object(all)).write(to: folder["adapter_config.json"])
    try FileManager.default.copyItem(
      at: source.appending(path: "adapter_model.safetensors"), to: folder["adapter_model.safetensors"])
    return try LoRAAdapter(contentsOf: folder.location, for: model).configuration
  }

  @Test func whatChangesNumbersIsRefusedByName() async throws {
    let model = try await Self.model().configuration
    #expect(try read([:], model).usesRSLoRA)
    for start in [JSONValue.bool(true), .bool(false), "gaussian", "eva", "orthogonal", "mica", .null] {
      #expect(try read(["init_lora_weights": start], model).initialization == .kaimingUniform)
    }
    let refused: [(String, JSONValue, String)] = [
      ("init_lora_weights", "pissa", "LanguageModel"), ("init_lora_weights", "olora", "LanguageModel"),
      ("init_lora_weights", "pissa_niter_16", "path_initial_model_for_weight_conversion"),
      ("init_lora_weights", "corda", "path_initial_model_for_weight_conversion"),
      ("init_lora_weights", "loftq", "merge"), ("init_lora_weights", "lora_ga", "merge"),
      ("modules_to_save", ["lm_head"], ""), ("use_qalora", true, ""), ("a_key_of_next_year", 1, ""),
      ("target_modules", ".*", "lm_head"), ("target_modules", "(", "regular expression"),
      ("target_modules", ["q_proj", "lm_head"], "lm_head"), ("target_modules", ["q_proj", "c_attn"], "c_attn"),
      ("rank_pattern", ["q_proj": 0], ""), ("exclude_modules", "[", "regular expression"), ("bias", "all", ""),
    ]
    for (key, value, words) in refused {
      let error = #expect(throws: FormatError.self, "\(key) \(value)") { try read([key: value], model) }
      #expect(error?.place == .key(key), "\(String(describing: error))")
      #expect(words.isEmpty || error?.description.contains(words) == true, "\(String(describing: error))")
    }
    let error = #expect(throws: FormatError.self) {
      try read(["target_modules": ".*q_proj", "layers_to_transform": [0]], model)
    }
    #expect(error?.place == .key("layers_to_transform"))
  }

  /// The first key counts, whatever the order in which they are written.
  @Test func patternsKeepTheirOrder() async throws {
    let model = try await Self.model().configuration
    var configuration = LoRAConfiguration(rank: 4, targets: [.query, .down])
    configuration.rankPattern = ["q_proj": 2, "layers.0.self_attn.q_proj": 8, "down": 3]
    let resolved = try configuration.resolved(for: model)
    func ranks(_ configuration: LoRAConfiguration) -> [Int] {
      LoRAAdapter.modules(of: configuration, layerCount: 2).map(\.rank)
    }
    #expect(ranks(resolved) == [2, 4, 2, 4])
    #expect(try resolved.resolved(for: model) == resolved)
    let written = try PEFTConfiguration(resolved, baseModelName: "").loraConfiguration(
      for: model, file: URL(filePath: "x"))
    #expect(ranks(written) == [2, 4, 2, 4] && written == resolved)
    configuration.rankPattern = ["layers.0.self_attn.q_proj": 8, "q_proj": 2]
    #expect(ranks(try configuration.resolved(for: model)) == [8, 4, 2, 4])
    configuration.rankPattern = [#"layers\.[1-9]\..*"#: 5]
    #expect(ranks(try configuration.resolved(for: model)) == [4, 4, 5, 5])
  }

  /// The same modules in other words are the same configuration.
  @Test func wordsForModules() async throws {
    let model = try await Self.model().configuration
    func resolved(_ modules: TargetModules?, targets: Set<Projection> = Set(Projection.allCases)) throws
      -> LoRAConfiguration
    {
      var configuration = LoRAConfiguration(rank: 4, targets: targets)
      configuration.modules = modules
      return try configuration.resolved(for: model)
    }
    let all = try resolved(nil)
    #expect(all.modules == nil && all.forms.isEmpty)
    #expect(try resolved(TargetModules(.allLinear)) == all)
    #expect(try resolved(TargetModules(.pattern(#".*\.(self_attn|mlp)\..*_proj"#))) == all)
    let keys = try resolved(TargetModules(.list(["k_proj"])))
    #expect(keys == (try resolved(nil, targets: [.key])) && keys.modules == nil)
    let one = try resolved(TargetModules(.list(["self_attn.k_proj"]), layers: [1]))
    #expect(one.modules == TargetModules(.list(["model.layers.1.self_attn.k_proj"])))
    #expect(one == (try resolved(TargetModules(.pattern(#"model\.layers\.1\.self_attn\.k_proj"#)))))
    #expect(one == (try resolved(TargetModules(.list(["k_proj"]), excluding: .pattern(#".*\.0\..*"#)))))
    #expect(one == (try resolved(TargetModules(.list(["k_proj"]), layers: [1], layersPattern: ["layers"]))))
    #expect(throws: LoRAConfigurationError.self) { try resolved(TargetModules(.list(["k_proj"]), layers: [7])) }
    #expect(throws: LoRAConfigurationError.self) {
      try resolved(TargetModules(.list(["k_proj"]), layers: [1], layersPattern: ["h"]))
    }
  }
}
