/// A multidimensional array of Float32, row-major and contiguous: a value, like `Array`.
///
/// ```swift
/// let x = Tensor([1, 2, 3, 4], shape: [2, 2])
/// let y = (x.matmul(x) + 1).sum()
/// let (value, dx) = valueWithGradient(at: x) { ($0 * $0).sum() }
/// ```
///
/// Shape mistakes trap with both shapes in the message, so that arithmetic needs no `try`. Inside the closure of
/// ``valueWithGradient(at:of:)`` operations remember how they were made; elsewhere a tensor is only its values.
/// It deliberately has no views, no other element types and no lazy evaluation.
public struct Tensor: Sendable {
  /// The lengths of the axes.
  public let shape: Shape
  let storage: TensorStorage
  /// How the tensor was made, where a gradient was asked for; `nil` is a constant.
  let node: GradientNode?

  init(storage: TensorStorage, shape: Shape, node: GradientNode? = nil) {
    require(storage.count == shape.count, "\(storage.count) values cannot have shape \(shape)")
    self.shape = shape
    self.storage = storage
    self.node = node
  }

  /// The tensor with these values in row-major order. Traps where their number is not that of the shape.
  public init(_ values: some Collection<Float>, shape: Shape) {
    require(values.count == shape.count, "\(values.count) values cannot have shape \(shape)")
    self.init(shape: shape) { start in
      var index = 0
      for value in values {
        start[index] = value
        index += 1
      }
    }
  }

  /// A scalar, shape `[]`.
  public init(_ value: Float) { self.init(CollectionOfOne(value), shape: []) }

  /// The tensor of this shape with every element equal to `value`.
  public init(repeating value: Float, shape: Shape) {
    self.init(shape: shape) { $0.update(repeating: value, count: shape.count) }
  }

  /// Zeros of this shape.
  public static func zeros(_ shape: Shape) -> Tensor { Tensor(repeating: 0, shape: shape) }

  /// Ones of this shape.
  public static func ones(_ shape: Shape) -> Tensor { Tensor(repeating: 1, shape: shape) }

  /// A constant that `fill` writes completely: it must not read what it has not written.
  init(shape: Shape, fill: (UnsafeMutablePointer<Float>) -> Void) {
    let storage = TensorStorage(count: shape.count)
    fill(storage.start)
    self.init(storage: storage, shape: shape)
  }

  /// Number of elements.
  public var count: Int { storage.count }

  /// The elements in row-major order, copied. O(count).
  public var scalars: [Float] { Array(storage.elements) }

  /// The only element of a tensor with one element. Traps on any other.
  public var item: Float {
    require(count == 1, "a tensor of shape \(shape) has \(count) elements, not one")
    return storage.start[0]
  }

  /// The element at these indices, one per axis. Traps out of range.
  public subscript(indices: Int...) -> Float {
    require(indices.count == shape.rank, "\(indices.count) indices for a tensor of shape \(shape)")
    var offset = 0
    for (index, length) in zip(indices, shape.lengths) {
      require((0..<length).contains(index), "index \(indices) is outside a tensor of shape \(shape)")
      offset = offset * length + index
    }
    return storage.start[offset]
  }

  /// Calls `body` with the elements in row-major order, without copying. The buffer must not be used afterwards.
  public func withElements<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    try body(UnsafeBufferPointer(storage.elements))
  }

  /// The same values without the memory of how they were made: a constant.
  public func detached() -> Tensor { Tensor(storage: storage, shape: shape) }

  var start: UnsafePointer<Float> { UnsafePointer(storage.start) }

  /// The tensor as the matrix of its last axis: rows, columns and the first element.
  var matrix: MatrixSource { MatrixSource(start: start, stride: shape.matrix.columns) }
}

extension Tensor: CustomStringConvertible {
  /// Shape and the first elements.
  public var description: String {
    let shown = storage.elements.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "Tensor\(shape) [\(shown)\(count > 8 ? ", …" : "")]"
  }
}

/// The memory of a tensor: `count` Float32 values, contiguous, shared by every tensor that has the same values.
///
/// `@unchecked Sendable`: a storage is written only by the operation that creates it, before any tensor that others can
/// see refers to it, and by the one backward pass that owns it while it is a gradient; after that it is read only.
final class TensorStorage: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  /// Values undefined.
  init(count: Int) {
    self.count = count
    start = BlockCache.shared.allocate(bytes: count * MemoryLayout<Float>.stride)
      .bindMemory(to: Float.self, capacity: count)
  }

  deinit { BlockCache.shared.deallocate(start, bytes: count * MemoryLayout<Float>.stride) }

  func copy() -> TensorStorage {
    let copy = TensorStorage(count: count)
    copy.start.update(from: start, count: count)
    return copy
  }

  var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: start, count: count) }
}
