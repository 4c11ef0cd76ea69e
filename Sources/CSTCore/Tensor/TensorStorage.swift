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

  deinit {
    BlockCache.shared.deallocate(start, bytes: count * MemoryLayout<Float>.stride)
  }

  func copy() -> TensorStorage {
    let copy = TensorStorage(count: count)
    copy.start.update(from: start, count: count)
    return copy
  }

  var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: start, count: count) }
}
