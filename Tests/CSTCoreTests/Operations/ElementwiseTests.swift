import Foundation
import TestSupport
import Testing

@testable import CSTCore

@Suite("Elementwise operations")
struct ElementwiseTests {
  /// A binary operation with its Double form; the second operand is away from zero, for the quotient.
  struct Binary: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let tensor: @Sendable (Tensor, Tensor) -> Tensor
    let double: @Sendable (Double, Double) -> Double

    static let all = [
      Binary(testDescription: "+", tensor: { $0 + $1 }, double: { $0 + $1 }),
      Binary(testDescription: "-", tensor: { $0 - $1 }, double: { $0 - $1 }),
      Binary(testDescription: "*", tensor: { $0 * $1 }, double: { $0 * $1 }),
      Binary(testDescription: "/", tensor: { $0 / $1 }, double: { $0 / $1 }),
    ]
  }

  /// A function of one tensor with its Double form, on inputs in a range.
  struct Unary: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var range: ClosedRange<Float> = -2...2
    let tensor: @Sendable (Tensor) -> Tensor
    let double: @Sendable (Double) -> Double

    static let all = [
      Unary(testDescription: "exp", tensor: { $0.exp() }, double: { exp($0) }),
      Unary(testDescription: "log", range: 0.5...4, tensor: { $0.log() }, double: { log($0) }),
      Unary(testDescription: "sigmoid", tensor: { $0.sigmoid() }, double: { 1 / (1 + exp(-$0)) }),
      Unary(testDescription: "tanh", tensor: { $0.tanh() }, double: { tanh($0) }),
      Unary(testDescription: "silu", tensor: { $0.silu() }, double: { $0 / (1 + exp(-$0)) }),
      Unary(testDescription: "-x", tensor: { -$0 }, double: { -$0 }),
      Unary(testDescription: "x + 1.5", tensor: { $0 + 1.5 }, double: { $0 + 1.5 }),
      Unary(testDescription: "1.5 + x", tensor: { 1.5 + $0 }, double: { 1.5 + $0 }),
      Unary(testDescription: "x - 1.5", tensor: { $0 - 1.5 }, double: { $0 - 1.5 }),
      Unary(testDescription: "1.5 - x", tensor: { 1.5 - $0 }, double: { 1.5 - $0 }),
      Unary(testDescription: "x * 1.5", tensor: { $0 * 1.5 }, double: { $0 * 1.5 }),
      Unary(testDescription: "1.5 * x", tensor: { 1.5 * $0 }, double: { 1.5 * $0 }),
      Unary(testDescription: "x / 1.5", tensor: { $0 / 1.5 }, double: { $0 / 1.5 }),
    ]
  }

  /// Shapes of two operands that line up: equal, a row applied to rows, a scalar applied to all; some empty.
  static let alignments: [(Shape, Shape)] = [
    ([3, 5], [3, 5]), ([], []), ([7], [7]), ([3, 5], [5]), ([2, 3, 5], [5]), ([3, 5], []), ([7], []), ([0, 5], [5]),
    ([3, 0], [3, 0]), ([3, 0], [0]), ([0], []),
  ]

  @Test("Values are those of Double arithmetic", arguments: Binary.all, alignments)
  func values(operation: Binary, shapes: (Shape, Shape)) {
    let (a, b) = (Tensor.random(shapes.0), Tensor.random(shapes.1, seed: 2, in: 0.5...2))
    let other = b.doubles
    let expected = a.doubles.enumerated().map { index, x in operation.double(x, other[index % other.count]) }
    #expect(operation.tensor(a, b).mismatch(shapes.0, expected) == nil)
  }

  @Test("Gradients of both operands", arguments: Binary.all, alignments)
  func gradients(operation: Binary, shapes: (Shape, Shape)) {
    let (a, b) = (Tensor.random(shapes.0), Tensor.random(shapes.1, seed: 2, in: 0.5...2))
    #expect(GradientCheck.mismatch(at: a, b, of: operation.tensor) == nil)
    #expect(GradientCheck.mismatch(at: a) { operation.tensor($0, b) } == nil)
    #expect(GradientCheck.mismatch(at: b) { operation.tensor(a, $0) } == nil)
  }

  /// The kernels' functions are within 8 ULP of a result of size 1 at most.
  @Test("Values of functions", arguments: Unary.all)
  func values(function: Unary) {
    for shape in [[], [0], [37], [3, 5]] as [Shape] {
      let x = Tensor.random(shape, in: function.range)
      #expect(function.tensor(x).mismatch(shape, x.doubles.map(function.double), terms: 16) == nil)
    }
  }

  @Test("Gradients of functions", arguments: Unary.all)
  func gradients(function: Unary) {
    for shape in [[], [0], [37], [3, 5]] as [Shape] {
      #expect(GradientCheck.mismatch(at: Tensor.random(shape, in: function.range), of: function.tensor) == nil)
    }
  }

  @Test("Closed forms")
  func closedForms() {
    let (a, b) = (Tensor([1, 2, 3, 4], shape: [2, 2]), Tensor([10, 20], shape: [2]))
    let cotangent = Tensor([1, 10, 100, 1000], shape: [2, 2])
    func derivatives(_ function: (Tensor, Tensor) -> Tensor) -> [[Float]] {
      let (da, db) = valueWithPullback(at: a, b, of: function).pullback(cotangent)
      return [da.scalars, db.scalars]
    }
    #expect(derivatives { $0 + $1 } == [[1, 10, 100, 1000], [101, 1010]])
    #expect(derivatives { $0 - $1 } == [[1, 10, 100, 1000], [-101, -1010]])
    #expect(derivatives { $0 * $1 } == [[10, 200, 1000, 20000], [301, 4020]])
    let quotient = derivatives { $0 / $1 }
    #expect(quotient[0] == [0.1, 0.5, 10, 50])
    // -(1·1 + 100·3)/10², -(10·2 + 1000·4)/20²
    #expect(zip(quotient[1], [-3.01, -10.05]).allSatisfy { abs($0 - $1) < 1e-5 })
    let scalar = valueWithPullback(at: Tensor(2)) { a * $0 }.pullback(cotangent)
    #expect(scalar.shape == [])
    #expect(scalar.item == 4321)
  }

  @Test("Closed forms of functions at zero and one")
  func closedFormsOfFunctions() {
    func slope(at x: Float, _ function: (Tensor) -> Tensor) -> Float {
      valueWithGradient(at: Tensor(x), of: function).gradient.item
    }
    #expect(slope(at: 0) { $0.exp() } == 1)
    #expect(slope(at: 4) { $0.log() } == 0.25)
    #expect(slope(at: 0) { $0.sigmoid() } == 0.25)
    #expect(slope(at: 0) { $0.tanh() } == 1)
    #expect(slope(at: 0) { $0.silu() } == 0.5)
    #expect(slope(at: 3) { -$0 } == -1)
    #expect(slope(at: 3) { $0 / 4 } == 0.25)
  }

  /// The derivative is y(1 - y) with 1 - y exact: only the rounding of y itself, 2⁻²⁴ beside 1 - y, is left.
  @Test("Slopes of sigmoid and tanh keep their accuracy near saturation")
  func saturation() {
    for x in stride(from: Float(1), to: 12, by: 0.37) {
      let slope = Double(valueWithGradient(at: Tensor(x)) { $0.sigmoid() }.gradient.item)
      let y = 1 / (1 + exp(-Double(x)))
      #expect(abs(slope - y * (1 - y)) <= 8 * 0x1p-24 * (y + (1 - y)), "x = \(x)")
      #expect(slope >= 0)
      let hyperbolic = Double(valueWithGradient(at: Tensor(x)) { $0.tanh() }.gradient.item)
      #expect(hyperbolic >= 0)
      #expect(abs(hyperbolic - (1 - tanh(Double(x)) * tanh(Double(x)))) <= 2 * 16 * 0x1p-24, "x = \(x)")
    }
  }

  @Test("NaN and infinities propagate, forward and backward", arguments: Binary.all)
  func notFinite(operation: Binary) {
    let a = Tensor([.nan, 1, .infinity, 1], shape: [4])
    let b = Tensor([1, .nan, 1, 0], shape: [4])
    let (value, pullback) = valueWithPullback(at: a, b, of: operation.tensor)
    let expected = zip(a.doubles, b.doubles).map(operation.double)
    #expect(value.mismatch([4], expected) == nil)
    let (da, _) = pullback(Tensor([.nan, 1, 1, 1], shape: [4]))
    #expect(da.scalars[0].isNaN)
  }
}
