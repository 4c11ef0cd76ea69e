/// Merges the bytes of one word into tokens, always the best-ranked pair first and the leftmost of equals.
///
/// Holds the buffers one encoding needs, so that words share them; nothing outlives the call that made it.
struct BytePairMerger {
  /// Words up to this many bytes are merged by scanning for the best pair, longer ones with a queue. The scan is
  /// quadratic but has no queue to maintain: with the queue alone, encoding English line by line took twice the time;
  /// limits from 16 to 96 were equally fast.
  static let scanLimit = 48

  private let merges: MergeTable.View
  private let byteIDs: UnsafeBufferPointer<Int32>
  private var ids: [Int32] = []
  private var ranks: [UInt32] = []

  init(merges: MergeTable.View, byteIDs: UnsafeBufferPointer<Int32>) {
    self.merges = merges
    self.byteIDs = byteIDs
  }

  /// Appends the tokens of `word`. Bytes the vocabulary has no token for are left out, as the reference does.
  ///
  /// - Complexity: O(n log n) in the word's bytes.
  mutating func merge(_ word: UnsafeBufferPointer<UInt8>, into output: inout [Int32]) {
    if word.count == 1 {
      if byteIDs[Int(word[0])] >= 0 { output.append(byteIDs[Int(word[0])]) }
      return
    }
    ids.removeAll(keepingCapacity: true)
    ids.reserveCapacity(word.count)
    for byte in word where byteIDs[Int(byte)] >= 0 { ids.append(byteIDs[Int(byte)]) }
    ranks.removeAll(keepingCapacity: true)
    ranks.reserveCapacity(ids.count)
    for index in ids.indices.dropLast() { ranks.append(merges.rank(ids[index], ids[index + 1])) }
    if !ids.isEmpty { ranks.append(MergeTable.none) }
    if ids.count <= Self.scanLimit { mergeByScanning() } else { mergeByQueue() }
    output.append(contentsOf: ids)
  }

  /// Merges `ids`, whose pairs have the given `ranks`, by looking for the best pair again and again.
  private mutating func mergeByScanning() {
    let merges = merges
    var count = ids.count
    ids.withUnsafeMutableBufferPointer { ids in
      ranks.withUnsafeMutableBufferPointer { ranks in
        while count > 1 {
          var best = MergeTable.none
          var place = 0
          for index in 0..<count - 1 where ranks[index] < best {
            best = ranks[index]
            place = index
          }
          if best == MergeTable.none { break }
          ids[place] = merges.result(best)
          count -= 1
          var index = place + 1
          while index < count {
            ids[index] = ids[index + 1]
            ranks[index] = ranks[index + 1]
            index += 1
          }
          ranks[place] = place + 1 < count ? merges.rank(ids[place], ids[place + 1]) : MergeTable.none
          if place > 0 { ranks[place - 1] = merges.rank(ids[place - 1], ids[place]) }
        }
      }
    }
    ids.removeLast(ids.count - count)
  }

  /// Merges `ids`, whose pairs have the given `ranks`, with a queue of pairs and links between what is left.
  ///
  /// A queue entry is the rank above the position: the smallest is the best-ranked, leftmost pair. An entry whose rank
  /// is no longer the position's own is out of date and skipped.
  private mutating func mergeByQueue() {
    let merges = merges
    var previous = [Int](-1..<ids.count - 1)
    var next = [Int](1...ids.count)
    let end = ids.count
    var queue = MergeQueue()
    for (position, rank) in ranks.enumerated() where rank != MergeTable.none {
      queue.push(UInt64(rank) << 40 | UInt64(position))
    }
    while let entry = queue.pop() {
      let place = Int(entry & (1 << 40 - 1))
      let rank = UInt32(entry >> 40)
      guard ranks[place] == rank else { continue }
      let gone = next[place]
      ids[place] = merges.result(rank)
      ids[gone] = -1
      ranks[gone] = MergeTable.none
      next[place] = next[gone]
      ranks[place] = MergeTable.none
      if next[place] < end {
        previous[next[place]] = place
        ranks[place] = merges.rank(ids[place], ids[next[place]])
        if ranks[place] != MergeTable.none { queue.push(UInt64(ranks[place]) << 40 | UInt64(place)) }
      }
      let before = previous[place]
      if before >= 0 {
        ranks[before] = merges.rank(ids[before], ids[place])
        if ranks[before] != MergeTable.none { queue.push(UInt64(ranks[before]) << 40 | UInt64(before)) }
      }
    }
    ids.removeAll { $0 < 0 }
  }
}

/// A binary heap of numbers, smallest first.
private struct MergeQueue {
  private var heap: [UInt64] = []

  mutating func push(_ entry: UInt64) {
    heap.append(entry)
    heap.withUnsafeMutableBufferPointer { heap in
      var index = heap.count - 1
      while index > 0 {
        let parent = (index - 1) / 2
        if heap[parent] <= entry { break }
        heap[index] = heap[parent]
        index = parent
      }
      heap[index] = entry
    }
  }

  mutating func pop() -> UInt64? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    heap.withUnsafeMutableBufferPointer { heap in
      guard heap.count > 0 else { return }
      var index = 0
      while 2 * index + 1 < heap.count {
        var child = 2 * index + 1
        if child + 1 < heap.count && heap[child + 1] < heap[child] { child += 1 }
        if last <= heap[child] { break }
        heap[index] = heap[child]
        index = child
      }
      heap[index] = last
    }
    return first
  }
}
