import TestSupport
import Testing

@testable import CSTCore

@Suite("RMS normalisation")
struct NormalizationTests {
  static let shapes: [Shape] = [[5], [1, 1], [3, 17], [70, 8], [2, 3, 4], [0, 4]]
  static let epsilon: Float = 1e-5

  @Test("Values", arguments: shapes)
  func values(shape: Shape) {
    let (x, weight) = (Tensor.random(shape), Tensor.random([shape[-1]], seed: 2))
    let (rows, width) = shape.matrix
    let matrix = MatrixOracle(rows, width, x.doubles)
    let expected = (0..<rows).flatMap { row in
      NormalizationOracle(x: matrix.row(row), weight: weight.doubles, epsilon: Double(Self.epsilon)).output
    }
    let found = x.rmsNorm(weight: weight, epsilon: Self.epsilon)
    #expect(found.mismatch(shape, expected, terms: Double(width + 8)) == nil)
  }

  /// Rows of one element: the result is ±weight but for epsilon, so the derivative is nearly zero and the difference
  /// is all rounding; the noise term covers that.
  @Test("Gradients of rows and weight", arguments: shapes)
  func gradients(shape: Shape) {
    let (x, weight) = (Tensor.random(shape), Tensor.random([shape[-1]], seed: 2, in: 0.5...2))
    // Steps shorter than the least norm of these rows, whose curvature is the inverse norm.
    #expect(
      GradientCheck.mismatch(at: x, weight, step: 0x1p-6) { $0.rmsNorm(weight: $1, epsilon: Self.epsilon) } == nil)
    #expect(
      GradientCheck.mismatch(at: x, step: 0x1p-6) { $0.rmsNorm(weight: weight, epsilon: Self.epsilon) } == nil)
    #expect(GradientCheck.mismatch(at: weight) { x.rmsNorm(weight: $0, epsilon: Self.epsilon) } == nil)
  }

  /// With x = (1, 1) and ε = 0 the norm is 1: y = w, dw = dy·x, dx = w·dy - x·mean(w·dy·x).
  @Test("Closed form")
  func closedForm() {
    let (x, weight) = (Tensor([1, 1], shape: [1, 2]), Tensor([2, 3], shape: [2]))
    let (value, pullback) = valueWithPullback(at: x, weight) { $0.rmsNorm(weight: $1, epsilon: 0) }
    #expect(value.scalars == [2, 3])
    let (dx, dWeight) = pullback(Tensor([1, 2], shape: [1, 2]))
    #expect(dx.shape == [1, 2] && dx.scalars == [-2, 2])
    #expect(dWeight.shape == [2] && dWeight.scalars == [1, 2])
  }

  @Test("NaN stays in its row")
  func notANumber() {
    let y = Tensor([.nan, 1, 3, 3], shape: [2, 2]).rmsNorm(weight: .ones([2]), epsilon: 0).scalars
    #expect(y[0].isNaN && y[1].isNaN)
    #expect(y[2] == 1 && y[3] == 1)
  }
}
