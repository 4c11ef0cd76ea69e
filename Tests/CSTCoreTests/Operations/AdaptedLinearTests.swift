import TestSupport
import Testing

@testable import CSTCore

@Suite("Linear layers with adapters of other forms")
struct AdaptedLinearTests {
  let weight = WeightMatrix.random(5, 3)
  let x = Tensor.random([4, 3], seed: 2)
  let z = Tensor.random([4, 3], seed: 3)
  let a = Tensor.random([2, 3], seed: 4)
  let b = Tensor.random([5, 2], seed: 5)
  let magnitude = Tensor([0.5, 1, 1.5, 2, 2.5], shape: [5])

  /// W + 0.5·B·A in Double.
  private var adapted: MatrixOracle {
    let product: MatrixOracle = MatrixOracle(5, 2, b.doubles) * MatrixOracle(2, 3, a.doubles)
    return MatrixOracle(5, 3, weight.dequantized().doubles) + 0.5 * product
  }

  private var norms: [Double] {
    (0..<5).map { row in (0..<3).reduce(0) { $0 + adapted[row, $1] * adapted[row, $1] }.squareRoot() }
  }

  @Test func rowNorms() {
    let found = weight.rowNorms(adding: LoRAFactors(a: a, b: b), scale: 0.5)
    #expect(found.mismatch([5], norms, terms: 32) == nil)
    let large = WeightMatrix.random(700, 1000)
    let factors = LoRAFactors(a: .random([3, 1000], seed: 7), b: .random([700, 3], seed: 8))
    let w = large.dequantized() + factors.b.matmul(factors.a) * 0.5
    let expected = (0..<700).map { row in
      w.rows(at: [row]).doubles.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    #expect(large.rowNorms(adding: factors, scale: 0.5).mismatch([700], expected, terms: 4000) == nil)
  }

  @Test func rowsHaveTheLengthOfTheMagnitude() {
    let factors = LoRAFactors(a: a, b: b, magnitude: magnitude)
    let (adapted, norms) = (adapted, norms)
    let rows: [Double] = (0..<15).map { index in
      adapted.values[index] * Double(magnitude[index / 3]) / norms[index / 3]
    }
    let scaled = MatrixOracle(5, 3, rows)
    let expected = MatrixOracle(4, 3, x.doubles) * scaled.transposed
    #expect(x.linear(weight, adapted: factors, scale: 0.5).mismatch([4, 5], expected.values, terms: 64) == nil)
  }

  /// With dropout the frozen product keeps the whole input, and what the adapter changes reads the other.
  @Test func anInputOfItsOwn() {
    let factors = LoRAFactors(a: a, b: b, magnitude: magnitude)
    let w = MatrixOracle(5, 3, weight.dequantized().doubles)
    let (adapted, norms) = (adapted, norms)
    let differences: [Double] = (0..<15).map { index in
      let scaled: Double = adapted.values[index] * Double(magnitude[index / 3]) / norms[index / 3]
      return scaled - w.values[index]
    }
    let changed = MatrixOracle(5, 3, differences)
    let base: MatrixOracle = MatrixOracle(4, 3, x.doubles) * w.transposed
    let share: MatrixOracle = MatrixOracle(4, 3, z.doubles) * changed.transposed
    let expected = base + share
    let found = x.linear(weight, adapted: factors, scale: 0.5, adapterInput: z)
    #expect(found.mismatch([4, 5], expected.values, terms: 128) == nil)
  }

  /// Against differences with the norms held, because they are constants for gradients.
  @Test func gradientsOfEveryParameter() {
    let norms = weight.rowNorms(adding: LoRAFactors(a: a, b: b), scale: 0.5)
    func layer(_ x: Tensor, _ z: Tensor?, _ a: Tensor, _ b: Tensor, _ m: Tensor, holding: Bool) -> Tensor {
      var factors = LoRAFactors(a: a, b: b, magnitude: m)
      if holding { factors.norms = norms }
      return x.linear(weight, adapted: factors, scale: 0.5, adapterInput: z)
    }
    #expect(
      GradientCheck.mismatch(at: x, a, b, magnitude, noise: 64) { layer($0, nil, $1, $2, $3, holding: true) } == nil)
    #expect(
      GradientCheck.mismatch(at: x, z, a, b, magnitude, noise: 128) { layer($0, $1, $2, $3, $4, holding: true) } == nil)
    for holding in [true, false] {
      #expect(GradientCheck.mismatch(at: magnitude, noise: 64) { layer(x, nil, a, b, $0, holding: holding) } == nil)
    }
    let gradients = [true, false].map { holding in
      let (value, pullback) = valueWithPullback(at: x, a, b, magnitude) { layer($0, nil, $1, $2, $3, holding: holding) }
      let (dx, da, db, dm) = pullback(.ones(value.shape))
      return [dx, da, db, dm].map(\.scalars)
    }
    #expect(gradients[0] == gradients[1])
  }

  @Test func whatIsTakenAway() {
    let initial = FrozenFactors(a: .random([2, 3], seed: 6), b: .random([5, 2], seed: 7))
    let factors = LoRAFactors(a: a, b: b, initial: initial)
    let taken: MatrixOracle = MatrixOracle(5, 2, initial.b.doubles) * MatrixOracle(2, 3, initial.a.doubles)
    let rest: MatrixOracle = adapted + -0.5 * taken
    let expected = MatrixOracle(4, 3, x.doubles) * rest.transposed
    #expect(x.linear(weight, adapted: factors, scale: 0.5).mismatch([4, 5], expected.values, terms: 128) == nil)
    let same = LoRAFactors(a: initial.a, b: initial.b, initial: initial)
    let difference = x.linear(weight, adapted: same, scale: 0.5) - x.linear(weight)
    #expect(difference.scalars.allSatisfy { abs($0) < 1e-6 })
    #expect(
      GradientCheck.mismatch(at: x, a, b, noise: 64) {
        $0.linear(weight, adapted: LoRAFactors(a: $1, b: $2, initial: initial), scale: 0.5)
      } == nil)
  }
}
