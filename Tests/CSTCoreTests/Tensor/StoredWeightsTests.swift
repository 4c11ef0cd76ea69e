import TestSupport
import Testing

@testable import CSTCore

/// Reading weights from their blocks changes no bit of a product, whatever the format, the order of the rows, the
/// precision and the number of rows.
@Suite("Products with stored weights")
struct StoredWeightsTests {
  static let (rows, columns) = (200, 256)

  private func bothWays(_ x: Tensor, _ matrix: WeightMatrix, _ precision: Precision) -> (Tensor, Tensor) {
    (
      x.linear(matrix, precision: precision, access: .stored), x.linear(matrix, precision: precision, access: .packed)
    )
  }

  @Test("The bits of packed weights", arguments: WeightFormat.allCases, Precision.allCases)
  func bits(format: WeightFormat, precision: Precision) {
    for order in [WeightMatrix.RowOrder.asStored, .interleavedHalves(headWidth: 20)] {
      let matrix = WeightMatrix.random(Self.rows, Self.columns, format, rowOrder: order)
      for m in [0, 1, 2, 3, 9, 80] {
        let (stored, packed) = bothWays(Tensor.random([m, Self.columns], seed: 2), matrix, precision)
        #expect(stored.shape == packed.shape)
        #expect(Mismatch.firstInBits(stored.scalars, packed.scalars) == nil, "\(m) rows, \(order)")
      }
    }
  }

  /// The low-rank factors are read in place, too.
  @Test("The bits of packed weights and factors", arguments: [1, 4, 33])
  func factors(rank: Int) {
    let matrix = WeightMatrix.random(Self.rows, Self.columns, .q4_1)
    let factors = LoRAFactors(
      a: .random([rank, Self.columns], seed: 3), b: .random([Self.rows, rank], seed: 4))
    for m in [1, 5] {
      let x = Tensor.random([m, Self.columns], seed: 2)
      let results = [WeightAccess.stored, .packed].map {
        x.linear(matrix, adding: factors, scale: 2, adapterInput: nil, precision: .f32, access: $0).scalars
      }
      #expect(Mismatch.firstInBits(results[0], results[1]) == nil, "\(m) rows")
    }
  }

  @Test("Nothing is packed for them", arguments: Precision.allCases)
  func panels(precision: Precision) {
    let matrix = WeightMatrix.random(Self.rows, Self.columns, .q8_0)
    let x = Tensor.random([3, Self.columns], seed: 2)
    _ = x.linear(matrix, precision: precision, access: .stored)
    #expect(!matrix.hasPanels)
    _ = x.linear(matrix, precision: precision, access: .packed)
    #expect(matrix.hasPanels)
  }

  @Test("Gradients pass through")
  func gradients() {
    let matrix = WeightMatrix.random(Self.rows, Self.columns, .q4_K)
    let (x, dy) = (Tensor.random([3, Self.columns], seed: 2), Tensor.random([3, Self.rows], seed: 3))
    let results = [WeightAccess.stored, .packed].map { access in
      valueWithPullback(at: x) { $0.linear(matrix, precision: .f32, access: access) }.pullback(dy).scalars
    }
    #expect(Mismatch.firstInBits(results[0], results[1]) == nil)
  }
}
