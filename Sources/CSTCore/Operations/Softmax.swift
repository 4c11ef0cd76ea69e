extension Tensor {
  /// Softmax of every row of the last axis, its maximum subtracted first. A row of only −∞ gives NaN.
  /// - Shape: self `[…, width]`; result like self.
  public func softmax() -> Tensor {
    let (rows, width) = shape.matrix
    let out = rowwise { Kernels.current.softmax($0, $1, rows: $2, width: width) }
    return out.recorded(from: [self]) { [node] gradient in
      node?.accumulate { dx, mode in
        forEachRowRange(of: rows, grain: 16) { range in
          let offset = range.lowerBound * width
          Kernels.current.softmaxBackward(
            dx + offset, dy: gradient.start + offset, y: out.start + offset, rows: range.count, width: width, mode)
        }
      }
    }
  }

  /// The logarithm of the softmax of every row of the last axis, without forming the softmax: it stays finite where a
  /// probability would underflow.
  /// - Shape: self `[…, width]`; result like self.
  public func logSoftmax() -> Tensor {
    let (rows, width) = shape.matrix
    let out = rowwise { Kernels.current.logSoftmax($0, $1, rows: $2, width: width) }
    return out.recorded(from: [self]) { [node] gradient in
      node?.accumulate { dx, mode in
        forEachRowRange(of: rows, grain: 16) { range in
          let offset = range.lowerBound * width
          Kernels.current.logSoftmaxBackward(
            dx + offset, dy: gradient.start + offset, y: out.start + offset, rows: range.count, width: width, mode)
        }
      }
    }
  }

  /// A constant like self from a kernel over rows `(out, x, rows)`.
  private func rowwise(_ kernel: (FloatDestination, FloatSource, Int) -> Void) -> Tensor {
    let (rows, width) = shape.matrix
    return Tensor(shape: shape) { out in
      forEachRowRange(of: rows, grain: 16) { range in
        kernel(out + range.lowerBound * width, start + range.lowerBound * width, range.count)
      }
    }
  }
}
