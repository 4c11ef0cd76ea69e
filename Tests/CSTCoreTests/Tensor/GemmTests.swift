import TestSupport
import Testing

@testable import CSTCore

/// The split of matrix products over panels and rows; the kernels themselves are tested in CKernelsTests.
@Suite("Matrix products over the pool")
struct GemmTests {
  /// m, n, k: nothing, single elements, less and more than a panel, split by panels, split by rows.
  static let sizes = [
    (0, 3, 3), (3, 0, 3), (1, 1, 1), (3, 5, 7), (31, 33, 29), (20, 700, 40), (300, 20, 40), (130, 130, 65),
  ]

  @Test("Every form of both factors, stored and added", arguments: sizes)
  func forms(size: (m: Int, n: Int, k: Int)) {
    let oracle = GemmOracle(m: size.m, n: size.n, k: size.k)
    let (a, bT) = (Tensor(oracle.a, shape: [size.m, size.k]), Tensor(oracle.b, shape: [size.n, size.k]))
    let (aT, b) = (a.transposed(), bT.transposed())
    let gemmSize = Gemm.Size(m: size.m, n: size.n, k: size.k)
    for left in [Gemm.Left.rows(a.matrix), .transpose(of: aT.matrix)] {
      for right in [Gemm.Right.rows(b.matrix), .transpose(of: bT.matrix)] {
        let stored = TensorStorage(count: size.m * size.n)
        stored.elements.update(repeating: .nan)
        let destination = MatrixDestination(start: stored.start, stride: size.n)
        Gemm.multiply(destination, left, right, gemmSize, .store)
        #expect(oracle.mismatch(stored.start, stride: size.n) == nil)
        stored.elements.update(repeating: 3)
        Gemm.multiply(destination, left, right, gemmSize, .add)
        #expect(oracle.mismatch(stored.start, stride: size.n, initial: 3) == nil)
      }
    }
  }

  @Test("An empty sum stores zeros and adds nothing")
  func emptySum() {
    let c = Tensor(repeating: 5, shape: [2, 3])
    let (a, b) = (Tensor.zeros([2, 0]), Tensor.zeros([0, 3]))
    let destination = MatrixDestination(start: c.storage.start, stride: 3)
    Gemm.multiply(destination, .rows(a.matrix), .rows(b.matrix), Gemm.Size(m: 2, n: 3, k: 0), .add)
    #expect(c.scalars == [Float](repeating: 5, count: 6))
    Gemm.multiply(destination, .rows(a.matrix), .rows(b.matrix), Gemm.Size(m: 2, n: 3, k: 0), .store)
    #expect(c.scalars == [Float](repeating: 0, count: 6))
  }

  @Test("A result inside a wider matrix leaves the rest alone")
  func strides() {
    let oracle = GemmOracle(m: 150, n: 40, k: 33)
    let (a, bT) = (Tensor(oracle.a, shape: [150, 33]), Tensor(oracle.b, shape: [40, 33]))
    let c = Tensor(repeating: -1, shape: [150, 50])
    Gemm.multiply(
      MatrixDestination(start: c.storage.start, stride: 50), .rows(a.matrix), .transpose(of: bT.matrix),
      Gemm.Size(m: 150, n: 40, k: 33), .store)
    #expect(oracle.mismatch(c.storage.start, stride: 50) == nil)
    #expect((0..<150).allSatisfy { row in (40..<50).allSatisfy { c[row, $0] == -1 } })
  }

  @Test("The kernels agree with BLAS")
  func blas() {
    let (a, b) = (Tensor.random([70, 90]), Tensor.random([90, 110], seed: 2))
    let expected = a.matmul(b, backend: .blas)
    // Both are within 92 roundings of sums of 90 terms in ±1.
    #expect(a.matmul(b).mismatch([70, 110], expected.doubles, terms: 2 * 92 * 90 / 4) == nil)
  }
}
