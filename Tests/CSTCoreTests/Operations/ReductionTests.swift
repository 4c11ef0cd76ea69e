import TestSupport
import Testing

@testable import CSTCore

@Suite("Reductions")
struct ReductionTests {
  @Test("Sums are accumulated in Double", arguments: [[], [0], [1], [1000], [3, 5], [0, 4], [4, 0]] as [Shape])
  func sum(shape: Shape) {
    let x = Tensor.random(shape)
    #expect(x.sum().mismatch([], [x.doubles.reduce(0, +)], terms: 1) == nil)
    #expect(GradientCheck.mismatch(at: x) { $0.sum() } == nil)
  }

  @Test("Terms that cancel do not vanish")
  func cancellation() {
    #expect(Tensor([1e8, 1, -1e8], shape: [3]).sum().item == 1)
  }

  @Test("The mean", arguments: [[], [1], [1000], [3, 5]] as [Shape])
  func mean(shape: Shape) {
    let x = Tensor.random(shape)
    #expect(x.mean().mismatch([], [x.doubles.reduce(0, +) / Double(x.count)]) == nil)
    #expect(GradientCheck.mismatch(at: x) { $0.mean() } == nil)
  }

  @Test("Sums of rows", arguments: [[5], [3, 5], [2, 3, 4], [0, 4], [4, 0]] as [Shape])
  func sumOfRows(shape: Shape) {
    let x = Tensor.random(shape)
    let (rows, width) = shape.matrix
    let values = x.doubles
    let expected = (0..<rows).map { row in (0..<width).reduce(0) { $0 + values[row * width + $1] } }
    #expect(x.sumOfRows().mismatch(Shape(shape.lengths.dropLast()), expected, terms: 1) == nil)
    #expect(GradientCheck.mismatch(at: x) { $0.sumOfRows() } == nil)
  }

  @Test("Closed forms")
  func closedForms() {
    let x = Tensor([1, 2, 3, 4], shape: [2, 2])
    #expect(valueWithGradient(at: x) { $0.sum() }.gradient.scalars == [1, 1, 1, 1])
    #expect(valueWithGradient(at: x) { $0.mean() }.gradient.scalars == [0.25, 0.25, 0.25, 0.25])
    let dx = valueWithPullback(at: x) { $0.sumOfRows() }.pullback(Tensor([5, 7], shape: [2]))
    #expect(dx.scalars == [5, 5, 7, 7])
  }
}
