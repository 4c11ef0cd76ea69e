import TestSupport
import Testing

@testable import CSTCore

@Suite("Factorisations")
struct LinearAlgebraTests {
  static let shapes: [Shape] = [[1, 1], [5, 3], [3, 5], [40, 7], [7, 40], [33, 33], [1, 9], [9, 1]]

  /// Householder methods are backward stable: |A - product| is at most a small multiple of max(m, n)·2⁻²⁴·|A|, and the
  /// same without |A| for orthonormality.
  static func tolerance(_ shape: Shape) -> Double { 8 * Double(shape.lengths.max() ?? 0) * 0x1p-24 }

  static func matrix(_ tensor: Tensor) -> MatrixOracle {
    MatrixOracle(tensor.shape[0], tensor.shape[1], tensor.doubles)
  }

  static func expectOrthonormalColumns(
    _ q: MatrixOracle, _ tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var product = q.transposed * q
    for i in 0..<q.columns { product.values[i * q.columns + i] -= 1 }
    #expect(product.norm <= tolerance * Double(q.columns).squareRoot(), sourceLocation: sourceLocation)
  }

  /// Matrices of full and of deficient rank.
  static func matrices(_ shape: Shape) -> [Tensor] {
    let dependent = Tensor.random([shape[0], 1], seed: 2).matmul(.random([1, shape[1]], seed: 3))
    return [.random(shape), dependent, .zeros(shape), Tensor.random(shape) * 1e-20]
  }

  @Test("QR", arguments: shapes)
  func qr(shape: Shape) throws {
    for a in Self.matrices(shape) {
      let (q, r) = try a.qr()
      let k = min(shape[0], shape[1])
      #expect(q.shape == [shape[0], k] && r.shape == [k, shape[1]])
      let (qMatrix, rMatrix, aMatrix) = (Self.matrix(q), Self.matrix(r), Self.matrix(a))
      Self.expectOrthonormalColumns(qMatrix, Self.tolerance(shape))
      #expect((aMatrix + -1 * (qMatrix * rMatrix)).norm <= Self.tolerance(shape) * aMatrix.norm)
      for row in 0..<k {
        for column in 0..<row { #expect(rMatrix[row, column] == 0) }
      }
    }
  }

  @Test("Singular values and vectors", arguments: shapes)
  func singularValues(shape: Shape) throws {
    for a in Self.matrices(shape) {
      let (u, values, vT) = try a.singularValueDecomposition()
      let k = min(shape[0], shape[1])
      #expect(u.shape == [shape[0], k] && values.shape == [k] && vT.shape == [k, shape[1]])
      let (uMatrix, vMatrix, aMatrix) = (Self.matrix(u), Self.matrix(vT), Self.matrix(a))
      Self.expectOrthonormalColumns(uMatrix, Self.tolerance(shape))
      Self.expectOrthonormalColumns(vMatrix.transposed, Self.tolerance(shape))
      let s = values.doubles
      #expect(s.allSatisfy { $0 >= 0 })
      #expect(zip(s, s.dropFirst()).allSatisfy { $0 >= $1 })
      let product = Self.matrix(u * values) * vMatrix
      #expect((aMatrix + -1 * product).norm <= Self.tolerance(shape) * aMatrix.norm)
    }
  }

  @Test("Closed forms: a permuted diagonal matrix, up to signs")
  func closedForm() throws {
    let a = Tensor([0, -3, 2, 0], shape: [2, 2])
    let (u, values, vT) = try a.singularValueDecomposition()
    #expect(values.mismatch([2], [3, 2]) == nil)
    #expect(Tensor(u.scalars.map(abs), shape: u.shape).mismatch([2, 2], [1, 0, 0, 1]) == nil)
    #expect(Tensor(vT.scalars.map(abs), shape: vT.shape).mismatch([2, 2], [0, 1, 1, 0]) == nil)
    let (_, r) = try a.qr()
    #expect(abs(abs(r[0, 0]) - 2) < 1e-6 && abs(abs(r[1, 1]) - 3) < 1e-6)
  }

  @Test("Empty matrices", arguments: [[0, 3], [3, 0], [0, 0]] as [Shape])
  func empty(shape: Shape) throws {
    let (q, r) = try Tensor.zeros(shape).qr()
    #expect(q.shape == [shape[0], 0] && r.shape == [0, shape[1]])
    let (u, values, vT) = try Tensor.zeros(shape).singularValueDecomposition()
    #expect(u.shape == [shape[0], 0] && values.shape == [0] && vT.shape == [0, shape[1]])
  }

  @Test("Values that are not finite are refused by place", arguments: [Float.nan, .infinity, -.infinity])
  func notFinite(value: Float) {
    let a = Tensor([1, 2, 3, 4, value, 6], shape: [2, 3])
    for attempt in [{ _ = try a.qr() }, { _ = try a.singularValueDecomposition() }] {
      let error = #expect(throws: LinearAlgebraError.self, performing: attempt)
      #expect(error?.reason == .notFinite)
      #expect(error?.shape == [2, 3])
      #expect(error?.description.contains("[1, 1]") == true)
    }
  }

  @Test("Factorisations are constants, and do not change their matrix")
  func constants() throws {
    let a = Tensor.random([4, 3])
    let before = a.scalars
    let gradient = try valueWithGradient(at: a) { a in
      let (q, r) = try a.qr()
      #expect(q.node == nil && r.node == nil)
      let (u, s, vT) = try a.singularValueDecomposition()
      #expect(u.node == nil && s.node == nil && vT.node == nil)
      return (a * q).sum()
    }.gradient
    #expect(gradient.scalars == (try a.qr().q.scalars))
    #expect(a.scalars == before)
  }
}
