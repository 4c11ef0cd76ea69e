extension Tensor {
  /// Root-mean-square normalisation of every row: x / √(mean(x²) + ε) · weight (Zhang & Sennrich, arXiv 1910.07467).
  ///
  /// The result is computed again in the backward pass rather than kept.
  /// - Shape: self `[…, width]`; weight `[width]`; result like self.
  public func rmsNorm(weight: Tensor, epsilon: Float) -> Tensor {
    let (rows, width) = shape.matrix
    require(weight.shape == [width], "a norm weight of shape \(weight.shape) does not fit rows of \(shape)")
    let (x, w) = (detached(), weight.detached())
    let compute = { () -> Tensor in
      Tensor(shape: x.shape) { out in
        forEachRowRange(of: rows) { range in
          let offset = range.lowerBound * width
          Kernels.current.rmsNorm(
            out + offset, x.start + offset, weight: w.start, rows: range.count, width: width, epsilon: epsilon)
        }
      }
    }
    let recomputation = Recomputation(compute)
    return compute().recorded(from: [self, weight], recomputation: recomputation) {
      [xNode = node, weightNode = weight.node] gradient in
      xNode?.accumulate { dx, mode in
        forEachRowRange(of: rows) { range in
          let offset = range.lowerBound * width
          Kernels.current.rmsNormBackward(
            MatrixDestination(start: dx + offset, stride: width),
            dy: MatrixSource(start: gradient.start + offset, stride: width),
            x: MatrixSource(start: x.start + offset, stride: width), weight: w.start, rows: range.count, width: width,
            epsilon: epsilon, mode)
        }
      }
      weightNode?.accumulate { dWeight, mode in
        if mode == .store { dWeight.update(repeating: 0, count: width) }
        Kernels.current.rmsNormBackwardWeight(
          dWeight, dy: gradient.start, x: x.start, rows: rows, width: width, epsilon: epsilon)
      }
    }
  }
}
