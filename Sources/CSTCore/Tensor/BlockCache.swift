import Foundation
import Synchronization

/// Memory blocks for tensors and scratch, reused by size class.
///
/// A training step asks for the same few hundred blocks again and again; handing them back to the system each time
/// would cost a page fault for every 4 KiB. Batches differ in size, so a request is also served by a somewhat larger block.
/// Blocks are 64-byte aligned; large ones use huge pages where the system has
/// them. What is held, in use and kept for reuse together, never exceeds the most that has been in use at one time.
final class BlockCache: Sendable {
  static let shared = BlockCache()

  /// Addresses and not pointers, because pointers are not Sendable; a block in the list belongs to nobody but the list.
  private struct State {
    var free: [Int: [UInt]] = [:]
    var bytesInUse = 0
    var bytesFree = 0
    var peakBytesInUse = 0
    /// The sizes of blocks that were handed out for requests of a smaller size class.
    var larger: [UInt: Int] = [:]

    /// A free block of this size class, or else of the next one above it that has one and is at most half as large
    /// again; the bytes count as handed out in any case.
    mutating func take(_ size: Int) -> UInt? {
      let found = (free[size]?.isEmpty ?? true) ? nextLarger(than: size) : size
      bytesInUse += found ?? size
      peakBytesInUse = max(peakBytesInUse, bytesInUse)
      guard let found, let block = free[found]?.popLast() else { return nil }
      if found != size { larger[block] = found }
      bytesFree -= found
      return block
    }

    private func nextLarger(than size: Int) -> Int? {
      let sizes = size + 1...size + size / 2
      return free.lazy.filter { sizes.contains($0.key) && !$0.value.isEmpty }.map(\.key).min()
    }

    mutating func put(_ block: UInt, _ requested: Int) {
      let size = larger.removeValue(forKey: block) ?? requested
      free[size, default: []].append(block)
      bytesInUse -= size
      bytesFree += size
    }

    /// Takes the largest free blocks out until what is held fits the peak again.
    mutating func evict() -> [(block: UInt, size: Int)] {
      var evicted: [(block: UInt, size: Int)] = []
      while bytesInUse + bytesFree > peakBytesInUse,
        let size = free.filter({ !$0.value.isEmpty }).keys.max(), let block = free[size]?.popLast()
      {
        bytesFree -= size
        evicted.append((block, size))
      }
      return evicted
    }
  }

  private let state = Mutex(State())

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
    let (reused, evicted) = state.withLock { state in (state.take(size), state.evict()) }
    for (block, size) in evicted { Self.release(block, size) }
    return reused.flatMap(UnsafeMutableRawPointer.init(bitPattern:)) ?? Self.obtain(size)
  }

  /// A new block from the system. Large ones are mapped one by one, so that each goes back to the system as a whole: an
  /// allocator's heap keeps what lies between blocks in use.
  private static func obtain(_ size: Int) -> UnsafeMutableRawPointer {
    guard size >= hugePage else { return .allocate(byteCount: size, alignment: 64) }
    let mapped = size + hugePage
    guard let start = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), start != MAP_FAILED
    else { mistake("no memory for a block of \(size) bytes") }
    let head = (hugePage - Int(bitPattern: start) % hugePage) % hugePage
    if head > 0 { munmap(start, head) }
    munmap(start + head + size, mapped - head - size)
    #if os(Linux)
      madvise(start + head, size, MADV_HUGEPAGE)
    #endif
    return start + head
  }

  private static func release(_ block: UInt, _ size: Int) {
    guard let block = UnsafeMutableRawPointer(bitPattern: block) else { return }
    if size >= hugePage { munmap(block, size) } else { block.deallocate() }
  }

  /// Takes back a block that `allocate(bytes:)` gave for the same number of bytes.
  func deallocate(_ block: UnsafeMutableRawPointer, bytes: Int) {
    let size = Self.sizeClass(bytes)
    let address = UInt(bitPattern: block)
    state.withLock { $0.put(address, size) }
  }

  /// Bytes handed out, kept for reuse, and the most that have been handed out at the same time.
  var usage: (inUse: Int, free: Int, peak: Int) { state.withLock { ($0.bytesInUse, $0.bytesFree, $0.peakBytesInUse) } }
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
