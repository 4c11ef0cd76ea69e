import Testing

@testable import CSTCore

@Suite("Block cache")
struct BlockCacheTests {
  @Test("A block is used again for the same and for a slightly smaller size")
  func reuse() {
    let cache = BlockCache()
    let block = cache.allocate(bytes: 100_000)
    cache.deallocate(block, bytes: 100_000)
    #expect(cache.allocate(bytes: 100_000) == block)
    cache.deallocate(block, bytes: 100_000)
    #expect(cache.allocate(bytes: 99_000) == block)
    cache.deallocate(block, bytes: 99_000)
    #expect(cache.usage.inUse == 0)
  }

  @Test("A request is served by a block at most half as large again, which keeps its size")
  func largerBlocks() {
    let cache = BlockCache()
    let large = cache.allocate(bytes: 1 << 20)
    cache.deallocate(large, bytes: 1 << 20)
    #expect(cache.allocate(bytes: 800_000) == large)
    #expect(cache.usage.inUse == 1 << 20)
    cache.deallocate(large, bytes: 800_000)
    #expect(cache.usage.inUse == 0 && cache.usage.free == 1 << 20)
    let small = cache.allocate(bytes: 600_000)
    #expect(cache.usage.inUse < 700_000, "a block more than half as large again is not used")
    cache.deallocate(small, bytes: 600_000)
    let again = cache.allocate(bytes: 1 << 20)
    #expect(cache.usage.inUse == 1 << 20)
    cache.deallocate(again, bytes: 1 << 20)
  }

  @Test(
    "Blocks in use are different and aligned, and as large as asked for", arguments: [0, 1, 64, 4096, 4097, 5 << 20])
  func blocks(bytes: Int) {
    let cache = BlockCache()
    let blocks = (0..<3).map { _ in cache.allocate(bytes: bytes) }
    #expect(Set(blocks).count == 3)
    #expect(blocks.allSatisfy { Int(bitPattern: $0) % 64 == 0 })
    for (index, block) in blocks.enumerated() {
      block.initializeMemory(as: UInt8.self, repeating: UInt8(index), count: bytes)
    }
    if bytes > 0 {
      for (index, block) in blocks.enumerated() {
        #expect(block.load(fromByteOffset: bytes - 1, as: UInt8.self) == UInt8(index))
      }
    }
    for block in blocks { cache.deallocate(block, bytes: bytes) }
    #expect(cache.usage.inUse == 0)
  }

  /// A size class wastes at most an eighth of the block, or a page.
  @Test("Little is wasted", arguments: [1, 4095, 4096, 4097, 10_000, 65_536, 65_537, 1_000_000, 9_999_999])
  func sizeClasses(bytes: Int) {
    let cache = BlockCache()
    let block = cache.allocate(bytes: bytes)
    #expect(cache.usage.inUse >= bytes)
    #expect(cache.usage.inUse <= max(bytes + bytes / 8, bytes + 4096))
    cache.deallocate(block, bytes: bytes)
  }

  @Test("What is held never exceeds the most that was in use, however sizes change")
  func bound() {
    let cache = BlockCache()
    for round in 1...40 {
      let bytes = 20_000 + 7919 * round % 300_000
      let blocks = (0..<8).map { _ in cache.allocate(bytes: bytes) }
      #expect(cache.usage.inUse + cache.usage.free <= cache.usage.peak)
      for block in blocks { cache.deallocate(block, bytes: bytes) }
      #expect(cache.usage.inUse == 0)
      #expect(cache.usage.free <= cache.usage.peak)
    }
  }

  @Test("From several threads")
  func threads() async {
    let cache = BlockCache()
    await withTaskGroup { group in
      for task in 0..<4 {
        group.addTask {
          for round in 0..<500 {
            let bytes = 4096 * (1 + (round * 7 + task) % 9)
            let block = cache.allocate(bytes: bytes)
            block.initializeMemory(as: UInt8.self, repeating: UInt8(task), count: bytes)
            precondition(block.load(fromByteOffset: bytes - 1, as: UInt8.self) == UInt8(task), "a block is used twice")
            cache.deallocate(block, bytes: bytes)
          }
        }
      }
    }
    #expect(cache.usage.inUse == 0)
    #expect(cache.usage.free <= cache.usage.peak)
  }
}
