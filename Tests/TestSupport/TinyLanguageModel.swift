import Foundation

import CSTCore

/// The tiny model of a file that is gone by the time the test sees the model.
package func tinyLanguageModel(_ precision: Precision = .f32) async throws -> LanguageModel {
  let folder = FileManager.default.temporaryDirectory.appending(path: "tiny-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let file = folder.appending(path: "tiny.gguf")
  try TinyModel.write(to: file)
  return try await LanguageModel(contentsOf: file, precision: precision)
}

extension LanguageModel {
  /// This model with an adapter of random factors.
  package func withRandomAdapter(rank: Int = 4) -> LanguageModel {
    var generator = SeededGenerator(seed: 1)
    let adapter = LoRAAdapter(for: configuration, LoRAConfiguration(rank: rank), using: &generator)
    return adapted(
      by: adapter.mapParameters {
        Tensor((0..<$0.count).map { _ in Float(generator.uniform() - 0.5) * 0.2 }, shape: $0.shape)
      })
  }
}
