extension Tensor {
  /// This result with the memory of how it was made, if any input is being differentiated.
  ///
  /// `pullback` receives the result's gradient and adds each input's share to that input's node. It must not capture
  /// more tensors than the backward pass reads.
  func recorded(
    from inputs: [Tensor], recomputation: Recomputation? = nil, pullback: @escaping (TensorStorage) -> Void
  ) -> Tensor {
    let nodes = inputs.compactMap(\.node)
    guard !nodes.isEmpty else { return self }
    let node = GradientNode(shape: shape, inputs: nodes, recomputation: recomputation, pullback: pullback)
    return Tensor(storage: storage, shape: shape, node: node)
  }
}

/// Calls an elementwise kernel over `count` elements, split between threads where that pays.
func forEachChunk(of count: Int, _ body: (_ offset: Int, _ count: Int) -> Void) {
  elementwiseWork {
    ComputePool.shared.forEachRange(count: count, grain: 1 << 15) { body($0.lowerBound, $0.count) }
  }
}

/// Calls a kernel that works row by row over ranges of rows, split between threads where that pays.
func forEachRowRange(of rows: Int, grain: Int = 32, _ body: (Range<Int>) -> Void) {
  elementwiseWork { ComputePool.shared.forEachRange(count: rows, grain: grain, body) }
}
