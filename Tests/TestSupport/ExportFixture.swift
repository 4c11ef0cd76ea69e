import Foundation
import Testing

import CSTCore

/// The tiny model with a random adapter, and a folder to export to.
package struct ExportFixture {
  package let folder: TemporaryFolder
  /// Computes in float32.
  package let base: LanguageModel
  package let tuned: LanguageModel

  package init() async throws {
    folder = try TemporaryFolder()
    try TinyModel.write(to: folder["tiny.gguf"])
    base = try await LanguageModel(contentsOf: folder["tiny.gguf"], precision: .f32)
    tuned = base.withRandomAdapter()
  }

  package let groups = [
    CompletionGroup(prompt: [5, 6, 7, 8], completions: [[9, 10, 11], [12]]),
    CompletionGroup(prompt: [20, 21], completions: [[22, 23], [24, 25, 26, 27, 28]]),
  ]

  /// W + s·B·A of a weight, in Double.
  package func merged(_ role: WeightRole) throws -> [Double] {
    let weight = try #require(base.weights.first { $0.role == role })
    guard case .matrix(let matrix) = weight.content else { return [] }
    var values = matrix.dequantized().scalars.map(Double.init)
    guard case .matrix(let layer, let projection) = role, let adapter = tuned.adapter,
      let factors = adapter.factors(layer: layer, projection)
    else { return values }
    let (a, b) = (factors.a.scalars, factors.b.scalars)
    let rank = adapter.configuration.rank
    for row in 0..<matrix.rows {
      for column in 0..<matrix.columns {
        let sum = (0..<rank).reduce(0) { $0 + Double(b[row * rank + $1]) * Double(a[$1 * matrix.columns + column]) }
        values[row * matrix.columns + column] += adapter.configuration.scale * sum
      }
    }
    return values
  }
}

/// The values of a model's weight, rows in the order of Hugging Face.
package func weightValues(_ model: LanguageModel, _ role: WeightRole) throws -> [Float] {
  switch try #require(model.weights.first { $0.role == role }).content {
  case .matrix(let matrix): matrix.dequantized().scalars
  case .vector(let vector): vector.scalars
  }
}
