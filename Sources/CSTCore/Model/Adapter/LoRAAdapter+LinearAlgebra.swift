extension LoRAAdapter {
  /// This adapter with factors of a lower rank: for every projection the best approximation of its update
  /// scale·B·A there is with that rank (Eckart & Young 1936), and the update itself, up to rounding, where its rank is
  /// no higher.
  ///
  /// α changes with the rank so that every module keeps its scale. The new A has orthonormal rows and B carries the
  /// singular values, so that training can go on from here; DoRA's magnitudes stay. Not differentiable: the result's
  /// factors are constants.
  /// - Parameter rank: In `1...` the highest rank there is. Traps outside.
  /// - Throws: ``LinearAlgebraError`` where a factor is not finite, or LAPACK reports a failure.
  /// - Complexity: O((outputs + inputs)·r²) per projection: B·A is never formed.
  public func compressed(toRank rank: Int) throws(LinearAlgebraError) -> LoRAAdapter {
    let adapter = converted
    let highest = adapter.modules.map(\.rank).max() ?? 1
    require((1...highest).contains(rank), "a rank in 1...\(highest) is possible here, not \(rank)")
    var compressedFactors: [LoRAFactors] = []
    for factors in adapter.factors { compressedFactors.append(try factors.compressed(toRank: rank)) }
    return adapter.replacing(compressedFactors, rank: rank)
  }
}

extension LoRAAdapter {
  /// What an adapter adds to one matrix.
  package struct Update: Sendable {
    package let path: String
    package let rank: Int
    package let scale: Double
    /// ‖scale·B·A‖, the root of the sum of all squares.
    package let norm: Double
  }

  /// What is added to each matrix; of DoRA, before rows are scaled.
  package var updates: [Update] {
    let adapter = converted
    return zip(adapter.modules, adapter.factors).map { module, factors in
      let (a, b) = (factors.a.detached(), factors.b.detached())
      // ‖B·A‖² is the sum of the products of BᵀB and A·Aᵀ.
      let (left, right) = (b.transposed().matmul(b), a.matmul(a.transposed()))
      let square = zip(left.scalars, right.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      return Update(
        path: module.path, rank: module.rank, scale: module.scale,
        norm: abs(module.scale) * max(0, square).squareRoot())
    }
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
      a: newA.paddedWithZeroRows(to: rank), b: newB.transposed().paddedWithZeroRows(to: rank).transposed(),
      magnitude: magnitude)
  }
}
