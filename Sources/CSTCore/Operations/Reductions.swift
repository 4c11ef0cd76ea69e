extension Tensor {
  /// The sum of all elements, accumulated in Double; shape `[]`.
  public func sum() -> Tensor {
    let out = Tensor(Float(Kernels.current.sum(start, count)))
    return out.recorded(from: [self]) { [node, shape] gradient in
      node?.accumulate(sharing: Tensor(repeating: gradient.start[0], shape: shape).storage)
    }
  }

  /// The mean of all elements; shape `[]`. Traps on an empty tensor.
  public func mean() -> Tensor {
    require(count > 0, "an empty tensor has no mean")
    return sum() * (1 / Float(count))
  }

  /// The sum of every row of the last axis, accumulated in Double.
  /// - Shape: self `[…, width]`; result `[…]`.
  public func sumOfRows() -> Tensor {
    require(shape.rank >= 1, "a scalar has no rows to sum")
    let (rows, width) = shape.matrix
    let out = Tensor(shape: Shape(shape.lengths.dropLast())) { out in
      for row in 0..<rows { out[row] = Float(Kernels.current.sum(start + row * width, width)) }
    }
    return out.recorded(from: [self]) { [node, shape] gradient in
      let dx = Tensor(shape: shape) { dx in
        for row in 0..<rows { (dx + row * width).update(repeating: gradient.start[row], count: width) }
      }
      node?.accumulate(sharing: dx.storage)
    }
  }
}
