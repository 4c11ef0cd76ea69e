import CSTCore
import Foundation
import TestSupport
import Testing

@Suite struct ReferenceScoreTests {
  /// Float32 rounding makes PyTorch's own float32 differ from its float64 by up to 2.4e-3 on these sums of a few
  /// hundred terms near -1; 5e-3 leaves a factor of two.
  @Test(.needsModel, .needsReference) func baseLogProbabilitiesEqualThoseOfPyTorch() async throws {
    let (shared, file) = (try #require(ReferenceFiles.shared), try #require(ReferenceFiles.model))
    let model = try await LanguageModel(contentsOf: file, precision: .f32)
    let rows = try ReferenceRow.all(in: shared)
    let scores = try await model.logProbabilities(of: rows.map(\.group))
    #expect(scores.count == rows.count)
    for (row, score) in zip(rows, scores) {
      print(row.row, score[0] - row.chosenLogpF64, score[1] - row.rejectedLogpF64)
      #expect(abs(score[0] - row.chosenLogpF64) < 5e-3)
      #expect(abs(score[1] - row.rejectedLogpF64) < 5e-3)
    }
  }
}
