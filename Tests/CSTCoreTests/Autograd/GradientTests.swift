import TestSupport
import Testing

@testable import CSTCore

@Suite("Gradients of containers")
struct GradientTests {
  struct Layer: ParameterContainer, Equatable {
    var weight: Tensor
    var bias: Tensor

    func mapParameters(_ transform: (Tensor) throws -> Tensor) rethrows -> Layer {
      Layer(weight: try transform(weight), bias: try transform(bias))
    }

    func callAsFunction(_ x: Tensor) -> Tensor { (x.matmul(weight) + bias).tanh() }

    static func == (a: Layer, b: Layer) -> Bool {
      a.weight.scalars == b.weight.scalars && a.bias.scalars == b.bias.scalars
    }
  }

  static func layers() -> [Layer] {
    [
      Layer(weight: .random([4, 6], seed: 1), bias: .random([6], seed: 2)),
      Layer(weight: .random([6, 3], seed: 3), bias: .random([3], seed: 4)),
    ]
  }

  @Test("An array of containers and a tensor")
  func network() {
    let x = Tensor.random([5, 4], seed: 9)
    #expect(
      GradientCheck.mismatch(at: Self.layers(), x, noise: 64) { layers, x in
        layers.reduce(x) { $1($0) }
      } == nil)
    #expect(GradientCheck.mismatch(at: [x, x]) { $0[0] * $0[1] } == nil)
  }

  @Test("The gradient has the container's type, count and shapes")
  func shapes() {
    let layers = Self.layers()
    let x = Tensor.random([5, 4], seed: 9)
    let (value, (dLayers, dx)) = valueWithGradient(at: layers, x) { layers, x in
      layers.reduce(x) { $1($0) }.sum()
    }
    #expect(value.shape == [] && value.node == nil)
    #expect(dLayers.count == 2)
    #expect(dLayers.flatMap(\.parameters).map(\.shape) == layers.flatMap(\.parameters).map(\.shape))
    #expect(dx.shape == x.shape)
    #expect(dLayers.flatMap(\.parameters).allSatisfy { $0.node == nil } && dx.node == nil)
  }

  @Test("Zeros where the function does not depend on a parameter, also where it returns a constant")
  func independent() {
    let (a, b) = (Tensor.random([2, 3]), Tensor.random([4]))
    let (da, db) = valueWithGradient(at: a, b) { a, _ in (a * a).sum() }.gradient
    #expect(da.mismatch([2, 3], a.doubles.map { 2 * $0 }) == nil)
    #expect(db.mismatch([4], [0, 0, 0, 0], terms: 0) == nil)
    let (value, gradient) = valueWithGradient(at: a) { _ in Tensor(3) }
    #expect(value.item == 3)
    #expect(gradient.mismatch([2, 3], [Double](repeating: 0, count: 6), terms: 0) == nil)
    #expect(valueWithGradient(at: [Tensor]()) { _ in Tensor(1) }.gradient.isEmpty)
  }

  @Test("The function itself: its gradient is the cotangent")
  func identity() {
    let cotangent = Tensor.random([2, 3], seed: 2)
    let dx = valueWithPullback(at: Tensor.random([2, 3])) { $0 }.pullback(cotangent)
    #expect(dx.scalars == cotangent.scalars)
  }

  @Test("Detached tensors are constants")
  func detached() {
    #expect(valueWithGradient(at: Tensor(3)) { $0 * $0.detached() }.gradient.item == 3)
  }

  @Test("Errors of the function pass through")
  func errors() {
    struct Refusal: Error {}
    #expect(throws: Refusal.self) {
      try valueWithGradient(at: Tensor(1)) { x in
        if x.item == 1 { throw Refusal() }
        return x
      }
    }
  }

  @Test("An inner gradient may use an outer tensor once it is detached")
  func nested() {
    let (value, gradient) = valueWithGradient(at: Tensor(3)) { x in
      let slope = valueWithGradient(at: Tensor(2)) { $0 * $0 * x.detached() }.gradient
      return slope * x
    }
    #expect(value.item == 36)
    #expect(gradient.item == 12)
  }

  @Test("Gradients are repeatable to the bit")
  func repeatable() {
    let (layers, x) = (Self.layers(), Tensor.random([5, 4], seed: 9))
    let runs = (0..<2).map { _ in
      valueWithGradient(at: layers) { layers in layers.reduce(x) { $1($0) }.sum() }.gradient
    }
    #expect(runs[0] == runs[1])
  }
}
