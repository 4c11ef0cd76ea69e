import CKernels
import Foundation
import TestSupport
import Testing

@Suite struct RotationTests {
  static let heads = 3
  static let positions: [Int32] = [4, 0, 4, 2]

  /// cos and sin of a few angles as [positions, half] tables.
  static func tables(half: Int) -> (cosines: [Float], sines: [Float]) {
    let angles = (0..<5 * half).map { Double($0 / max(half, 1)) * pow(100, -Double($0 % max(half, 1)) / 7) }
    return (angles.map { Float(cos($0)) }, angles.map { Float(sin($0)) })
  }

  /// Two products and a sum round at most three times, relative to the products' sizes.
  @Test(arguments: LengthCase.all, [CKRotation.forward, .backward])
  func rotates(_ test: LengthCase, direction: CKRotation) {
    let (half, rows) = (test.length, Self.positions.count)
    let headWidth = 2 * half
    var generator = test.generator
    let values = generator.floats(rows * Self.heads * headWidth)
    let (cosines, sines) = Self.tables(half: half)
    let x = Operand(values, rows: rows, padding: 3, slack: test.slack)
    let (cosineTable, sineTable) = (Operand(cosines, slack: test.slack), Operand(sines, slack: test.slack))
    test.kernels.rotate_f32(
      x.pointer, x.stride, cosineTable.pointer, sineTable.pointer, Self.positions, rows, Self.heads, headWidth,
      headWidth, direction)
    var expected = [Double](repeating: 0, count: values.count)
    var tolerance = expected
    for row in 0..<rows {
      for head in 0..<Self.heads {
        for j in 0..<half {
          let first = (row * Self.heads + head) * headWidth + j
          let (a, b) = (Double(values[first]), Double(values[first + half]))
          let entry = Int(Self.positions[row]) * half + j
          let (c, s) = (Double(cosines[entry]), (direction == .forward ? 1 : -1) * Double(sines[entry]))
          (expected[first], expected[first + half]) = (a * c - b * s, b * c + a * s)
          tolerance[first] = 3 * roundoff * ((a * c).magnitude + (b * s).magnitude)
          tolerance[first + half] = 3 * roundoff * ((b * c).magnitude + (a * s).magnitude)
        }
      }
    }
    #expect(Mismatch.first(x.values, expected) { tolerance[$0] } == nil)
    #expect(x.isIntact && cosineTable.isIntact && sineTable.isIntact)

    // One row at a time: the same bits.
    let alone = Operand(values, rows: rows, padding: 3, slack: test.slack)
    for row in 0..<rows {
      test.kernels.rotate_f32(
        alone.pointer + row * alone.stride, alone.stride, cosineTable.pointer, sineTable.pointer,
        [Self.positions[row]], 1, Self.heads, headWidth, headWidth, direction)
    }
    #expect(Mismatch.firstInBits(alone.values, x.values) == nil)
  }

  /// Backward undoes forward: what it is as a gradient, since a rotation's transpose is its inverse.
  @Test(arguments: CKVariant.runnable)
  func backwardUndoesForward(_ variant: CKVariant) {
    let half = 19
    var generator = SplitMix64(seed: 3)
    let values = generator.floats(Self.positions.count * 2 * half)
    let (cosines, sines) = Self.tables(half: half)
    let x = Operand(values, rows: Self.positions.count)
    for direction in [CKRotation.forward, .backward] {
      variant.kernels.rotate_f32(
        x.pointer, x.stride, cosines, sines, Self.positions, Self.positions.count, 1, 2 * half, 2 * half,
        direction)
    }
    // Six roundings of numbers up to 2, and tables whose cos^2 + sin^2 is 1 within 4 u.
    #expect(Mismatch.first(x.values, values.doubles) { _ in 16 * roundoff } == nil)
  }

  /// Part of a head rotated: the bits of the same numbers as heads of that width, the others as they were.
  @Test(arguments: LengthCase.all)
  func rotatesPartOfAHead(_ test: LengthCase) {
    let (half, rows, rest) = (test.length, Self.positions.count, 5)
    let (rotated, width) = (2 * half, 2 * half + rest)
    var generator = test.generator
    let values = generator.floats(rows * Self.heads * width)
    let (cosines, sines) = Self.tables(half: half)
    let x = Operand(values, rows: rows, padding: 3, slack: test.slack)
    test.kernels.rotate_f32(
      x.pointer, x.stride, cosines, sines, Self.positions, rows, Self.heads, width, rotated, .forward)
    for row in 0..<rows {
      for head in 0..<Self.heads {
        let start = (row * Self.heads + head) * width
        let alone = Operand(Array(values[start..<start + rotated]), rows: 1)
        test.kernels.rotate_f32(
          alone.pointer, alone.stride, cosines, sines, [Self.positions[row]], 1, 1, rotated, rotated, .forward)
        let expected = alone.values + values[start + rotated..<start + width]
        #expect(Mismatch.firstInBits(Array(x.values[start..<start + width]), expected) == nil)
      }
    }
    #expect(x.isIntact)
  }
}
