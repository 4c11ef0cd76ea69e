import TestSupport
import Testing

@testable import CSTCore

/// Gradients are passed on without copying and copied only when a second one is added: every way a tensor can be used
/// twice is a way to get that wrong.
@Suite("Tensors used in several places")
struct GradientSharingTests {
  struct Reuse: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Tensor, Tensor) -> Tensor

    init(_ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) {
      (testDescription, self.function) = (name, function)
    }
  }

  static let cases = [
    Reuse("x + x") { x, _ in x + x },
    Reuse("x - x") { x, _ in x - x },
    Reuse("x·x") { x, _ in x * x },
    Reuse("x / (x + 3)") { x, _ in x / (x + 3) },
    Reuse("(x + y) + x") { x, y in (x + y) + x },
    Reuse("x + (x + y)") { x, y in x + (x + y) },
    Reuse("(x + y)·(x - y)") { x, y in (x + y) * (x - y) },
    Reuse("(x + y) + (x + y)") { x, y in
      let sum = x + y
      return sum + sum
    },
    Reuse("a residual stream") { x, y in
      var stream = x
      for _ in 0..<4 { stream = stream + (stream * y).tanh() }
      return stream
    },
    Reuse("a residual stream that ends in both") { x, y in
      let first = x + y
      let second = first + x.tanh()
      return (first + second) + (x + second)
    },
    Reuse("reshaped and back, then both") { x, _ in x.reshaped([x.count]).reshaped(x.shape) + x },
    Reuse("added after being stored") { x, y in x.tanh() + x + y * x },
    Reuse("stored after being shared") { x, y in (x + y) + x.rows(at: [0, 1]) },
    Reuse("transposed twice") { x, _ in x.transposed().transposed() + x },
    Reuse("three users of different depth") { x, y in
      let shared = x * y
      return shared.exp().tanh() + shared.tanh() + shared
    },
    Reuse("one gradient shared by three nodes, then added to") { x, y in
      let (a, b, c) = (x * 2, y * 3, x * y)
      let sum = a + b + c
      return sum + a.tanh() + b.tanh() + c.tanh()
    },
  ]

  @Test("Gradients", arguments: cases)
  func gradients(reuse: Reuse) {
    let (x, y) = (Tensor.random([2, 2]), Tensor.random([2, 2], seed: 2))
    #expect(GradientCheck.mismatch(at: x, y, of: reuse.function) == nil)
  }

  @Test("The cotangent that the caller passes is not changed")
  func cotangent() {
    let cotangent = Tensor.ones([3])
    let (_, pullback) = valueWithPullback(at: Tensor.random([3])) { $0 + $0 + $0 }
    #expect(pullback(cotangent).scalars == [3, 3, 3])
    #expect(cotangent.scalars == [1, 1, 1])
  }

  @Test("Parameters that get the same gradient have values of their own")
  func parametersShare() {
    let (a, b) = (Tensor.random([3]), Tensor.random([3], seed: 2))
    let (da, db) = valueWithGradient(at: a, b) { (($0 + $1) + $0).sum() }.gradient
    #expect(da.scalars == [2, 2, 2])
    #expect(db.scalars == [1, 1, 1])
  }

  @Test("The same tensor as two inputs is two parameters")
  func sameInputTwice() {
    let x = Tensor([2, 3], shape: [2])
    let (first, second) = valueWithGradient(at: x, x) { ($0 * $0 * $1).sum() }.gradient
    #expect(first.scalars == [8, 18])
    #expect(second.scalars == [4, 9])
  }
}
