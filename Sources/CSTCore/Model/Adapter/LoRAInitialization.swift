import Foundation

/// How fresh LoRA factors are filled. The adapted model always starts as the base model.
@nonexhaustive
public enum LoRAInitialization: Sendable, Hashable {
  /// A uniform in ±1/√inputs and B zero, as PEFT does it.
  case kaimingUniform
  /// A a multiple of a uniformly random matrix with orthonormal rows, B zero: no two directions of the adapter begin alike. The
  /// elements have the root mean square of ``kaimingUniform``, so that the same learning rates fit.
  ///
  /// Its bits depend on the system's LAPACK, whose QR factorisation it uses.
  case orthogonal
  /// The first r singular vectors of the weight W = U·S·Vᵀ (Meng et al., arXiv 2404.02948): B = U√(S/s) and A = √(S/s)Vᵀ
  /// with s the scale. What they make is taken away from the weight, and is written as a part of the adapter: a plain
  /// LoRA of twice the rank on the unchanged model.
  ///
  /// Needs the model's weights and one singular value decomposition for each; its bits depend on the system's LAPACK.
  case pissa
  /// The first r columns and rows of the weight's factorisation W = Q·R, B and A (Büyükakyüz, arXiv 2406.01775); the rest
  /// as with ``pissa``.
  case olora
}

extension LoRAInitialization {
  /// Whether fresh factors have an effect that is taken away from the base.
  var changesBase: Bool { self == .pissa || self == .olora }

  /// What PEFT's `init_lora_weights` calls it.
  package var name: String {
    switch self {
    case .kaimingUniform: "true"
    case .orthogonal: "orthogonal"
    case .pissa: "pissa"
    case .olora: "olora"
    }
  }

  /// The factors that a weight is taken apart into, the first `rank` directions of them.
  func factors(of weight: WeightMatrix, rank: Int, scale: Double) throws(LinearAlgebraError) -> FrozenFactors {
    let (matrix, first) = (weight.dequantized(), Array(0..<rank))
    guard self == .pissa else {
      let (q, r) = try matrix.qr()
      return FrozenFactors(a: r.rows(at: first), b: q.columns(0..<rank))
    }
    let (u, values, vT) = try matrix.singularValueDecomposition()
    let roots = Tensor(first.map { Float((Double(values[$0]) / scale).squareRoot()) }, shape: [rank])
    return FrozenFactors(
      a: (vT.rows(at: first).transposed() * roots).transposed(), b: u.columns(0..<rank) * roots)
  }

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
    case .pissa, .olora: mistake("\(name) needs the weights of the model: make the adapter for a LanguageModel")
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
