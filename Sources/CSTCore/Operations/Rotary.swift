import Foundation
import Synchronization

/// Cosines and sines of rotary position embeddings (Su et al., arXiv 2104.09864, equation 34) for positions
/// `0..<positionCount`, the two halves of a head's rotated part forming the pairs.
///
/// Rows are computed when a position is first asked for, not for all positions a model allows. Copies share them.
package struct RotaryTable: Sendable {
  package let headWidth: Int
  /// How many of a head's first components are rotated; the others carry no position.
  package let rotatedWidth: Int
  package let positionCount: Int
  /// The longest sequence whose rows are rotated by the first set of frequencies; `nil` where there is one set only.
  let switchLength: Int?
  private let rows: RotaryRows

  /// A table of given frequencies, in radians a position.
  /// - Parameters:
  ///   - frequencies: One for each rotated pair; at most `headWidth / 2`. Traps beyond.
  ///   - longSequences: Other frequencies for sequences longer than `switchLength`, where there are any.
  ///   - magnitude: Multiplies cosines and sines, and so what is rotated.
  init(
    headWidth: Int, frequencies: [Float], longSequences: (frequencies: [Float], switchLength: Int)? = nil,
    magnitude: Float = 1, positionCount: Int
  ) {
    let sets = [frequencies] + (longSequences.map { [$0.frequencies] } ?? [])
    require(
      sets.allSatisfy { $0.count == frequencies.count } && 2 * frequencies.count <= headWidth,
      "\(sets.map(\.count)) rotary frequencies do not fit heads of width \(headWidth)")
    self.headWidth = headWidth
    rotatedWidth = 2 * frequencies.count
    self.positionCount = positionCount
    switchLength = longSequences?.switchLength
    rows = RotaryRows(frequencies: sets, magnitude: magnitude)
  }

  /// The table for frequencies `base^(-2j / headWidth)`. Angles are computed in Double from Float32 frequencies, as the
  /// reference implementation does. Traps on an odd head width.
  package init(headWidth: Int, base: Double, positionCount: Int) {
    require(headWidth % 2 == 0, "rotary embeddings need an even head width, not \(headWidth)")
    self.init(
      headWidth: headWidth, frequencies: Self.frequencies(width: headWidth, base: base), positionCount: positionCount)
  }

  /// `base^(-2j / width)` for the pairs of a rotated width.
  static func frequencies(width: Int, base: Double) -> [Float] {
    (0..<width / 2).map { Float(1 / pow(base, Double(2 * $0) / Double(width))) }
  }

  /// The rows of the table for positions in a sequence of `length` tokens.
  func rows(at positions: some Collection<Int32>, sequenceLength length: Int) -> [Int32] {
    guard let switchLength else { return Array(positions) }
    let set: Int32 = length > switchLength ? 1 : 0
    return positions.map { 2 * $0 + set }
  }

  /// The rows of the table for packed sequences, the longest continuation of a group deciding for all of it.
  func rows(of sequences: PackedSequences) -> [Int32] {
    sequences.groups.flatMap { group in
      let end = group.continuations.last?.upperBound ?? group.prefix.upperBound
      return rows(
        at: sequences.positions[group.prefix.lowerBound..<end],
        sequenceLength: group.prefix.count + (group.continuations.map(\.count).max() ?? 0))
    }
  }

  /// out = x with every head of `[rows.count, heads·headWidth]` rotated by the table's rows; both are contiguous.
  func rotate(_ out: FloatDestination, _ x: FloatSource, rows: [Int32], heads: Int, _ direction: RotationDirection) {
    let sets = switchLength == nil ? 1 : 2
    let rowCount = positionCount * sets
    if let outside = rows.first(where: { $0 < 0 || Int($0) >= rowCount }) {
      mistake("position \(Int(outside) / sets) is outside a rotary table for \(positionCount) positions")
    }
    let (cosines, sines) = self.rows.tables(covering: Int(rows.max() ?? 0) + 1, limit: rowCount)
    rows.withUnsafeBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      forEachRowRange(of: rows.count) { range in
        let width = heads * headWidth
        let start = out + range.lowerBound * width
        start.update(from: x + range.lowerBound * width, count: range.count * width)
        Kernels.current.rotate(
          MatrixDestination(start: start, stride: width), cosines: cosines.start, sines: sines.start,
          positions: base + range.lowerBound, rows: range.count, heads: heads, headWidth: headWidth,
          rotated: rotatedWidth, direction)
      }
    }
  }
}

/// The rows of a rotary table that have been asked for so far. With two sets of frequencies, row 2p is position p by the
/// first and row 2p + 1 by the second.
private final class RotaryRows: Sendable {
  private let frequencies: [[Float]]
  private let magnitude: Float
  private let tables: Mutex<(cosines: Tensor, sines: Tensor)>

  init(frequencies: [[Float]], magnitude: Float) {
    self.frequencies = frequencies
    self.magnitude = magnitude
    let empty = Tensor(shape: [0, frequencies[0].count]) { _ in }
    tables = Mutex((empty, empty))
  }

  /// Tables of at least `count` rows: those there are, or larger ones that take their place.
  /// - Parameter limit: Rows that there can be.
  func tables(covering count: Int, limit: Int) -> (cosines: Tensor, sines: Tensor) {
    tables.withLock { tables in
      let known = tables.cosines.shape[0]
      guard count > known else { return tables }
      let rows = min(limit, max(count, 2 * known, 256))
      tables = (extended(tables.cosines, to: rows, by: cos), extended(tables.sines, to: rows, by: sin))
      return tables
    }
  }

  private func extended(_ known: Tensor, to rows: Int, by function: (Double) -> Double) -> Tensor {
    let pairs = frequencies[0].count
    return Tensor(shape: [rows, pairs]) { start in
      start.update(from: known.start, count: known.count)
      for row in known.shape[0]..<rows {
        let (position, set) = row.quotientAndRemainder(dividingBy: frequencies.count)
        for (index, frequency) in frequencies[set].enumerated() {
          start[row * pairs + index] = Float(function(Double(Float(position) * frequency))) * magnitude
        }
      }
    }
  }
}

extension Tensor {
  /// Every head of every row rotated to its position.
  /// - Shape: self `[tokens, heads·table.headWidth]`, `positions.count == tokens`; result like self.
  package func rotated(by table: RotaryTable, positions: [Int32]) -> Tensor {
    rotated(by: table, rows: table.rows(at: positions, sequenceLength: 0))
  }

  /// Every head of every row rotated by a row of the table.
  func rotated(by table: RotaryTable, rows: [Int32]) -> Tensor {
    let (count, width) = shape.matrix
    require(
      shape.rank == 2 && count == rows.count && width % table.headWidth == 0,
      "\(rows.count) positions and heads of width \(table.headWidth) do not fit shape \(shape)")
    let heads = width / table.headWidth
    let out = Tensor(shape: shape) { table.rotate($0, start, rows: rows, heads: heads, .forward) }
    return out.recorded(from: [self]) { [node] gradient in
      let dx = TensorStorage(count: gradient.count)
      table.rotate(dx.start, gradient.start, rows: rows, heads: heads, .backward)
      node?.accumulate(sharing: dx)
    }
  }
}
