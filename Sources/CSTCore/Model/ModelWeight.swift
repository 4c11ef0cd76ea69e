/// One base weight of a model, rows in the order Hugging Face has them, whatever file it came from.
package struct ModelWeight: Sendable {
  /// The numbers.
  package enum Content: Sendable {
    /// A matrix, stored as the file has it.
    case matrix(WeightMatrix)
    /// A norm or a bias, in float32.
    case vector(Tensor)
  }

  /// What it is for.
  package let role: WeightRole
  /// The numbers.
  package let content: Content

  /// `[rows, columns]` or `[length]`.
  package var shape: [Int] {
    switch content {
    case .matrix(let matrix): [matrix.rows, matrix.columns]
    case .vector(let vector): vector.shape.lengths
    }
  }
}
