extension WeightMatrix {
  /// Most bytes of panels that a streamed product has unpacked at one time, unless the smallest block it can be split
  /// into is larger: small enough for a third-level cache, wide enough that the left-hand side is not copied often.
  static let streamedBytes = 4 << 20

  /// A product whose right-hand side is unpacked block by block.
  ///
  /// Sums are split only where the kernels split them themselves, so the bits are those of the product with kept panels.
  /// Every weight is dequantised once.
  func streamedProduct(
    _ direction: Direction, _ out: MatrixDestination, _ input: MatrixSource, _ size: Gemm.Size, _ precision: Precision,
    _ mode: StoreMode
  ) {
    let lengths = streamedLengths(direction, precision, size)
    let largest = PanelBlock(
      direction: direction, precision: precision, outputs: 0..<min(size.n, lengths.outputs),
      summands: 0..<min(size.k, lengths.summands))
    withScratch(UInt8.self, count: largest.byteCount) { scratch in
      let packed = UnsafeMutableRawPointer(scratch)
      for firstOutput in stride(from: 0, to: size.n, by: lengths.outputs) {
        for firstSummand in stride(from: 0, to: size.k, by: lengths.summands) {
          let block = PanelBlock(
            direction: direction, precision: precision,
            outputs: firstOutput..<min(firstOutput + lengths.outputs, size.n),
            summands: firstSummand..<min(firstSummand + lengths.summands, size.k))
          WorkRecorder.measure(.packing) { unpack(block, into: packed) }
          Gemm.multiply(
            MatrixDestination(start: out.start + firstOutput, stride: out.stride),
            MatrixSource(start: input.start + firstSummand, stride: input.stride), packed: packed,
            Gemm.Size(m: size.m, n: block.outputs.count, k: block.summands.count), precision,
            firstSummand == 0 ? mode : .add)
        }
      }
    }
  }

  /// Outputs and summands of a block: as many outputs as fit with the fewest summands, then as many summands as fit.
  private func streamedLengths(
    _ direction: Direction, _ precision: Precision, _ size: Gemm.Size
  ) -> (outputs: Int, summands: Int) {
    let width = PanelBlock.width(precision)
    let gemmBlock = Kernels.current.gemmBlock
    // Columns are cut between blocks of the format: they are summands forward, outputs backward.
    let (outputStep, summandStep) =
      direction == .forward
      ? (width, leastCommonMultiple(gemmBlock, format.blockLength))
      : (leastCommonMultiple(width, format.blockLength), gemmBlock)
    let elements = streamedBytes / PanelBlock.elementSize(precision)
    let outputs = stepsThatFit(elements / min(summandStep, max(1, size.k)), step: outputStep, count: size.n)
    return (outputs, stepsThatFit(elements / max(1, min(outputs, size.n)), step: summandStep, count: size.k))
  }

  /// The largest multiple of `step` up to `limit` that is no more than `count` needs; `step` at least.
  private func stepsThatFit(_ limit: Int, step: Int, count: Int) -> Int {
    max(1, min(limit / step, (count + step - 1) / step)) * step
  }
}

private func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
  var (x, y) = (a, b)
  while y > 0 { (x, y) = (y, x % y) }
  return a / x * b
}
