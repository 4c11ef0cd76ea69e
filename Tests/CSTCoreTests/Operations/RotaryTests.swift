import Foundation
import TestSupport
import Testing

@testable import CSTCore

@Suite("Rotary position embeddings")
struct RotaryTests {
  /// The rotation with angles in Double throughout.
  static func expected(_ x: Tensor, headWidth: Int, base: Double, positions: [Int32]) -> [Double] {
    let width = x.shape[1]
    var values = x.doubles
    for (row, position) in positions.enumerated() {
      for head in 0..<width / headWidth {
        for j in 0..<headWidth / 2 {
          let angle = Double(position) * pow(base, -2 * Double(j) / Double(headWidth))
          let (first, second) = (row * width + head * headWidth + j, row * width + head * headWidth + j + headWidth / 2)
          let (a, b) = (values[first], values[second])
          values[first] = a * cos(angle) - b * sin(angle)
          values[second] = b * cos(angle) + a * sin(angle)
        }
      }
    }
    return values
  }

  static let cases: [(headWidth: Int, heads: Int, positions: [Int32])] = [
    (2, 1, [0, 1, 2]), (8, 3, [0, 5, 5, 30, 1]), (64, 2, [31, 0]), (6, 2, []),
  ]

  /// Angles are products of Float32: an angle up to 31 has an error of 31·2⁻²⁴ beside the kernel's few roundings.
  @Test("Values", arguments: cases)
  func values(headWidth: Int, heads: Int, positions: [Int32]) {
    let table = RotaryTable(headWidth: headWidth, base: 10_000, positionCount: 32)
    let x = Tensor.random([positions.count, heads * headWidth])
    let expected = Self.expected(x, headWidth: headWidth, base: 10_000, positions: positions)
    #expect(x.rotated(by: table, positions: positions).mismatch(x.shape, expected, terms: 2 * 32 + 4) == nil)
  }

  @Test("Gradients", arguments: cases)
  func gradients(headWidth: Int, heads: Int, positions: [Int32]) {
    let table = RotaryTable(headWidth: headWidth, base: 10_000, positionCount: 32)
    let x = Tensor.random([positions.count, heads * headWidth])
    #expect(GradientCheck.mismatch(at: x) { $0.rotated(by: table, positions: positions) } == nil)
  }

  @Test("Closed form: position 0 is the identity, position 1 a turn by one radian and back")
  func closedForm() {
    let table = RotaryTable(headWidth: 2, base: 10_000, positionCount: 2)
    let x = Tensor([1, 2, 1, 0], shape: [2, 2])
    let (value, pullback) = valueWithPullback(at: x) { $0.rotated(by: table, positions: [0, 1]) }
    #expect(value.mismatch([2, 2], [1, 2, cos(1), sin(1)]) == nil)
    #expect(pullback(value).mismatch([2, 2], x.doubles) == nil)
  }
}
