extension Tensor {
  /// The given rows, in the given order; a row may be taken more than once. Copies. Traps on an index out of range.
  ///
  /// - Shape: self `[rows, width]`; result `[indices.count, width]`.
  public func rows(at indices: [Int]) -> Tensor {
    let (rows, width) = shape.matrix
    require(shape.rank == 2, "rows(at:) needs a matrix, not shape \(shape)")
    require(indices.allSatisfy((0..<rows).contains), "a row index is outside shape \(shape)")
    let out = Tensor(shape: [indices.count, width]) { start in
      for (position, row) in indices.enumerated() {
        (start + position * width).update(from: self.start + row * width, count: width)
      }
    }
    return out.recorded(from: [self]) { [node, shape] gradient in
      node?.accumulate { dx, mode in
        if mode == .store { dx.update(repeating: 0, count: shape.count) }
        for (position, row) in indices.enumerated() {
          let destination = dx + row * width
          Kernels.current.table.add_f32(destination, destination, gradient.start + position * width, width)
        }
      }
    }
  }
}

extension WeightMatrix {
  /// The rows of an embedding table for these tokens, dequantised.
  ///
  /// - Shape: `[tokens.count, columns]`. Traps where a token is outside the table.
  public func embedding(of tokens: [Int32]) -> Tensor {
    require(tokens.allSatisfy { $0 >= 0 && $0 < rows }, "a token is outside the embedding's \(rows) rows")
    return Tensor(shape: [tokens.count, columns]) { start in
      for (position, token) in tokens.enumerated() {
        dequantize(Int(token)..<Int(token) + 1, into: start + position * columns)
      }
    }
  }
}
