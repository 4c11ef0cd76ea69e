import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Whole folders as users name them: weights, tokenizer, template and stop tokens together.
@Suite struct ModelFolderTests {
  @Test(arguments: ModelFixture.names) func foldersAreModels(name: String) async throws {
    let fixture = try ModelFixture(name)
    let model = try await LanguageModel(contentsOf: fixture.folder, precision: .f32)
    let reference = fixture.reference
    #expect(model.source == .folder(fixture.folder.resolvingSymlinksInPath()))
    #expect(model.configuration.name == name)
    #expect(model.stopTokenIDs == [0, 2])
    #expect(model.tokenizer.vocabularyCount == model.configuration.vocabularyCount)
    let scores = try await model.adapted(
      by: LoRAAdapter(contentsOf: fixture.folder.appending(path: "adapter"), for: model.configuration)
    ).logProbabilities(
      of: [CompletionGroup(prompt: reference.prompt, completions: [reference.chosen, reference.rejected])])
    for (score, expected) in zip(scores[0], reference.logProbabilities) { #expect(abs(score - expected) < 1e-3) }
    let prompt = try model.encoder().prompt([.system("the other"), .user("and then?")])
    #expect(prompt.filter(model.tokenizer.isControl) == [1, 2, 1, 2, 1])
  }

  @Test func identitiesTellFoldersApart() async throws {
    let names = ["llama", "qwen2", "qwen3"]
    var identities: Set<String> = []
    for name in names { identities.insert(try await LanguageModel(contentsOf: ModelFixture.location(name)).identity) }
    #expect(identities.count == names.count)
    #expect(identities.contains { $0.hasPrefix("qwen2, model-00001-of-00003.safetensors 60672 bytes, ") })
  }

  @Test func stopTokens() async throws {
    let folder = try MutableModelFolder("llama")
    try folder.change("generation_config.json", ["eos_token_id": .integer(5)])
    // The tokenizer's EOS and the template's end of turn are 2.
    #expect(try await LanguageModel(contentsOf: folder.location).stopTokenIDs == [2, 5])
    try folder.change("generation_config.json", ["eos_token_id": .array([.integer(272)])])
    let error = await #expect(throws: FormatError.self) { try await LanguageModel(contentsOf: folder.location) }
    #expect(error?.place == .key("eos_token_id"))
    try folder.remove("generation_config.json")
    try folder.changeConfiguration(["eos_token_id": .array([.integer(7), .integer(8)])])
    #expect(try await LanguageModel(contentsOf: folder.location).stopTokenIDs == [2, 7, 8])
  }

  @Test func embeddingSmallerThanTheTokenizer() async throws {
    let folder = try MutableModelFolder("llama")
    try folder.changeConfiguration(["vocab_size": .integer(270)])
    try folder.rewrite("model.safetensors") { tensors in
      let name = "model.embed_tokens.weight"
      tensors.removeAll { $0.name == name }
      tensors.append(TensorData(name: name, shape: [270, 32], floats: [Float](repeating: 0, count: 270 * 32)))
    }
    let error = await #expect(throws: FormatError.self) { try await LanguageModel(contentsOf: folder.location) }
    #expect(error?.advice.contains("disagree") == true)
  }

  /// The tokenizer's files are held to the folder too.
  @Test(arguments: ["tokenizer.json", "chat_template.jinja"]) func linkedTokenizerFiles(name: String) async throws {
    let (folder, outside) = (try MutableModelFolder("llama"), try TemporaryFolder())
    try FileManager.default.moveItem(at: folder[name], to: outside[name])
    try folder.link(name, to: outside[name].path)
    let error = await #expect(throws: FormatError.self) { try await LanguageModel(contentsOf: folder.location) }
    #expect(error?.found.contains(name) == true)
  }

  @Test func inventoryCountsBiasesAndNorms() async throws {
    let model = try await LanguageModel(contentsOf: ModelFixture.location("llama-bias"))
    let inventory = WeightInventory(of: model)
    let (width, feedForward) = (32, 48)
    let attention = 2 * width * width + 2 * width * 16 + 2 * width + 2 * 16
    let layer = attention + 3 * width * feedForward + 2 * feedForward + width + 2 * width
    #expect(inventory.parameterCount == 272 * width + 2 * layer + width)
    #expect(inventory.entries.map(\.format) == [.f16])
    #expect(inventory.entries.first?.matrixCount == 15)
  }

  /// The targets of an adapter are those of its architecture, whatever spelling of them PEFT's file has.
  @Test func adapterTargets() async throws {
    let fixture = try MutableModelFolder("phi3")
    let model = try await LanguageModel(contentsOf: fixture.location)
    let file = fixture["adapter"].appending(path: "adapter_config.json")
    func targets(_ value: JSONValue, _ others: [String: JSONValue] = [:]) throws -> [Projection] {
      var members: [String: JSONValue] = [
        "peft_type": .string("LORA"), "r": .integer(2), "lora_alpha": .integer(4), "target_modules": value,
      ]
      members.merge(others) { $1 }
      try JSONEncoder().encode(JSONValue.object(JSONMembers(members))).write(to: file)
      return try LoRAAdapter(contentsOf: fixture["adapter"], for: model.configuration).configuration.targets
    }
    let all: [Projection] = [.queryKeyValue, .output, .gateUp, .down]
    #expect(try targets(.string("all-linear")) == all)
    #expect(try targets(.array(all.map { .string($0.rawValue) })) == all)
    #expect(try targets(.array(all.map { .string($0.modulePath) })) == all)
    #expect(try targets(.string(".*_proj")) == all)
    for wrong in [JSONValue.string("q_proj"), .array([.string("q_proj")]), .array([])] {
      let error = #expect(throws: FormatError.self) { try targets(wrong) }
      #expect(error?.place == .key("target_modules"))
    }
    #expect(throws: FormatError.self) {  // the factors of down_proj are in the file
      try targets(.string("all-linear"), ["exclude_modules": .array([.string("down_proj")])])
    }
    for (key, value) in [("rank_pattern", JSONValue.object(["o_proj": .integer(0)])), ("r", .string("two"))] {
      let error = #expect(throws: FormatError.self) { try targets(.string("all-linear"), [key: value]) }
      #expect(error?.place == .key(key) && error?.reason == (key == "r" ? .wrongType : .badValue))
    }
  }

  @Test func freshAdaptersFitTheirArchitecture() async throws {
    for name in ["llama", "phi3"] {
      let model = try await LanguageModel(contentsOf: ModelFixture.location(name))
      var generator = SeededGenerator(seed: 3)
      let adapter = LoRAAdapter(for: model.configuration, LoRAConfiguration(rank: 2), using: &generator)
      #expect(adapter.configuration.targets == model.configuration.projections)
      #expect(adapter.fits(model.configuration))
      let memory = TrainingMemory(model: model, adapter: LoRAConfiguration(rank: 2), tokensPerBatch: 10)
      #expect(memory.adapterAndOptimizer == 4 * 7 * adapter.parameters.reduce(0) { $0 + $1.count })
    }
  }
}
