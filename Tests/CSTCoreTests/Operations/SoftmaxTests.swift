import Foundation
import TestSupport
import Testing

@testable import CSTCore

@Suite("Softmax")
struct SoftmaxTests {
  static let shapes: [Shape] = [[1], [5], [3, 17], [2, 3, 4], [40, 33], [0, 4]]

  @Test("Values", arguments: shapes)
  func values(shape: Shape) {
    let x = Tensor.random(shape, in: -4...4)
    let (softmax, logSoftmax) = (x.softmax(), x.logSoftmax())
    #expect(softmax.shape == shape && logSoftmax.shape == shape)
    let (rows, width) = shape.matrix
    for row in 0..<rows {
      let range = row * width..<(row + 1) * width
      let oracle = SoftmaxOracle(Array(x.doubles[range]))
      #expect(
        Mismatch.first(Array(softmax.scalars[range]), oracle.softmax, within: oracle.softmaxTolerance) == nil)
      #expect(
        Mismatch.first(Array(logSoftmax.scalars[range]), oracle.logSoftmax, within: oracle.logSoftmaxTolerance) == nil)
    }
  }

  @Test("Gradients", arguments: shapes)
  func gradients(shape: Shape) {
    let x = Tensor.random(shape)
    #expect(GradientCheck.mismatch(at: x) { $0.softmax() } == nil)
    #expect(GradientCheck.mismatch(at: x) { $0.logSoftmax() } == nil)
  }

  @Test("Closed forms: two equal logits")
  func closedForms() {
    let x = Tensor([3, 3], shape: [1, 2])
    #expect(x.softmax().scalars == [0.5, 0.5])
    let cotangent = Tensor([1, 0], shape: [1, 2])
    #expect(valueWithPullback(at: x) { $0.softmax() }.pullback(cotangent).scalars == [0.25, -0.25])
    #expect(valueWithPullback(at: x) { $0.logSoftmax() }.pullback(cotangent).scalars == [0.5, -0.5])
  }

  @Test("Large logits do not overflow; NaN stays in its row")
  func extremes() {
    let x = Tensor([1e4, 1e4, .nan, 1], shape: [2, 2])
    #expect(x.softmax().scalars[..<2] == [0.5, 0.5])
    #expect(x.softmax().scalars[2...].allSatisfy { $0.isNaN })
    let dx = valueWithPullback(at: x) { $0.softmax() }.pullback(.ones([2, 2])).scalars
    #expect(dx[0].isFinite && dx[1].isFinite && dx[2].isNaN && dx[3].isNaN)
  }
}
