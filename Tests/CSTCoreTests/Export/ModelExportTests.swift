import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// What is exported is read back as the same model.
@Suite struct ModelExportTests {
  private func close(_ found: [[Double]], _ expected: [[Double]], within tolerance: Double) {
    #expect(found.map(\.count) == expected.map(\.count))
    for (found, expected) in zip(found.joined(), expected.joined()) {
      #expect(abs(found - expected) <= tolerance, "\(found) instead of \(expected)")
    }
  }

  @Test func aMergedFileHoldsTheSumOfBaseAndUpdate() async throws {
    let fixture = try await ExportFixture()
    let file = fixture.folder["merged.gguf"]
    try await ModelExport(of: fixture.tuned, as: .gguf(.f32)).write(to: file)
    let exported = try await LanguageModel(contentsOf: file, precision: .f32)
    for weight in fixture.base.weights {
      let found = try weightValues(exported, weight.role)
      guard case .matrix = weight.content else {
        #expect(found == (try weightValues(fixture.base, weight.role)))
        continue
      }
      let expected = try fixture.merged(weight.role)
      try #require(found.count == expected.count)
      // A sum of rank + 1 products, each rounded: (4 + 2)·ε of terms below 1.
      for (found, expected) in zip(found, expected) { #expect(abs(Double(found) - expected) <= 6 * 0x1p-23) }
    }
    close(
      try await exported.logProbabilities(of: fixture.groups),
      try await fixture.tuned.logProbabilities(of: fixture.groups), within: 1e-4)
    #expect(exported.stopTokenIDs == fixture.base.stopTokenIDs)
  }

  @Test(arguments: WeightEncoder.formats) func bytesDoNotDependOnThreads(format: WeightFormat) async throws {
    let fixture = try await ExportFixture()
    let threads = ComputePool.shared.threadCount
    defer { ComputePool.shared.threadCount = threads }
    var files: [Data] = []
    for count in [1, 3] {
      ComputePool.shared.threadCount = count
      let file = fixture.folder["\(count).gguf"]
      try await ModelExport(of: fixture.tuned, as: .gguf(format)).write(to: file)
      files.append(try Data(contentsOf: file))
    }
    #expect(files[0] == files[1])
  }

  @Test func aBaseModelIsCopiedBitByBit() async throws {
    let fixture = try await ExportFixture()
    try await ModelExport(of: fixture.tuned, as: .gguf(.q4_1)).write(to: fixture.folder["quantized.gguf"])
    let quantized = try await LanguageModel(contentsOf: fixture.folder["quantized.gguf"])
    try await ModelExport(of: quantized, as: .gguf(.q4_1)).write(to: fixture.folder["again.gguf"])
    let (first, second) = (
      try GGUFFile(contentsOf: fixture.folder["quantized.gguf"]), try GGUFFile(contentsOf: fixture.folder["again.gguf"])
    )
    #expect(first.tensors.map(\.name) == second.tensors.map(\.name))
    for (old, new) in zip(first.tensors, second.tensors) {
      #expect(first.bytes(of: old).elementsEqual(second.bytes(of: new)), "\(old.name)")
    }
  }

  @Test(arguments: [WeightFormat.q8_0, .q4_0, .q4_1]) func typesAreThoseOfLlamaCpp(format: WeightFormat) async throws {
    let fixture = try await ExportFixture()
    let location = fixture.folder["small.gguf"]
    try await ModelExport(of: fixture.tuned, as: .gguf(format)).write(to: location)
    let file = try GGUFFile(contentsOf: location)
    for tensor in file.tensors {
      let expected: WeightFormat =
        tensor.dimensions.count == 1 ? .f32 : tensor.name == "token_embd.weight" ? .q8_0 : format
      #expect(tensor.format == expected, "\(tensor.name)")
    }
    #expect(try file.metadata.integer("general.file_type") == [.q8_0: 7, .q4_0: 2, .q4_1: 3][format])
    #expect(try file.metadata.integer("general.quantization_version") == 2)
    #expect(try file.metadata.string("general.base_model.0.name") == "tiny")
  }

  @Test func theTokenizerIsKept() async throws {
    let fixture = try await ExportFixture()
    try await ModelExport(of: fixture.tuned, as: .gguf(.f16)).write(to: fixture.folder["merged.gguf"])
    let old = try TokenizerDefinition(GGUFFile(contentsOf: fixture.folder["tiny.gguf"]).metadata)
    let new = try TokenizerDefinition(GGUFFile(contentsOf: fixture.folder["merged.gguf"]).metadata)
    #expect(old == new)
  }

  @Test(arguments: [WeightFormat.f32, .f16, .bf16]) func aMergedFolderIsTheSameModel(format: WeightFormat) async throws
  {
    let fixture = try await ExportFixture()
    let folder = fixture.folder["merged"]
    let export = try ModelExport(of: fixture.tuned, as: .huggingFace(format, shardLimit: 60_000))
    try await export.write(to: folder)
    let exported = try await export.readBack(from: folder)
    // F32 leaves the order of summation; the others round weights to 2⁻¹¹ and 2⁻⁸ of themselves.
    let tolerance = [.f32: 1e-4, .f16: 0.02][format] ?? 0.2
    close(
      try await exported.logProbabilities(of: fixture.groups),
      try await fixture.tuned.logProbabilities(of: fixture.groups), within: tolerance)
    #expect(exported.stopTokenIDs == fixture.base.stopTokenIDs)
    #expect(exported.configuration.normEpsilon == fixture.base.configuration.normEpsilon)
    let text = "the <|im_end|> thing on the 12th\n"
    #expect(exported.tokenizer.encode([.content(text)]) == fixture.base.tokenizer.encode([.content(text)]))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).contains("model.safetensors.index.json"))
  }

  @Test func anAdapterForLlamaCppIsReadBackBitByBit() async throws {
    let fixture = try await ExportFixture()
    let file = fixture.folder["adapter.gguf"]
    try await ModelExport(of: fixture.tuned, as: .ggufAdapter(.f32)).write(to: file)
    let adapter = try LoRAAdapter(contentsOf: file, for: fixture.base.configuration)
    let expected = try #require(fixture.tuned.adapter)
    #expect(adapter.configuration.alpha == expected.configuration.alpha)
    #expect(adapter.configuration.targets == expected.configuration.targets)
    #expect(adapter.parameters.map(\.scalars) == expected.parameters.map(\.scalars))
    // Row 1 of the file is row 8 of the first head of width 16.
    let rows = try GGUFFile(contentsOf: file).floats(named: "blk.0.attn_q.weight.lora_b")
    let b = try #require(expected.factors(layer: 0, .query)).b
    #expect(Array(rows[4..<8]) == (0..<4).map { b[8, $0] })
  }

  @Test func anAdapterOfAnotherModelIsRefused() async throws {
    let fixture = try await ExportFixture()
    try await ModelExport(of: fixture.tuned, as: .ggufAdapter(.f32)).write(to: fixture.folder["adapter.gguf"])
    try TinyModel.write(to: fixture.folder["wide.gguf"], width: 128)
    let other = try await LanguageModel(contentsOf: fixture.folder["wide.gguf"])
    FormatFixtures.expectError(.badValue, naming: "blk.0.attn_q.weight.lora_a", "[4, 128]", "[4, 64]") {
      _ = try LoRAAdapter(contentsOf: fixture.folder["adapter.gguf"], for: other.configuration)
    }
    FormatFixtures.expectError(.missing, naming: "general.type") {
      _ = try LoRAAdapter(contentsOf: fixture.folder["tiny.gguf"], for: other.configuration)
    }
  }

  @Test func weightsBeyondTheRangeAreRefusedByName() async throws {
    let fixture = try await ExportFixture()
    let adapter = try #require(fixture.tuned.adapter)
    let huge = fixture.base.adapted(by: adapter.mapParameters { $0 * 1e4 })
    await #expect {
      try await ModelExport(of: huge, as: .gguf(.f16)).write(to: fixture.folder["huge.gguf"])
    } throws: { error in
      (error as? FormatError)?.reason == .badValue && "\(error)".contains("blk.0.attn_q.weight")
    }
    #expect(try fixture.folder.names() == ["tiny.gguf"])
    try await ModelExport(of: huge, as: .gguf(.bf16)).write(to: fixture.folder["huge.gguf"])
  }

  @Test func impossibleExportsAreRefused() async throws {
    let fixture = try await ExportFixture()
    #expect(throws: ExportError(.noAdapter)) { try ModelExport(of: fixture.base, as: .peft) }
    #expect(throws: ExportError.self) { try ModelExport(of: fixture.tuned, as: .huggingFace(.q4_0)) }
    #expect(throws: ExportError.self) { try ModelExport(of: fixture.tuned, as: .gguf(.q6_K)) }
  }
}
