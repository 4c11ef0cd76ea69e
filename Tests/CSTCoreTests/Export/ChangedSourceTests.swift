import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// An export is of the model that was loaded, whatever becomes of its files between loading and exporting.
@Suite struct ChangedSourceTests {
  private static let formats: [ExportFormat] = [.huggingFace(.f32), .gguf(.f32)]

  /// Every file that the export of a model comes to.
  private func exported(_ model: LanguageModel, _ format: ExportFormat) async throws -> [String: Data] {
    let folder = try TemporaryFolder()
    try await ModelExport(of: model, as: format).write(to: folder["out"])
    guard format.isFolder else { return ["": try Data(contentsOf: folder["out"])] }
    return try FileManager.default.contentsOfDirectory(atPath: folder["out"].path).reduce(into: [:]) {
      $0[$1] = try Data(contentsOf: folder["out"].appending(path: $1))
    }
  }

  @Test(arguments: formats) func aReplacedFolderChangesNothing(format: ExportFormat) async throws {
    let (folder, other) = (try MutableModelFolder("qwen2"), try MutableModelFolder("llama3"))
    let model = try await LanguageModel(contentsOf: folder.location, precision: .f32)
    let before = try await exported(model, format)
    for name in ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"] {
      try other.change(name, ["later": .bool(true), "eos_token_id": .integer(9)])
      try #require(rename(other[name].path, folder[name].path) == 0)
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.location.path)
    where name.hasSuffix(".safetensors") { try folder.remove(name) }
    #expect(try await exported(model, format) == before)
  }

  @Test(arguments: formats) func aReplacedFileChangesNothing(format: ExportFormat) async throws {
    let folder = try TemporaryFolder()
    try TinyModel.write(to: folder["tiny.gguf"])
    let model = try await LanguageModel(contentsOf: folder["tiny.gguf"], precision: .f32)
    let before = try await exported(model, format)
    // The writer renames the new file over the old one.
    try TinyModel.write(to: folder["tiny.gguf"], width: 128, seed: 2)
    #expect(try await exported(model, format) == before)
  }

  /// Writing into a file that is mapped changes what is mapped: such a source is refused by name.
  @Test(arguments: [
    ("tokenizer.json", formats[0]), ("model.safetensors", formats[0]), ("model.safetensors", formats[1]),
  ])
  func aFileWrittenToIsRefused(name: String, format: ExportFormat) async throws {
    let folder = try MutableModelFolder("llama3")
    let model = try await LanguageModel(contentsOf: folder.location, precision: .f32)
    let handle = try FileHandle(forUpdating: folder[name])
    try handle.seek(toOffset: 0)
    try handle.write(contentsOf: Data(try Data(contentsOf: folder[name]).prefix(8)))
    try handle.close()
    let output = try TemporaryFolder()
    let error = await #expect(throws: FormatError.self) {
      try await ModelExport(of: model, as: format).write(to: output["out"])
    }
    #expect(error?.reason == .unreadable && error?.file.hasSuffix(name) == true)
    #expect(error?.found == "a file written to since")
    #expect(try output.names().isEmpty)
  }
}
