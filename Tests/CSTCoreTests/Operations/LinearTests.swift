import TestSupport
import Testing

@testable import CSTCore

@Suite("Linear layers with frozen weights")
struct LinearTests {
  /// rows, columns, m
  static let sizes = [(1, 1, 1), (5, 3, 2), (33, 64, 17), (4, 8, 0)]

  @Test("x·Wᵀ", arguments: sizes)
  func linear(size: (outputs: Int, inputs: Int, m: Int)) {
    let weight = WeightMatrix.random(size.outputs, size.inputs)
    let x = Tensor.random([size.m, size.inputs], seed: 2)
    let w = MatrixOracle(size.outputs, size.inputs, weight.dequantized().doubles)
    let expected = MatrixOracle(size.m, size.inputs, x.doubles) * w.transposed
    #expect(x.linear(weight).mismatch([size.m, size.outputs], expected.values, terms: Double(size.inputs + 8)) == nil)
    #expect(GradientCheck.mismatch(at: x) { $0.linear(weight) } == nil)
  }

  @Test("Closed form")
  func closedForm() {
    let weight = WeightMatrix([1, 2, 3, 4, 5, 6], rows: 3, columns: 2)
    let (value, pullback) = valueWithPullback(at: Tensor([1, 10], shape: [1, 2])) { $0.linear(weight) }
    #expect(value.scalars == [21, 43, 65])
    #expect(pullback(Tensor([1, 0, 2], shape: [1, 3])).scalars == [11, 14])
  }

  struct Operands {
    let weight: WeightMatrix
    let x: Tensor
    let z: Tensor
    let a: Tensor
    let b: Tensor

    init(_ size: (outputs: Int, inputs: Int, m: Int), rank: Int) {
      weight = .random(size.outputs, size.inputs)
      x = .random([size.m, size.inputs], seed: 2)
      z = .random([size.m, size.inputs], seed: 3)
      a = .random([rank, size.inputs], seed: 4)
      b = .random([size.outputs, rank], seed: 5)
    }
  }

  @Test("x·Wᵀ + scale·(z·Aᵀ)·Bᵀ", arguments: sizes, [1, 3])
  func lowRank(size: (outputs: Int, inputs: Int, m: Int), rank: Int) {
    let operands = Operands(size, rank: rank)
    let (weight, x, z) = (operands.weight, operands.x, operands.z)
    let w = MatrixOracle(size.outputs, size.inputs, weight.dequantized().doubles)
    let a = MatrixOracle(rank, size.inputs, operands.a.doubles)
    let b = MatrixOracle(size.outputs, rank, operands.b.doubles)
    let factors = LoRAFactors(a: operands.a, b: operands.b)
    let base = MatrixOracle(size.m, size.inputs, x.doubles) * w.transposed
    for (input, name) in [(x, "x"), (z, "z")] {
      let expected =
        base + 0.5 * (MatrixOracle(size.m, size.inputs, input.doubles) * a.transposed * b.transposed)
      let found = x.linear(weight, adding: factors, scale: 0.5, adapterInput: name == "x" ? nil : z)
      let terms = Double((size.inputs + 8) * (rank + 1))
      #expect(found.mismatch([size.m, size.outputs], expected.values, terms: terms) == nil, "\(name)")
    }
  }

  @Test("Gradients of x, A and B", arguments: sizes, [1, 3])
  func gradients(size: (outputs: Int, inputs: Int, m: Int), rank: Int) {
    let operands = Operands(size, rank: rank)
    let (weight, a, b) = (operands.weight, operands.a, operands.b)
    func layer(_ x: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
      x.linear(weight, adding: LoRAFactors(a: a, b: b), scale: 0.5)
    }
    #expect(GradientCheck.mismatch(at: operands.x, a, b, noise: 64, of: layer) == nil)
    #expect(GradientCheck.mismatch(at: operands.x, noise: 64) { layer($0, a, b) } == nil)
    #expect(GradientCheck.mismatch(at: a, noise: 64) { layer(operands.x, $0, b) } == nil)
    #expect(GradientCheck.mismatch(at: b, noise: 64) { layer(operands.x, a, $0) } == nil)
  }

  @Test("Gradients with an input of the low-rank product of its own", arguments: sizes)
  func gradientsWithAdapterInput(size: (outputs: Int, inputs: Int, m: Int)) {
    let operands = Operands(size, rank: 2)
    func layer(_ x: Tensor, _ z: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
      x.linear(operands.weight, adding: LoRAFactors(a: a, b: b), scale: 0.5, adapterInput: z)
    }
    let (x, z, a, b) = (operands.x, operands.z, operands.a, operands.b)
    #expect(GradientCheck.mismatch(at: x, z, a, b, noise: 64, of: layer) == nil)
    #expect(GradientCheck.mismatch(at: z, noise: 64) { layer(x, $0, a, b) } == nil)
    // As training uses it: the low-rank product reads a dropped-out x.
    #expect(
      GradientCheck.mismatch(at: x, a, b, noise: 64) {
        layer($0, $0.dropout(probability: 0.5, seed: 1, stream: 1), $1, $2)
      } == nil)
  }

  @Test("Closed form of the low-rank product")
  func lowRankClosedForm() {
    let weight = WeightMatrix([0, 0], rows: 1, columns: 2)
    let (x, a, b) = (Tensor([1, 2], shape: [1, 2]), Tensor([3, 4], shape: [1, 2]), Tensor([5], shape: [1, 1]))
    let (value, pullback) = valueWithPullback(at: x, a, b) {
      $0.linear(weight, adding: LoRAFactors(a: $1, b: $2), scale: 2)
    }
    #expect(value.scalars == [110])
    let (dx, da, db) = pullback(.ones([1, 1]))
    #expect(dx.scalars == [30, 40])
    #expect(da.scalars == [10, 20])
    #expect(db.scalars == [22])
  }

  /// bf16 keeps 8 bits: every product of numbers in ±1 is off by 2·2⁻⁸ at most, and a little for second order and sums.
  @Test("bf16 products", arguments: sizes)
  func bfloat16(size: (outputs: Int, inputs: Int, m: Int)) {
    let weight = WeightMatrix.random(size.outputs, size.inputs)
    let x = Tensor.random([size.m, size.inputs], seed: 2)
    let (exact, exactPullback) = valueWithPullback(at: x) { $0.linear(weight) }
    let (rounded, roundedPullback) = valueWithPullback(at: x) { $0.linear(weight, precision: .bf16) }
    let bound = { (terms: Int) in { (_: Int) in Double(terms) * 0x1.1p-7 } }
    #expect(Mismatch.first(rounded.scalars, exact.doubles, within: bound(size.inputs)) == nil)
    let cotangent = Tensor.random(exact.shape, seed: 3)
    #expect(
      Mismatch.first(
        roundedPullback(cotangent).scalars, exactPullback(cotangent).doubles, within: bound(size.outputs)) == nil)
  }
}
