import CKernels
import TestSupport

/// A matrix laid out for a kernel. Without slack it ends at an unmapped page; `slack` canaries behind it give it
/// another alignment. Gaps between the rows are canaries too.
struct Operand {
  let rows: Int
  let width: Int
  let stride: Int
  private let buffer: GuardedBuffer<Float>
  private static let canary: Float = 12345.75

  var pointer: UnsafeMutablePointer<Float> { buffer.pointer }

  /// Row-major `values` [rows, width].
  init(_ values: [Float], rows: Int = 1, padding: Int = 0, slack: Int = 0) {
    precondition(rows == 0 ? values.isEmpty : values.count.isMultiple(of: rows))
    self.rows = rows
    width = rows == 0 ? 0 : values.count / rows
    stride = width + padding
    buffer = GuardedBuffer(count: (rows == 0 ? 0 : (rows - 1) * stride + width) + slack, fill: Self.canary)
    for row in 0..<rows {
      for column in 0..<width { buffer.elements[row * stride + column] = values[row * width + column] }
    }
  }

  /// A destination; what is stored must not depend on what was there, so it starts as NaN.
  init(rows: Int = 1, width: Int, padding: Int = 0, slack: Int = 0, fill: Float = .nan) {
    self.init([Float](repeating: fill, count: rows * width), rows: rows, padding: padding, slack: slack)
  }

  /// The matrix, row-major without gaps.
  var values: [Float] {
    guard rows > 0 else { return [] }
    return (0..<rows).flatMap { buffer.elements[($0 * stride)..<($0 * stride + width)] }
  }

  /// Whether everything around the elements is as it was.
  var isIntact: Bool {
    guard buffer.isIntactInFront else { return false }
    let gaps = (0..<max(rows, 1)).map { row in
      let end = rows == 0 ? 0 : row * stride + width
      return end..<(row + 1 < rows ? end + stride - width : buffer.elements.count)
    }
    return gaps.allSatisfy { gap in buffer.elements[gap].allSatisfy { $0 == Self.canary } }
  }
}

/// Numbers of the rows [rows, width] of a matrix.
extension Array {
  func row(_ row: Int, width: Int) -> ArraySlice<Element> { self[row * width..<(row + 1) * width] }
}

extension [Float] {
  var doubles: [Double] { map(Double.init) }
}
