import Synchronization

/// A frozen weight matrix `[rows, columns]` (outputs × inputs) in the format it is stored in, mapped and not copied.
///
/// Products of training and scoring read the weights through panels that the kernels understand. With
/// ``WeightPanels/kept`` they are packed the first time a direction (x·Wᵀ or dy·W) is used in a precision and kept:
/// `4 · rows · columns` bytes in ``Precision/f32``, half of that in ``Precision/bf16``. With ``WeightPanels/streamed`` every
/// product unpacks them again, a few megabytes at a time. Generation reads the stored blocks themselves
/// (`multiplyStored(_:_:m:_:_:)`). All give the same bits.
///
/// `@unchecked Sendable`: the bytes are read only and kept alive by `owner`; panels are guarded by their mutex and
/// never change once published.
package final class WeightMatrix: @unchecked Sendable {
  /// Where the rows are in the file.
  enum RowOrder: Sendable {
    /// Row i is the i-th row of the file.
    case asStored
    /// The rows of each head of `headWidth` are interleaved as GGUF stores queries and keys of Llama models: stored
    /// row 2j is row j of the head, stored row 2j + 1 is row j + headWidth/2.
    case interleavedHalves(headWidth: Int)

    func stored(_ row: Int) -> Int {
      switch self {
      case .asStored: return row
      case .interleavedHalves(let headWidth):
        let (head, inHead) = row.quotientAndRemainder(dividingBy: headWidth)
        let half = headWidth / 2
        return head * headWidth + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1)
      }
    }

    /// The row of the matrix that is the file's row `stored`: the inverse of ``stored(_:)``.
    func row(storedAt stored: Int) -> Int {
      switch self {
      case .asStored: return stored
      case .interleavedHalves(let headWidth):
        let (head, inHead) = stored.quotientAndRemainder(dividingBy: headWidth)
        return head * headWidth + inHead / 2 + (inHead % 2 == 0 ? 0 : headWidth / 2)
      }
    }
  }

  package let rows: Int
  package let columns: Int
  package let format: WeightFormat
  package let panels: WeightPanels

  let bytes: UnsafeRawBufferPointer
  /// Keeps the bytes alive: the mapped file, where they are in one.
  let owner: any Sendable
  private let rowOrder: RowOrder
  let bytesPerRow: Int
  /// The row that each stored row is; empty where they are in order.
  let storedOrder: [UInt32]
  /// Most bytes of panels that a streamed product has unpacked at one time.
  let streamedBytes: Int
  private let keptPanels = Mutex<[PanelKey: KeptPanels]>([:])

  private struct PanelKey: Hashable {
    let direction: Direction
    let precision: Precision
  }

  /// Which product panels serve.
  enum Direction: Hashable {
    /// y = x·Wᵀ: sums over columns.
    case forward
    /// dx = dy·W: sums over rows.
    case backward
  }

  /// The matrix over `bytes`, which `owner` keeps alive. Traps where the byte count is not that of the shape, or a row
  /// is not a whole number of blocks: whoever reads a file checks that first.
  init(
    rows: Int, columns: Int, format: WeightFormat, bytes: UnsafeRawBufferPointer, owner: any Sendable,
    rowOrder: RowOrder = .asStored, panels: WeightPanels = .kept, streamedBytes: Int = WeightMatrix.streamedBytes
  ) {
    require(columns % format.blockLength == 0, "\(columns) columns are not whole \(format) blocks")
    bytesPerRow = columns / format.blockLength * format.bytesPerBlock
    require(bytes.count == rows * bytesPerRow, "\(bytes.count) bytes cannot hold [\(rows), \(columns)] \(format)")
    self.rows = rows
    self.columns = columns
    self.format = format
    self.bytes = bytes
    self.owner = owner
    self.rowOrder = rowOrder
    self.panels = panels
    self.streamedBytes = streamedBytes
    switch rowOrder {
    case .asStored: storedOrder = []
    case .interleavedHalves: storedOrder = (0..<rows).map { UInt32(rowOrder.row(storedAt: $0)) }
    }
  }

  /// The matrix as a tensor `[rows, columns]`, dequantised. Copies.
  package func dequantized() -> Tensor {
    Tensor(shape: [rows, columns]) { start in
      ComputePool.shared.forEachRange(count: rows, grain: 64) { range in
        self.dequantize(range, into: start + range.lowerBound * columns)
      }
    }
  }

  /// Writes the given rows, dequantised, to `[range.count, columns]`.
  func dequantize(_ range: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    dequantize(range, columns: 0..<columns, into: out)
  }

  /// Writes the given rows of the given columns, which are whole blocks of the format, to
  /// `[range.count, columnRange.count]`.
  func dequantize(_ range: Range<Int>, columns columnRange: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    guard let base = bytes.baseAddress else { return }
    let firstByte = columnRange.lowerBound / format.blockLength * format.bytesPerBlock
    for row in range {
      Kernels.current.dequantize(
        out + (row - range.lowerBound) * columnRange.count, base + rowOrder.stored(row) * bytesPerRow + firstByte,
        count: columnRange.count, format: format)
    }
  }

  func storedBytes(ofRow row: Int) -> UnsafeRawBufferPointer {
    let start = rowOrder.stored(row) * bytesPerRow
    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + bytesPerRow])
  }

  /// y (=, +=) x·Wᵀ, x `[m, columns]`, y `[m, rows]`.
  func multiply(_ y: MatrixDestination, _ x: MatrixSource, m: Int, _ precision: Precision, _ mode: StoreMode) {
    product(.forward, y, x, Gemm.Size(m: m, n: rows, k: columns), precision, mode)
  }

  /// dx (=, +=) dy·W, dy `[m, rows]`, dx `[m, columns]`.
  func multiplyBackward(
    _ dx: MatrixDestination, _ dy: MatrixSource, m: Int, _ precision: Precision, _ mode: StoreMode
  ) {
    product(.backward, dx, dy, Gemm.Size(m: m, n: columns, k: rows), precision, mode)
  }

  /// y (=, +=) x·Wᵀ with the weights found where `access` says; the bits are the same.
  func multiply(
    _ y: MatrixDestination, _ x: MatrixSource, m: Int, _ precision: Precision, _ mode: StoreMode, access: WeightAccess
  ) {
    switch access {
    case .packed: multiply(y, x, m: m, precision, mode)
    case .stored: multiplyStored(y, x, m: m, precision, mode)
    }
  }

  private func product(
    _ direction: Direction, _ out: MatrixDestination, _ input: MatrixSource, _ size: Gemm.Size, _ precision: Precision,
    _ mode: StoreMode
  ) {
    if panels == .streamed, size.k > 0 { return streamedProduct(direction, out, input, size, precision, mode) }
    Gemm.multiply(out, input, packed: packed(direction, precision).start, size, precision, mode)
  }

  // MARK: Panels

  /// Packed weights. `@unchecked Sendable`: written by `pack` before anybody else can see them, read only afterwards.
  private final class KeptPanels: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    private let byteCount: Int

    init(byteCount: Int) {
      self.byteCount = byteCount
      start = BlockCache.shared.allocate(bytes: byteCount)
    }

    deinit { BlockCache.shared.deallocate(start, bytes: byteCount) }
  }

  var hasPanels: Bool { keptPanels.withLock { !$0.isEmpty } }

  private func packed(_ direction: Direction, _ precision: Precision) -> KeptPanels {
    keptPanels.withLock { panels in
      let key = PanelKey(direction: direction, precision: precision)
      if let packed = panels[key] { return packed }
      let packed = WorkRecorder.measure(.packing) { pack(direction, precision) }
      panels[key] = packed
      return packed
    }
  }

  private func pack(_ direction: Direction, _ precision: Precision) -> KeptPanels {
    let block = PanelBlock(
      direction: direction, precision: precision, outputs: 0..<(direction == .forward ? rows : columns),
      summands: 0..<(direction == .forward ? columns : rows))
    let packed = KeptPanels(byteCount: block.byteCount)
    unpack(block, into: packed.start)
    return packed
  }
}
