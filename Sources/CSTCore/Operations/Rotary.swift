import Foundation

/// Cosines and sines of rotary position embeddings (Su et al., arXiv 2104.09864, equation 34) for positions
/// `0..<positionCount`, the two halves of a head forming the pairs.
public struct RotaryTable: Sendable {
  /// Width of a head.
  public let headWidth: Int
  /// Positions the table covers.
  public let positionCount: Int
  let cosines: Tensor
  let sines: Tensor

  /// The table for frequencies `base^(-2j / headWidth)`. Angles are computed in Double from Float32 frequencies, as the
  /// reference implementation does. Traps on an odd head width.
  public init(headWidth: Int, base: Double, positionCount: Int) {
    require(headWidth % 2 == 0, "rotary embeddings need an even head width, not \(headWidth)")
    self.headWidth = headWidth
    self.positionCount = positionCount
    let half = headWidth / 2
    let frequencies = (0..<half).map { Float(1 / pow(base, Double(2 * $0) / Double(headWidth))) }
    func table(_ function: @escaping (Double) -> Double) -> Tensor {
      Tensor(shape: [positionCount, half]) { start in
        for position in 0..<positionCount {
          for (index, frequency) in frequencies.enumerated() {
            start[position * half + index] = Float(function(Double(Float(position) * frequency)))
          }
        }
      }
    }
    cosines = table(cos)
    sines = table(sin)
  }

  /// Rotates in place every head of `[rows, heads·headWidth]`.
  func rotate(
    _ x: MatrixDestination, positions: [Int32], heads: Int, _ direction: RotationDirection
  ) {
    if let outside = positions.first(where: { $0 < 0 || Int($0) >= positionCount }) {
      mistake("position \(outside) is outside a rotary table for \(positionCount) positions")
    }
    positions.withUnsafeBufferPointer { positions in
      guard let base = positions.baseAddress else { return }
      ComputePool.shared.forEachRange(count: positions.count, grain: 32) { range in
        Kernels.current.rotate(
          MatrixDestination(start: x.start + range.lowerBound * x.stride, stride: x.stride), cosines: cosines.start,
          sines: sines.start, positions: base + range.lowerBound, rows: range.count, heads: heads,
          headWidth: headWidth, direction)
      }
    }
  }
}

extension Tensor {
  /// Every head of every row rotated to its position.
  ///
  /// - Shape: self `[tokens, heads·table.headWidth]`, `positions.count == tokens`; result like self.
  public func rotated(by table: RotaryTable, positions: [Int32]) -> Tensor {
    let (rows, width) = shape.matrix
    require(
      shape.rank == 2 && rows == positions.count && width % table.headWidth == 0,
      "\(positions.count) positions and heads of width \(table.headWidth) do not fit shape \(shape)")
    let heads = width / table.headWidth
    let out = Tensor(shape: shape) { start in
      start.update(from: self.start, count: count)
      table.rotate(MatrixDestination(start: start, stride: width), positions: positions, heads: heads, .forward)
    }
    return out.recorded(from: [self]) { [node] gradient in
      let dx = gradient.copy()
      table.rotate(MatrixDestination(start: dx.start, stride: width), positions: positions, heads: heads, .backward)
      node?.accumulate(sharing: dx)
    }
  }
}
