import TestSupport
import Testing

@testable import CSTCore

@Suite("Rows by index")
struct IndexingTests {
  static let cases: [(Shape, [Int])] = [
    ([4, 3], [2, 0]), ([4, 3], [1, 1, 1, 3]), ([4, 3], []), ([1, 17], [0]), ([2, 0], [1, 1]),
  ]

  @Test("Values", arguments: cases)
  func values(shape: Shape, indices: [Int]) {
    let x = Tensor.random(shape)
    let matrix = MatrixOracle(shape[0], shape[1], x.doubles)
    let expected = indices.flatMap(matrix.row)
    #expect(x.rows(at: indices).mismatch([indices.count, shape[1]], expected, terms: 0) == nil)
  }

  @Test("Gradients add up where a row was taken more than once", arguments: cases)
  func gradients(shape: Shape, indices: [Int]) {
    #expect(GradientCheck.mismatch(at: Tensor.random(shape)) { $0.rows(at: indices) } == nil)
  }

  @Test("Closed form")
  func closedForm() {
    let x = Tensor([1, 2, 3], shape: [3, 1])
    let dx = valueWithPullback(at: x) { $0.rows(at: [2, 0, 2]) }.pullback(Tensor([1, 10, 100], shape: [3, 1]))
    #expect(dx.shape == [3, 1])
    #expect(dx.scalars == [10, 0, 101])
  }

  @Test("Columns: values and gradients, of one range and of all that a matrix is cut into")
  func columns() {
    let x = Tensor.random([3, 7])
    for range in [0..<7, 2..<5, 6..<7, 4..<4] {
      let expected = (0..<3).flatMap { row in range.map { x.doubles[row * 7 + $0] } }
      #expect(x.columns(range).mismatch([3, range.count], expected, terms: 0) == nil)
      #expect(GradientCheck.mismatch(at: x) { $0.columns(range) } == nil)
    }
    #expect(GradientCheck.mismatch(at: x) { $0.columns(0..<3) * $0.columns(3..<6) + $0.columns(4..<7) } == nil)
    let dx = valueWithPullback(at: Tensor([1, 2, 3], shape: [1, 3])) { $0.columns(1..<3) }
      .pullback(Tensor([5, 7], shape: [1, 2]))
    #expect(dx.scalars == [0, 5, 7])
  }

  @Test("Rows of an embedding table", arguments: [WeightFormat.f32, .q4_1, .q6_K])
  func embedding(format: WeightFormat) {
    let table = WeightMatrix.random(7, 256, format)
    let all = MatrixOracle(7, 256, table.dequantized().doubles)
    let found = table.embedding(of: [6, 0, 6])
    #expect(found.mismatch([3, 256], [6, 0, 6].flatMap(all.row), terms: 0) == nil)
    #expect(table.embedding(of: []).shape == [0, 256])
  }
}
