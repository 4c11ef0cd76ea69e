extension Tensor {
  /// The given rows, in the given order; a row may be taken more than once. Copies. Traps on an index out of range.
  ///
  /// - Shape: self `[rows, width]`; result `[indices.count, width]`.
  public func rows(at indices: [Int]) -> Tensor {
    let (rows, width) = shape.matrix
    require(shape.rank == 2, "rows(at:) needs a matrix, not shape \(shape)")
    require(indices.allSatisfy((0..<rows).contains), "a row index is outside shape \(shape)")
    let out = Tensor(shape: [indices.count, width]) { start in
      elementwiseWork {
        for (position, row) in indices.enumerated() {
          (start + position * width).update(from: self.start + row * width, count: width)
        }
      }
    }
    return out.recorded(from: [self]) { [node, shape] gradient in
      node?.accumulate { dx, mode in
        elementwiseWork {
          if mode == .store { dx.update(repeating: 0, count: shape.count) }
          for (position, row) in indices.enumerated() {
            let destination = dx + row * width
            Kernels.current.add(destination, destination, gradient.start + position * width, width)
          }
        }
      }
    }
  }
}

extension Tensor {
  /// The given columns of every row. Copies. Traps on a range outside.
  ///
  /// - Shape: self `[rows, width]`; result `[rows, range.count]`.
  public func columns(_ range: Range<Int>) -> Tensor {
    let (rows, width) = shape.matrix
    require(
      shape.rank == 2 && range.lowerBound >= 0 && range.upperBound <= width,
      "columns \(range) are not in a matrix of shape \(shape)")
    let count = range.count
    let out = Tensor(shape: [rows, count]) { start in
      for row in 0..<rows {
        (start + row * count).update(from: self.start + row * width + range.lowerBound, count: count)
      }
    }
    return out.recorded(from: [self]) { [node, shape] gradient in
      node?.accumulate { dx, mode in
        if mode == .store { dx.update(repeating: 0, count: shape.count) }
        for row in 0..<rows {
          let destination = dx + row * width + range.lowerBound
          Kernels.current.add(destination, destination, gradient.start + row * count, count)
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
      forEachRowRange(of: tokens.count) { range in
        for position in range {
          let row = Int(tokens[position])
          dequantize(row..<row + 1, into: start + position * columns)
        }
      }
    }
  }
}
