import Foundation

/// How the factor A of fresh LoRA factors is filled; B is zero, so that the adapted model starts as the base model.
@nonexhaustive
public enum LoRAInitialization: Sendable, Hashable {
  /// Uniform in ±1/√inputs, as PEFT does it.
  case kaimingUniform
  /// A multiple of a uniformly random matrix with orthonormal rows: no two directions of the adapter begin alike. The
  /// elements have the root mean square of ``kaimingUniform``, so that the same learning rates fit.
  ///
  /// Its bits depend on the system's LAPACK, whose QR factorisation it uses.
  case orthogonal
}

extension LoRAInitialization {
  /// A fresh factor A, `[rank, inputs]`.
  func factor(rank: Int, inputs: Int, using generator: inout some RandomNumberGenerator) -> Tensor {
    switch self {
    case .kaimingUniform:
      let bound = 1 / Float(inputs).squareRoot()
      let values = (0..<rank * inputs).map { _ in Float.random(in: -bound...bound, using: &generator) }
      return Tensor(values, shape: [rank, inputs])
    case .orthogonal:
      let directions = Self.orthonormalColumns(max(rank, inputs), min(rank, inputs), using: &generator)
      let shaped = rank <= inputs ? directions.transposed() : directions
      // Elements uniform in ±1/√inputs have the mean square 1 / (3·inputs): a squared norm of rank/3 in all.
      return shaped * Float((Double(rank) / (3 * Double(min(rank, inputs)))).squareRoot())
    }
  }

  /// A matrix `[rows, columns]` with orthonormal columns, uniformly distributed: the Q of a Gaussian matrix, its
  /// columns' signs chosen so that R's diagonal is positive (Mezzadri, arXiv math-ph/0609050).
  private static func orthonormalColumns(
    _ rows: Int, _ columns: Int, using generator: inout some RandomNumberGenerator
  ) -> Tensor {
    let gaussian = Tensor((0..<rows * columns).map { _ in normal(using: &generator) }, shape: [rows, columns])
    do {
      let (q, r) = try gaussian.qr()
      return q * Tensor((0..<columns).map { r[$0, $0] < 0 ? -1 : 1 }, shape: [columns])
    } catch {
      // The input is finite, so what is left is memory, without which nothing else can go on either.
      mistake("\(error)")
    }
  }

  /// A standard normal number (Box & Muller 1958).
  private static func normal(using generator: inout some RandomNumberGenerator) -> Float {
    let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &generator))).squareRoot()
    return Float(radius * cos(2 * .pi * Double.random(in: 0..<1, using: &generator)))
  }
}
