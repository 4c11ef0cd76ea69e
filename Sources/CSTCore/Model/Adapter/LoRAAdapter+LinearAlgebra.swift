extension LoRAAdapter {
  /// This adapter with factors of a lower rank: for every projection the best approximation of its update
  /// scale·B·A there is with that rank (Eckart & Young 1936), and the update itself, up to rounding, where its rank is
  /// no higher.
  ///
  /// α changes with the rank so that α / r stays what it is. The new A has orthonormal rows and B carries the singular
  /// values, so that training can go on from here. Not differentiable: the result's factors are constants.
  /// - Parameter rank: In `1...configuration.rank`. Traps outside.
  /// - Throws: ``LinearAlgebraError`` where a factor is not finite, or LAPACK reports a failure.
  /// - Complexity: O((outputs + inputs)·r²) per projection: B·A is never formed.
  public func compressed(toRank rank: Int) throws(LinearAlgebraError) -> LoRAAdapter {
    require(
      (1...configuration.rank).contains(rank), "a rank in 1...\(configuration.rank) is possible here, not \(rank)")
    var compressedFactors: [LoRAFactors] = []
    for factors in factors { compressedFactors.append(try factors.compressed(toRank: rank)) }
    return LoRAAdapter(
      configuration: LoRAConfiguration(
        rank: rank, alpha: configuration.alpha * Double(rank) / Double(configuration.rank),
        dropout: configuration.dropout, targets: Set(configuration.targets),
        initialization: configuration.initialization),
      layerCount: layerCount, factors: compressedFactors)
  }
}

extension LoRAFactors {
  /// With B = Q₁R₁ and Aᵀ = Q₂R₂, B·A = Q₁(R₁R₂ᵀ)Q₂ᵀ: the small matrix in the middle has the singular values of B·A.
  func compressed(toRank rank: Int) throws(LinearAlgebraError) -> LoRAFactors {
    let (left, leftCore) = try b.qr()
    let (right, rightCore) = try a.transposed().qr()
    let (u, values, vT) = try leftCore.matmul(rightCore.transposed()).singularValueDecomposition()
    // Factors of matrices narrower than the rank have fewer singular values than that: zero rows and columns follow.
    let kept = min(rank, values.count)
    let first = Array(0..<kept)
    let newB = left.matmul((u * values).transposed().rows(at: first).transposed())
    let newA = vT.rows(at: first).matmul(right.transposed())
    return LoRAFactors(
      a: newA.paddedWithZeroRows(to: rank), b: newB.transposed().paddedWithZeroRows(to: rank).transposed())
  }
}

extension Tensor {
  fileprivate func paddedWithZeroRows(to rows: Int) -> Tensor {
    rows == shape[0]
      ? self : Tensor(scalars + [Float](repeating: 0, count: (rows - shape[0]) * shape[1]), shape: [rows, shape[1]])
  }
}
