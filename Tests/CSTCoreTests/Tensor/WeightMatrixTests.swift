import TestSupport
import Testing

@testable import CSTCore

@Suite("Weight matrices")
struct WeightMatrixTests {
  /// More rows than a packing block of 64, an odd number of them.
  static let (rows, columns, m) = (133, 256, 9)

  @Test("Dequantised values, row by row", arguments: WeightFormat.allCases)
  func values(format: WeightFormat) {
    let matrix = WeightMatrix.random(Self.rows, Self.columns, format)
    let encoded = EncodedWeights(format, count: Self.rows * Self.columns)
    #expect(encoded.values.allSatisfy { $0.isFinite })
    #expect(Mismatch.firstInBits(matrix.dequantized().scalars, encoded.values) == nil)
  }

  /// Sums of k products: (k + 3)·2⁻²⁴ of the sum of their magnitudes, by inputs rounded to
  /// bf16's eight bits another 2·2⁻⁸ + 2⁻¹⁶.
  func expectProduct(
    _ found: Tensor, _ x: MatrixOracle, _ w: MatrixOracle, _ precision: Precision,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let expected = x * w
    let magnitudes =
      MatrixOracle(x.rows, x.columns, x.values.map(\.magnitude))
      * MatrixOracle(w.rows, w.columns, w.values.map(\.magnitude))
    let relative = Double(x.columns + 3) * 0x1p-24 + (precision == .bf16 ? 0x1p-7 + 0x1p-16 : 0)
    #expect(found.shape == [expected.rows, expected.columns], sourceLocation: sourceLocation)
    #expect(
      Mismatch.first(found.scalars, expected.values) { relative * magnitudes.values[$0] + 0x1p-126 } == nil,
      sourceLocation: sourceLocation)
  }

  @Test("Products in both directions", arguments: WeightFormat.allCases, Precision.allCases)
  func products(format: WeightFormat, precision: Precision) {
    let matrix = WeightMatrix.random(Self.rows, Self.columns, format)
    let w = MatrixOracle(Self.rows, Self.columns, matrix.dequantized().doubles)
    let (x, dy) = (Tensor.random([Self.m, Self.columns], seed: 2), Tensor.random([Self.m, Self.rows], seed: 3))
    let (y, dx) = (TensorStorage(count: Self.m * Self.rows), TensorStorage(count: Self.m * Self.columns))
    matrix.multiply(MatrixDestination(start: y.start, stride: Self.rows), x.matrix, m: Self.m, precision, .store)
    matrix.multiplyBackward(
      MatrixDestination(start: dx.start, stride: Self.columns), dy.matrix, m: Self.m, precision, .store)
    expectProduct(
      Tensor(storage: y, shape: [Self.m, Self.rows]), MatrixOracle(Self.m, Self.columns, x.doubles), w.transposed,
      precision)
    expectProduct(
      Tensor(storage: dx, shape: [Self.m, Self.columns]), MatrixOracle(Self.m, Self.rows, dy.doubles), w, precision)
  }

  @Test("Sizes around panels and packing blocks", arguments: [1, 2, 31, 63, 64, 65, 129], Precision.allCases)
  func sizes(rows: Int, precision: Precision) {
    let columns = 37
    let matrix = WeightMatrix.random(rows, columns)
    let w = MatrixOracle(rows, columns, matrix.dequantized().doubles)
    let (x, dy) = (Tensor.random([3, columns], seed: 2), Tensor.random([3, rows], seed: 3))
    let (value, pullback) = valueWithPullback(at: x) { $0.linear(matrix, precision: precision) }
    expectProduct(value, MatrixOracle(3, columns, x.doubles), w.transposed, precision)
    expectProduct(pullback(dy), MatrixOracle(3, rows, dy.doubles), w, precision)
  }

  @Test("Products add where asked to", arguments: Precision.allCases)
  func adding(precision: Precision) {
    let matrix = WeightMatrix([1, 2, 3, 4], rows: 2, columns: 2)
    let x = Tensor([1, 10], shape: [1, 2])
    let out = Tensor([100, 1000], shape: [1, 2])
    let destination = MatrixDestination(start: out.storage.start, stride: 2)
    matrix.multiply(destination, x.matrix, m: 1, precision, .add)
    #expect(out.scalars == [121, 1043])
    matrix.multiplyBackward(destination, x.matrix, m: 1, precision, .add)
    #expect(out.scalars == [152, 1085])
  }

  /// Stored row 2j is row j of the head, stored row 2j + 1 is row j + headWidth/2.
  @Test("Rows of heads stored interleaved", arguments: [WeightFormat.f32, .q4_1])
  func interleaved(format: WeightFormat) {
    let (heads, headWidth, columns) = (3, 8, 32)
    let stored = MatrixOracle(
      heads * headWidth, columns, EncodedWeights(format, count: heads * headWidth * columns).values.map(Double.init))
    let order = (0..<heads).flatMap { head in [0, 2, 4, 6, 1, 3, 5, 7].map { head * headWidth + $0 } }
    let matrix = WeightMatrix.random(
      heads * headWidth, columns, format, rowOrder: .interleavedHalves(headWidth: headWidth))
    #expect(matrix.dequantized().mismatch([24, 32], order.flatMap(stored.row), terms: 0) == nil)
    let w = MatrixOracle(24, 32, order.flatMap(stored.row))
    let (x, dy) = (Tensor.random([3, 32], seed: 2), Tensor.random([3, 24], seed: 3))
    let (value, pullback) = valueWithPullback(at: x) { $0.linear(matrix) }
    expectProduct(value, MatrixOracle(3, 32, x.doubles), w.transposed, .f32)
    expectProduct(pullback(dy), MatrixOracle(3, 24, dy.doubles), w, .f32)
    #expect(matrix.embedding(of: [9]).doubles == w.row(9))
  }

  @Test("Panels are packed once, from whichever thread comes first")
  func concurrentFirstUse() async {
    let matrix = WeightMatrix.random(Self.rows, Self.columns, .q8_0)
    let x = Tensor.random([Self.m, Self.columns], seed: 2)
    let expected = WeightMatrix.random(Self.rows, Self.columns, .q8_0)
    let products = await withTaskGroup(of: Tensor.self) { group in
      for _ in 0..<4 { group.addTask { x.linear(matrix) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let bits = x.linear(expected).scalars
    #expect(products.allSatisfy { Mismatch.firstInBits($0.scalars, bits) == nil })
  }
}
