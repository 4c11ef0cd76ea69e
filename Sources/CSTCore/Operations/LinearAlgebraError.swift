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
  public let routine: String
  /// The shape of the matrix.
  public let shape: Shape
  /// What was found, and what to do.
  public let detail: String

  /// The routine and the shape.
  public var place: String { "\(routine) of a matrix \(shape)" }
}
