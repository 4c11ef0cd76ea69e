import CLAPACK

// Factorisations by the system's LAPACK. They are for preparing and compressing adapters, not for training: results
// have no gradient history, and their bits are those of the installed library.

extension Tensor {
  /// The thin singular value decomposition, self = U·diag(s)·Vᵀ, by divide and conquer (LAPACK's `sgesdd`).
  ///
  /// Not differentiable: the result is a constant whatever self is. U's columns and Vᵀ's rows are orthonormal to a few
  /// ULP; |U·diag(s)·Vᵀ − self| is at most a small multiple of 2⁻²⁴·s₀. The sign of a pair of singular vectors, and
  /// the basis where singular values coincide, are the library's choice.
  /// - Shape: self `[m, n]`; with k = min(m, n), `u` `[m, k]`, `singularValues` `[k]`, descending and not negative, `vT`
  ///   `[k, n]`. Traps where self is not a matrix.
  /// - Throws: ``LinearAlgebraError`` where an element is not finite, or LAPACK reports a failure.
  /// - Complexity: O(m·n·k).
  public func singularValueDecomposition() throws(LinearAlgebraError) -> (
    u: Tensor, singularValues: Tensor, vT: Tensor
  ) {
    let (m, n) = try lapackSizes("sgesdd")
    let k = min(m, n)
    let (u, values, vT) = (
      TensorStorage(count: Int(m * k)), TensorStorage(count: Int(k)), TensorStorage(count: Int(k * n))
    )
    if k > 0 {
      // LAPACK sees columns where this matrix has rows, so it decomposes the transpose: the two sides change places.
      let overwritten = storage.copy()
      let status = LAPACKE_sgesdd(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "S")), n, m, overwritten.start, n, values.start, vT.start, n, u.start, k)
      try check(status, "sgesdd")
    }
    return (
      Tensor(storage: u, shape: [shape[0], Int(k)]), Tensor(storage: values, shape: [Int(k)]),
      Tensor(storage: vT, shape: [Int(k), shape[1]])
    )
  }

  /// The thin QR factorisation by Householder reflections, self = Q·R (LAPACK's `sgeqrf` and `sorgqr`).
  ///
  /// Not differentiable: the result is a constant whatever self is. Q's columns are orthonormal to a few ULP, also where
  /// self has dependent or zero columns.
  /// - Shape: self `[m, n]`; with k = min(m, n), `q` `[m, k]`, `r` `[k, n]`, zero below the diagonal. Traps where self is
  ///   not a matrix.
  /// - Throws: ``LinearAlgebraError`` where an element is not finite, or LAPACK reports a failure.
  /// - Complexity: O(m·n·k).
  public func qr() throws(LinearAlgebraError) -> (q: Tensor, r: Tensor) {
    let (m, n) = try lapackSizes("sgeqrf")
    let (rows, columns, k) = (Int(m), Int(n), Int(min(m, n)))
    let reflections = storage.copy()
    let scales = TensorStorage(count: k)
    if k > 0 {
      try check(LAPACKE_sgeqrf(LAPACK_ROW_MAJOR, m, n, reflections.start, n, scales.start), "sgeqrf")
    }
    let r = Tensor(shape: [k, columns]) { start in
      for row in 0..<k {
        (start + row * columns).update(repeating: 0, count: row)
        (start + row * columns + row).update(from: reflections.start + row * columns + row, count: columns - row)
      }
    }
    let q = TensorStorage(count: rows * k)
    for row in 0..<(k > 0 ? rows : 0) {
      (q.start + row * k).update(from: reflections.start + row * columns, count: k)
    }
    if k > 0 {
      try check(LAPACKE_sorgqr(LAPACK_ROW_MAJOR, m, Int32(k), Int32(k), q.start, Int32(k), scales.start), "sorgqr")
    }
    return (Tensor(storage: q, shape: [rows, k]), r)
  }

  /// The sizes as LAPACK counts them.
  private func lapackSizes(_ routine: String) throws(LinearAlgebraError) -> (m: Int32, n: Int32) {
    require(shape.rank == 2, "only a matrix can be factorised, not shape \(shape)")
    guard let m = Int32(exactly: shape[0]), let n = Int32(exactly: shape[1]) else {
      throw LinearAlgebraError(
        reason: .tooLarge, routine: routine, shape: shape, detail: "neither length may be above \(Int32.max)")
    }
    if let index = storage.elements.firstIndex(where: { !$0.isFinite }) {
      let (row, column) = index.quotientAndRemainder(dividingBy: shape[1])
      throw LinearAlgebraError(
        reason: .notFinite, routine: routine, shape: shape,
        detail: "element [\(row), \(column)] is \(storage.elements[index]); look at where the matrix comes from")
    }
    return (m, n)
  }

  private func check(_ status: Int32, _ routine: String) throws(LinearAlgebraError) {
    guard status != 0 else { return }
    throw LinearAlgebraError(
      reason: status > 0 ? .notConverged : .failed, routine: routine, shape: shape,
      detail: "its status is \(status); see LAPACK's documentation of \(routine)")
  }
}

/// Why a factorisation was refused or failed.
public struct LinearAlgebraError: PlacedError, Hashable {
  /// The kind of failure; compare it to react to one kind.
  public struct Reason: Sendable, Hashable, CustomStringConvertible {
    /// A short English phrase, stable within a major version.
    public let description: String

    /// The matrix holds NaN or infinity.
    public static let notFinite = Reason(description: "a value is not finite")
    /// The matrix has more rows or columns than LAPACK's 32-bit sizes count.
    public static let tooLarge = Reason(description: "a matrix is too large for LAPACK")
    /// An iteration inside LAPACK did not converge.
    public static let notConverged = Reason(description: "an iteration did not converge")
    /// LAPACK reports something else: memory it could not get, or an argument it refuses.
    public static let failed = Reason(description: "LAPACK failed")
  }

  /// The kind of failure.
  public let reason: Reason
  /// LAPACK's name of the routine.
  package let routine: String
  /// The shape of the matrix.
  package let shape: Shape
  /// What was found, and what to do.
  public let detail: String

  /// The routine and the shape.
  public var place: String { "\(routine) of a matrix \(shape)" }
}
