/// The lengths of a tensor's axes, outermost first. `[]` is a scalar; a zero length is legal and means no elements.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The length of every axis, outermost first.
  public let lengths: [Int]

  /// The shape with these axis lengths. Traps on a negative length.
  public init(_ lengths: [Int]) {
    require(lengths.allSatisfy { $0 >= 0 }, "a shape has no negative lengths: \(lengths)")
    self.lengths = lengths
  }

  /// The shape with these axis lengths. Traps on a negative length.
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// Number of axes.
  public var rank: Int { lengths.count }

  /// Number of elements: the product of the lengths, 1 for a scalar.
  public var count: Int { lengths.reduce(1, *) }

  /// The length of one axis; a negative index counts from the last.
  public subscript(axis: Int) -> Int { lengths[axis < 0 ? axis + lengths.count : axis] }

  /// The shape as a matrix whose rows are the last axis: `[count / last, last]`; a scalar is `[1, 1]`.
  var matrix: (rows: Int, columns: Int) {
    guard let columns = lengths.last else { return (1, 1) }
    return (lengths.dropLast().reduce(1, *), columns)
  }

  /// The shape as written in messages: `[4, 576]`.
  public var description: String { "[" + lengths.map(String.init).joined(separator: ", ") + "]" }
}
