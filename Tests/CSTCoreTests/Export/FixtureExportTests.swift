import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Every architecture from a Hugging Face folder to GGUF and back: the same logits.
@Suite struct FixtureExportTests {
  /// GGUF has no key for a window in some of the layers.
  private static let expressible = ModelFixture.names.filter { $0 != "qwen2-window" }

  private func tuned(_ fixture: ModelFixture) async throws -> LanguageModel {
    let model = try await LanguageModel(contentsOf: fixture.folder, precision: .f32)
    return model.adapted(
      by: try LoRAAdapter(contentsOf: fixture.folder.appending(path: "adapter"), for: model.configuration))
  }

  /// The largest difference of the two models' logits on the reference's tokens, which are longer than windows and
  /// LongRoPE's switch.
  private func difference(_ exported: LanguageModel, _ model: LanguageModel, _ fixture: ModelFixture) -> Float {
    let tokens = fixture.reference.prompt + fixture.reference.chosen
    let expected = model.transformer.logits(tokens, adaptation: model.adaptation)
    return exported.transformer.logits(tokens).largestDifference(to: expected.scalars)
  }

  @Test(arguments: expressible) func folderToFileAndBack(name: String) async throws {
    let (fixture, folder) = (try ModelFixture(name), try TemporaryFolder())
    let model = try await tuned(fixture)
    try await ModelExport(of: model, as: .gguf(.f32)).write(to: folder["merged.gguf"])
    let merged = try await LanguageModel(contentsOf: folder["merged.gguf"], precision: .f32)
    // Logits below 10 through a few layers of width 32 or so: some hundred roundings of 2⁻²⁴ of them.
    #expect(difference(merged, model, fixture) < 1e-4)
    #expect(merged.stopTokenIDs == model.stopTokenIDs)
    let conversation = [Message.system("Be kind."), .user("Why? <|im_end|>\n\n 12")]
    #expect(try merged.encoder().prompt(conversation) == model.encoder().prompt(conversation))

    // The fixture's scaling is not that of a published model, so its factors say no more than themselves.
    guard name != "llama3" else {
      await #expect {
        try await ModelExport(of: merged, as: .huggingFace(.f32)).write(to: folder["merged"])
      } throws: { "\($0)".contains("rope_freqs.weight") }
      return
    }
    try await ModelExport(of: merged, as: .huggingFace(.f32)).write(to: folder["merged"])
    let back = try await LanguageModel(contentsOf: folder["merged"], precision: .f32)
    #expect(difference(back, merged, fixture) == 0)
    #expect(back.stopTokenIDs == model.stopTokenIDs)
    #expect(try back.encoder().prompt(conversation) == model.encoder().prompt(conversation))
  }

  @Test(arguments: ModelFixture.names) func folderToFolder(name: String) async throws {
    let (fixture, folder) = (try ModelFixture(name), try TemporaryFolder())
    let model = try await tuned(fixture)
    try await ModelExport(of: model, as: .huggingFace(.f32, shardLimit: 20_000)).write(to: folder["merged"])
    let merged = try await LanguageModel(contentsOf: folder["merged"], precision: .f32)
    #expect(difference(merged, model, fixture) < 1e-4)
    #expect(merged.stopTokenIDs == model.stopTokenIDs)
    for file in ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"] {
      let copy = try Data(contentsOf: folder["merged"].appending(path: file))
      #expect(copy == (try Data(contentsOf: fixture.folder.appending(path: file))), "\(file)")
    }
  }

  @Test(arguments: ModelFixture.names) func adaptersForLlamaCpp(name: String) async throws {
    let (fixture, folder) = (try ModelFixture(name), try TemporaryFolder())
    let model = try await tuned(fixture)
    try await ModelExport(of: model, as: .ggufAdapter(.f32)).write(to: folder["adapter.gguf"])
    let adapter = try LoRAAdapter(contentsOf: folder["adapter.gguf"], for: model.configuration)
    #expect(adapter.parameters.map(\.scalars) == model.adapter?.parameters.map(\.scalars))
  }

  @Test func whatGGUFHasNoKeyForIsRefused() async throws {
    let (fixture, folder) = (try ModelFixture("qwen2-window"), try TemporaryFolder())
    let model = try await tuned(fixture)
    await #expect {
      try await ModelExport(of: model, as: .gguf(.f32)).write(to: folder["merged.gguf"])
    } throws: { "\($0)".contains("a sliding window in some of the layers") }
    #expect(try folder.names().isEmpty)
  }
}
