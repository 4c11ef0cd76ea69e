import TestSupport
import Testing

@testable import CSTCore

@Suite("Matrix products and shapes")
struct MatmulTests {
  static let sizes = [(1, 1, 1), (2, 3, 4), (17, 33, 65), (64, 1, 64), (1, 64, 1), (0, 3, 4), (3, 0, 4), (3, 4, 0)]

  @Test("The product, by the kernels and by BLAS", arguments: MatmulBackend.allCases, sizes)
  func product(backend: MatmulBackend, size: (m: Int, k: Int, n: Int)) {
    let (a, b) = (Tensor.random([size.m, size.k]), Tensor.random([size.k, size.n], seed: 2))
    let expected = MatrixOracle(size.m, size.k, a.doubles) * MatrixOracle(size.k, size.n, b.doubles)
    let c = a.matmul(b, backend: backend)
    #expect(c.mismatch([size.m, size.n], expected.values, terms: Double(size.k * size.k + 4)) == nil)
  }

  @Test("Gradients of both factors", arguments: sizes)
  func gradients(size: (m: Int, k: Int, n: Int)) {
    let (a, b) = (Tensor.random([size.m, size.k]), Tensor.random([size.k, size.n], seed: 2))
    #expect(GradientCheck.mismatch(at: a, b) { $0.matmul($1) } == nil)
    #expect(GradientCheck.mismatch(at: a) { $0.matmul(b) } == nil)
    #expect(GradientCheck.mismatch(at: b) { a.matmul($0) } == nil)
    #expect(GradientCheck.mismatch(at: a, b) { $0.matmul($1, backend: .blas) } == nil)
  }

  @Test("Closed form: dA = dC·Bᵀ, dB = Aᵀ·dC")
  func closedForm() {
    let (a, b) = (Tensor([1, 2], shape: [1, 2]), Tensor([3, 4, 5, 6], shape: [2, 2]))
    let (value, pullback) = valueWithPullback(at: a, b) { $0.matmul($1) }
    #expect(value.scalars == [13, 16])
    let (da, db) = pullback(Tensor([10, 1], shape: [1, 2]))
    #expect(da.shape == [1, 2] && da.scalars == [34, 56])
    #expect(db.shape == [2, 2] && db.scalars == [10, 1, 20, 2])
  }

  @Test("NaN reaches the products that read it and no others")
  func notANumber() {
    let c = Tensor([.nan, 1, 1, 1], shape: [2, 2]).matmul(Tensor([1, 0, 0, 1], shape: [2, 2]))
    #expect(c.scalars[0].isNaN && c.scalars[1].isNaN)
    #expect(Array(c.scalars[2...]) == [1, 1])
  }

  @Test("Transposition", arguments: [[1, 1], [2, 3], [17, 5], [0, 3], [3, 0]] as [Shape])
  func transposed(shape: Shape) {
    let x = Tensor.random(shape)
    let expected = MatrixOracle(shape[0], shape[1], x.doubles).transposed.values
    #expect(x.transposed().mismatch([shape[1], shape[0]], expected, terms: 0) == nil)
    #expect(GradientCheck.mismatch(at: x) { $0.transposed() } == nil)
    let dx = valueWithPullback(at: x) { $0.transposed() }.pullback(x.transposed())
    #expect(dx.mismatch(shape, x.doubles, terms: 0) == nil)
  }

  @Test(
    "Another shape", arguments: [([6], [2, 3]), ([2, 3], [3, 2]), ([1], []), ([0, 3], [7, 0])] as [(Shape, Shape)])
  func reshaped(shapes: (Shape, Shape)) {
    let x = Tensor.random(shapes.0)
    #expect(x.reshaped(shapes.1).mismatch(shapes.1, x.doubles, terms: 0) == nil)
    #expect(GradientCheck.mismatch(at: x) { $0.reshaped(shapes.1) } == nil)
  }
}
