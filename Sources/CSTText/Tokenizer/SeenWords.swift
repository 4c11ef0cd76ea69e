#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// Remembers where a word was seen before in this very text, so that its ids are copied instead of merged again.
///
/// A direct-mapped table of bounded size that belongs to one call: a collision forgets the older word.
struct SeenWords {
  private struct Entry {
    var start: UInt32 = 0
    var count: UInt32 = 0
    var outputStart: UInt32 = 0
    var outputCount: UInt32 = 0
  }

  /// Longer words repeat too rarely to be worth comparing.
  private static let longestWord = 32
  private static let maximumSize = 1 << 14

  private var entries: [Entry]

  init(textCount: Int) {
    var size = 0
    // Positions are kept in 32 bits; a larger text is encoded without the table.
    if textCount >= 64 && textCount < Int(UInt32.max) {
      size = 64
      while size < Self.maximumSize && size * 8 < textCount { size *= 2 }
    }
    entries = [Entry](repeating: Entry(), count: size)
  }

  @inline(__always) mutating func encode(
    _ word: Range<Int>, of text: UnsafeBufferPointer<UInt8>, with merger: inout BytePairMerger,
    into output: inout [Int32]
  ) {
    let bytes = UnsafeBufferPointer(rebasing: text[word])
    guard bytes.count > 1 && bytes.count <= Self.longestWord && !entries.isEmpty, let base = bytes.baseAddress,
      let textBase = text.baseAddress
    else {
      merger.merge(bytes, into: &output)
      return
    }
    let slot = Int(truncatingIfNeeded: Self.hash(base, bytes.count)) & (entries.count - 1)
    let entry = entries[slot]
    if Int(entry.count) == bytes.count && memcmp(base, textBase + Int(entry.start), bytes.count) == 0 {
      let start = Int(entry.outputStart)
      for index in start..<start + Int(entry.outputCount) { output.append(output[index]) }
      return
    }
    let outputStart = output.count
    merger.merge(bytes, into: &output)
    entries[slot] = Entry(
      start: UInt32(word.lowerBound), count: UInt32(bytes.count), outputStart: UInt32(outputStart),
      outputCount: UInt32(output.count - outputStart))
  }

  @inline(__always) private static func hash(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
    let raw = UnsafeRawPointer(bytes)
    var hash = UInt64(count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while offset + 8 <= count {
      hash = (hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 32
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < count {
      tail = tail << 8 | UInt64(bytes[offset])
      offset += 1
    }
    hash = (hash ^ tail) &* 0xFF51_AFD7_ED55_8CCD
    return hash ^ (hash >> 29)
  }
}
