import Foundation
import Synchronization

/// Memory blocks for tensors and scratch, reused by size class.
///
/// A training step asks for the same few hundred blocks again and again; handing them back to the system each time
/// would cost a page fault for every 4 KiB. Blocks are 64-byte aligned; large ones use huge pages where the system has
/// them. What is kept for reuse never exceeds what has been in use at the same time.
final class BlockCache: Sendable {
  static let shared = BlockCache()

  private struct State: ~Copyable {
    var free: [Int: [UnsafeMutableRawPointer]] = [:]
    var bytesInUse = 0
    var bytesFree = 0
    var peakBytesInUse = 0
  }

  /// `UnsafeMutableRawPointer` is not Sendable; the blocks in the list belong to nobody but the list.
  private let state = Mutex<State>(State())

  private static let smallest = 4096
  private static let hugePage = 2 << 20

  /// The size class for a request: the next multiple of an eighth of the power of two below it.
  private static func sizeClass(_ bytes: Int) -> Int {
    if bytes <= smallest { return smallest }
    let step = max(smallest, (1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount)) >> 3)
    return (bytes + step - 1) / step * step
  }

  /// A block of at least `bytes` bytes, contents undefined.
  func allocate(bytes: Int) -> UnsafeMutableRawPointer {
    let size = Self.sizeClass(bytes)
    let reused = state.withLock { state -> UInt? in
      state.bytesInUse += size
      state.peakBytesInUse = max(state.peakBytesInUse, state.bytesInUse)
      guard let block = state.free[size]?.popLast() else { return nil }
      state.bytesFree -= size
      return UInt(bitPattern: block)
    }
    if let reused, let block = UnsafeMutableRawPointer(bitPattern: reused) { return block }
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: size, alignment: size >= Self.hugePage ? Self.hugePage : 64)
    #if os(Linux)
      if size >= Self.hugePage { madvise(block, size, MADV_HUGEPAGE) }
    #endif
    return block
  }

  /// Takes back a block that `allocate(bytes:)` gave for the same number of bytes.
  func deallocate(_ block: UnsafeMutableRawPointer, bytes: Int) {
    let size = Self.sizeClass(bytes)
    let address = UInt(bitPattern: block)
    let evicted = state.withLock { state -> [UInt] in
      state.bytesInUse -= size
      if let block = UnsafeMutableRawPointer(bitPattern: address) { state.free[size, default: []].append(block) }
      state.bytesFree += size
      var evicted: [UInt] = []
      while state.bytesInUse + state.bytesFree > state.peakBytesInUse,
        let largest = state.free.filter({ !$0.value.isEmpty }).keys.max(),
        let block = state.free[largest]?.popLast()
      {
        state.bytesFree -= largest
        evicted.append(UInt(bitPattern: block))
      }
      return evicted
    }
    for address in evicted { UnsafeMutableRawPointer(bitPattern: address)?.deallocate() }
  }
}

/// Uninitialised memory from the block cache for the duration of `body`: `count` elements of a trivial type.
func withScratch<Element: BitwiseCopyable, Result>(
  _ type: Element.Type, count: Int, _ body: (UnsafeMutablePointer<Element>) throws -> Result
) rethrows -> Result {
  let bytes = count * MemoryLayout<Element>.stride
  let block = BlockCache.shared.allocate(bytes: bytes)
  defer { BlockCache.shared.deallocate(block, bytes: bytes) }
  return try body(block.bindMemory(to: Element.self, capacity: count))
}
