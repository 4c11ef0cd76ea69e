extension Tensor {
  /// The product with an adapted weight, whatever form the adapter has.
  ///
  /// - LoRA: x·Wᵀ + scale·(z·Aᵀ)·Bᵀ.
  /// - DoRA (Liu et al., arXiv 2402.09353, section 4.3): rows of W + scale·B·A are scaled to the length m, and their own
  ///   length is a constant for gradients. With an input of its own only what the adapter changes reads that, as PEFT does it:
  ///   the first of three products with W has x.
  /// - Where the factors began as a part of W: that part, of the input x, is taken away.
  /// - Parameters:
  ///   - adapterInput: What the adapter reads instead of x (x after dropout); x where `nil`.
  ///   - access: Where products find the weights.
  /// - Shape: self `[m, weight.columns]`; result `[m, weight.rows]`.
  func linear(
    _ weight: WeightMatrix, adapted factors: LoRAFactors, scale: Float, adapterInput: Tensor? = nil,
    precision: Precision = .f32, access: WeightAccess = .packed
  ) -> Tensor {
    func product(_ x: Tensor, _ z: Tensor?) -> Tensor {
      x.linear(weight, adding: factors, scale: scale, adapterInput: z, precision: precision, access: access)
    }
    guard let magnitude = factors.magnitude else {
      guard let initial = factors.initial else { return product(self, adapterInput) }
      let taken = matmul(initial.a.transposed()).matmul(initial.b.transposed()) * scale
      return product(self, adapterInput) - taken
    }
    let factor = magnitude / (factors.norms ?? weight.rowNorms(adding: factors, scale: scale))
    guard let z = adapterInput else { return product(self, nil) * factor }
    let base = { (x: Tensor) in x.linear(weight, precision: precision, access: access) }
    return base(self) + (product(z, nil) * factor - base(z))
  }
}

extension WeightMatrix {
  /// The length of every row of W + scale·B·A, `[rows]`; a constant.
  /// - Complexity: O(rows·columns·rank); holds a block of rows at a time.
  func rowNorms(adding factors: LoRAFactors, scale: Float) -> Tensor {
    let (a, b) = (factors.a.detached(), factors.b.detached() * scale)
    let (rank, block) = (factors.rank, max(1, min(rows, (1 << 18) / max(1, columns))))
    return Tensor(shape: [rows]) { norms in
      withScratch(Float.self, count: max(1, block * columns)) { values in
        for start in stride(from: 0, to: rows, by: block) {
          let count = min(block, rows - start)
          ComputePool.shared.forEachRange(count: count, grain: 16) { range in
            self.dequantize(
              start + range.lowerBound..<start + range.upperBound, into: values + range.lowerBound * self.columns)
          }
          Gemm.multiply(
            MatrixDestination(start: values, stride: columns),
            .rows(MatrixSource(start: b.start + start * rank, stride: rank)), .rows(a.matrix),
            Gemm.Size(m: count, n: columns, k: rank), .add)
          for row in 0..<count {
            let first = values + row * columns
            norms[start + row] = Float(Kernels.current.dot(first, first, columns).squareRoot())
          }
        }
      }
    }
  }
}
