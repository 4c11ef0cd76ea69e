import TestSupport
import Testing

@testable import CSTCore

/// Products that unpack their panels give the bits of those that keep them.
///
/// Serialised: it sets the shared pool's number of threads, as ``ThreadCountTests`` do. Results do not depend on it.
@Suite("Streamed panels", .serialized)
struct StreamedPanelsTests {
  /// Both directions, storing and adding: y, then y again on top, dx, then dx again on top.
  private func products(_ matrix: WeightMatrix, m: Int, _ precision: Precision) -> [Float] {
    let (x, dy) = (Tensor.random([m, matrix.columns], seed: 2), Tensor.random([m, matrix.rows], seed: 3))
    let (y, dx) = (TensorStorage(count: m * matrix.rows), TensorStorage(count: m * matrix.columns))
    // Where a product must store, NaN would survive an addition.
    y.elements.update(repeating: .nan)
    dx.elements.update(repeating: .nan)
    for mode in [StoreMode.store, .add] {
      matrix.multiply(MatrixDestination(start: y.start, stride: matrix.rows), x.matrix, m: m, precision, mode)
      matrix.multiplyBackward(
        MatrixDestination(start: dx.start, stride: matrix.columns), dy.matrix, m: m, precision, mode)
    }
    return Array(y.elements) + Array(dx.elements)
  }

  private func expectSameBits(
    rows: Int, columns: Int, _ format: WeightFormat, _ precision: Precision, m: Int,
    rowOrder: WeightMatrix.RowOrder = .asStored, streamedBytes: Int = 64 << 10,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let kept = WeightMatrix.random(rows, columns, format, rowOrder: rowOrder)
    let streamed = WeightMatrix.random(
      rows, columns, format, rowOrder: rowOrder, panels: .streamed, streamedBytes: streamedBytes)
    let expected = products(kept, m: m, precision)
    #expect(expected.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
    #expect(
      Mismatch.firstInBits(products(streamed, m: m, precision), expected) == nil,
      "[\(rows), \(columns)] \(format) \(precision), \(m) rows", sourceLocation: sourceLocation)
  }

  /// Sums of several blocks of the kernels in both directions, no side a multiple of a panel, and so few bytes at a time
  /// that both outputs and sums are split.
  @Test("Every format", arguments: WeightFormat.allCases, Precision.allCases)
  func formats(format: WeightFormat, precision: Precision) {
    expectSameBits(rows: 611, columns: 768, format, precision, m: 5)
    expectSameBits(rows: 40, columns: 256, format, precision, m: 1)
  }

  /// Blocks of 256 weights and the kernels' blocks begin together every few thousand columns only.
  @Test("Long rows of long blocks", arguments: Precision.allCases)
  func longRows(precision: Precision) {
    expectSameBits(rows: 37, columns: 5120, .q4_K, precision, m: 3)
  }

  @Test(
    "Awkward shapes", arguments: [(1, 1, 1), (3, 577, 2), (577, 3, 2), (1153, 159, 7), (31, 33, 0)],
    Precision.allCases)
  func shapes(shape: (rows: Int, columns: Int, m: Int), precision: Precision) {
    for streamedBytes in [1, 64 << 10, WeightMatrix.streamedBytes] {
      expectSameBits(
        rows: shape.rows, columns: shape.columns, .bf16, precision, m: shape.m, streamedBytes: streamedBytes)
    }
  }

  @Test("Rows of heads stored interleaved", arguments: Precision.allCases)
  func interleaved(precision: Precision) {
    expectSameBits(
      rows: 640, columns: 256, .q4_K, precision, m: 9, rowOrder: .interleavedHalves(headWidth: 64))
  }

  @Test("Any number of threads", arguments: Precision.allCases)
  func threads(precision: Precision) {
    let pool = ComputePool.shared
    let before = pool.threadCount
    defer { pool.threadCount = before }
    let matrix = WeightMatrix.random(611, 768, .q5_K, panels: .streamed, streamedBytes: 256 << 10)
    pool.threadCount = 1
    let expected = products(matrix, m: 67, precision)
    for threads in [2, 3, 7] {
      pool.threadCount = threads
      #expect(Mismatch.firstInBits(products(matrix, m: 67, precision), expected) == nil, "\(threads) threads")
    }
  }

  @Test("Nothing is kept")
  func memory() {
    let matrix = WeightMatrix.random(2048, 2048, .q4_0, panels: .streamed)
    let before = BlockCache.shared.usage.inUse
    _ = products(matrix, m: 1, .f32)
    // Other tests run meanwhile; kept panels would be 32 MB for the two directions.
    #expect(BlockCache.shared.usage.inUse - before < 24 << 20)
  }

  @Test("By size: what fits in a quarter of the memory is kept")
  func choice() {
    #expect(WeightPanels.chosen(panelBytes: 1 << 30, physicalMemory: 4 << 30) == .kept)
    #expect(WeightPanels.chosen(panelBytes: 1 << 30 + 1, physicalMemory: 4 << 30) == .streamed)
  }
}
