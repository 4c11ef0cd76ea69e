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

  @Test("Part of a head: values, the rest unchanged, and gradients")
  func partOfAHead() {
    let frequencies = RotaryTable.frequencies(width: 6, base: 10_000)
    let table = RotaryTable(headWidth: 10, frequencies: frequencies, positionCount: 32)
    let positions: [Int32] = [0, 5, 31]
    let x = Tensor.random([3, 20])
    let rotated = x.rotated(by: table, positions: positions)
    for head in 0..<2 {
      let part = x.columns(head * 10..<head * 10 + 6)
      let expected = Self.expected(part, headWidth: 6, base: 10_000, positions: positions)
      #expect(rotated.columns(head * 10..<head * 10 + 6).mismatch(part.shape, expected, terms: 2 * 32 + 4) == nil)
      #expect(
        rotated.columns(head * 10 + 6..<head * 10 + 10).scalars == x.columns(head * 10 + 6..<head * 10 + 10).scalars)
    }
    #expect(GradientCheck.mismatch(at: x) { $0.rotated(by: table, positions: positions) } == nil)
  }

  @Test("Two sets of frequencies and a magnitude: the sequence's length decides which")
  func longSequences() {
    let (short, long): ([Float], [Float]) = ([1, 0.5], [0.25, 0.125])
    let table = RotaryTable(
      headWidth: 4, frequencies: short, longSequences: (long, 3), magnitude: 2, positionCount: 8)
    let x = Tensor.random([3, 4])
    for (length, frequencies) in [(3, short), (4, long)] {
      let alone = RotaryTable(headWidth: 4, frequencies: frequencies, positionCount: 8)
      let rows = table.rows(at: [0, 1, 2] as [Int32], sequenceLength: length)
      let expected = x.rotated(by: alone, positions: [0, 1, 2]) * 2
      #expect(x.rotated(by: table, rows: rows).mismatch(x.shape, expected.doubles) == nil)
      #expect(GradientCheck.mismatch(at: x) { $0.rotated(by: table, rows: rows) } == nil)
    }
  }

  /// A table for all positions would take 512 GB.
  @Test("Rows are made when they are asked for, and are the same whatever was asked for before")
  func growth() {
    let positions: [Int32] = [0, 700, 3, 70_000]
    let x = Tensor.random([4, 64])
    let table = RotaryTable(headWidth: 64, base: 10_000, positionCount: 1 << 31)
    let atOnce = x.rotated(by: table, positions: positions)
    let grown = RotaryTable(headWidth: 64, base: 10_000, positionCount: 1 << 31)
    for position in positions {
      _ = x.rows(at: [0]).rotated(by: grown, positions: [position])
    }
    #expect(x.rotated(by: grown, positions: positions).scalars == atOnce.scalars)
    let copies = (0..<8).map { _ in grown }
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      let more = x.rotated(by: copies[index], positions: [1, 2, 3, Int32(80_000 + 1000 * index)])
      #expect(more.shape == x.shape)
    }
  }
}
