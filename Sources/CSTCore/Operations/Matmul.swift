import CLAPACK

/// Which code multiplies matrices.
public enum MatmulBackend: Sendable, Hashable, CaseIterable {
  /// This project's kernels.
  case kernels
  /// The system's CBLAS, for comparison: whatever `libblas.so.3` resolves to. On Debian that is the reference
  /// implementation unless `update-alternatives` points to another (OpenBLAS, BLIS), so say which one was measured.
  case blas
}

extension Tensor {
  /// The matrix product.
  ///
  /// - Shape: self `[m, k]`, `other` `[k, n]`; result `[m, n]`.
  /// - Complexity: O(m·n·k).
  public func matmul(_ other: Tensor, backend: MatmulBackend = .kernels) -> Tensor {
    require(
      shape.rank == 2 && other.shape.rank == 2 && shape[1] == other.shape[0],
      "cannot multiply matrices of shapes \(shape) and \(other.shape)")
    let size = Gemm.Size(m: shape[0], n: other.shape[1], k: shape[1])
    let (a, b) = (detached(), other.detached())
    let out = Tensor(shape: [size.m, size.n]) { start in
      let c = MatrixDestination(start: start, stride: size.n)
      switch backend {
      case .kernels: Gemm.multiply(c, .rows(a.matrix), .rows(b.matrix), size, .store)
      case .blas: blasMultiply(c, a.matrix, b.matrix, size)
      }
    }
    return out.recorded(from: [self, other]) { [aNode = node, bNode = other.node] gradient in
      let dy = MatrixSource(start: gradient.start, stride: size.n)
      aNode?.accumulate { da, mode in
        Gemm.multiply(
          MatrixDestination(start: da, stride: size.k), .rows(dy), .transpose(of: b.matrix),
          Gemm.Size(m: size.m, n: size.k, k: size.n), mode)
      }
      bNode?.accumulate { db, mode in
        Gemm.multiply(
          MatrixDestination(start: db, stride: size.n), .transpose(of: a.matrix), .rows(dy),
          Gemm.Size(m: size.k, n: size.n, k: size.m), mode)
      }
    }
  }

  /// The transposed matrix, copied.
  /// - Shape: self `[m, n]`; result `[n, m]`.
  public func transposed() -> Tensor {
    require(shape.rank == 2, "only a matrix can be transposed, not shape \(shape)")
    let (rows, columns) = (shape[0], shape[1])
    let out = Tensor(shape: [columns, rows]) { out in
      for row in 0..<rows {
        for column in 0..<columns { out[column * rows + row] = start[row * columns + column] }
      }
    }
    return out.recorded(from: [self]) { [node] gradient in
      node?.accumulate(sharing: Tensor(storage: gradient, shape: [columns, rows]).transposed().storage)
    }
  }

  /// The same elements, in row-major order, in another shape; shares their memory. Traps where the counts differ.
  public func reshaped(_ shape: Shape) -> Tensor {
    require(shape.count == count, "a tensor of shape \(self.shape) cannot become \(shape)")
    return Tensor(storage: storage, shape: shape).recorded(from: [self]) { [node] gradient in
      node?.accumulate(sharing: gradient)
    }
  }
}

private func blasMultiply(_ c: MatrixDestination, _ a: MatrixSource, _ b: MatrixSource, _ size: Gemm.Size) {
  guard size.m > 0, size.n > 0 else { return }
  cblas_sgemm(
    CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(size.m), Int32(size.n), Int32(size.k), 1, a.start,
    Int32(max(1, a.stride)), b.start, Int32(max(1, b.stride)), 0, c.start, Int32(max(1, c.stride)))
}
