/// Merges the bytes of one word into tokens, always the best-ranked pair first and the leftmost of equals.
///
/// Holds the buffers one encoding needs, so that words share them; nothing outlives the call that made it.
struct BytePairMerger {
  /// Words up to this many bytes are merged by scanning for the best pair, longer ones with a queue. The scan is
  /// quadratic but has no queue to maintain: with the queue alone, encoding English line by line took twice the time;
  /// limits from 16 to 96 were equally fast.
  static let scanLimit = 48

  /// What encoding does with characters that have no token.
  struct Unknown {
    var id: Int32
    var isFused: Bool
  }

  private let merges: MergeTable.View
  private let vocabulary: Vocabulary.View
  private let unknown: Unknown?
  private let ignoresMerges: Bool
  private var ids: [Int32] = []
  /// What merging each symbol with the next gives: the rank above the token.
  private var pairs: [UInt64] = []

  init(merges: MergeTable.View, vocabulary: Vocabulary.View, unknown: Unknown?, ignoresMerges: Bool) {
    self.merges = merges
    self.vocabulary = vocabulary
    self.unknown = unknown
    self.ignoresMerges = ignoresMerges
  }

  /// Appends the tokens of `word`. What the vocabulary has no token for is left out or unknown, as the reference does.
  /// - Complexity: O(n log n) in the word's bytes.
  mutating func merge(_ word: UnsafeBufferPointer<UInt8>, into output: inout [Int32]) {
    if word.count == 1 && !vocabulary.isSentencePiece && vocabulary.byteIDs[Int(word[0])] >= 0 {
      output.append(vocabulary.byteIDs[Int(word[0])])
      return
    }
    if ignoresMerges {
      let id = vocabulary.id(of: word)
      if id >= 0 {
        output.append(id)
        return
      }
    }
    ids.removeAll(keepingCapacity: true)
    ids.reserveCapacity(word.count)
    if vocabulary.isSentencePiece { readCharacters(of: word) } else { readBytes(of: word) }
    pairs.removeAll(keepingCapacity: true)
    pairs.reserveCapacity(ids.count)
    for index in ids.indices.dropLast() { pairs.append(merges.merge(ids[index], ids[index + 1])) }
    if !ids.isEmpty { pairs.append(MergeTable.noMerge) }
    if ids.count <= Self.scanLimit { mergeByScanning() } else { mergeByQueue() }
    output.append(contentsOf: ids)
  }

  /// Begins with the tokens of single bytes.
  private mutating func readBytes(of word: UnsafeBufferPointer<UInt8>) {
    var isUnknown = false
    for byte in word {
      let id = vocabulary.byteIDs[Int(byte)]
      if id >= 0 { ids.append(id) } else if let unknown, !(isUnknown && unknown.isFused) { ids.append(unknown.id) }
      isUnknown = id < 0
    }
  }

  /// Begins with the tokens of single characters, or of the bytes of those that have none.
  private mutating func readCharacters(of word: UnsafeBufferPointer<UInt8>) {
    // The reference writes an unknown token when the next known character comes, after any bytes in between.
    var isUnknown = false
    var start = 0
    while start < word.count {
      let lead = word[start]
      let end = min(start + (lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4), word.count)
      let character = UnsafeBufferPointer(rebasing: word[start..<end])
      start = end
      let id = vocabulary.id(of: character)
      if id >= 0 {
        if isUnknown, let unknown { ids.append(unknown.id) }
        isUnknown = false
        ids.append(id)
      } else if character.allSatisfy({ vocabulary.byteIDs[Int($0)] >= 0 }) {
        for byte in character { ids.append(vocabulary.byteIDs[Int(byte)]) }
      } else {
        if isUnknown, let unknown, !unknown.isFused { ids.append(unknown.id) }
        isUnknown = true
      }
    }
    if isUnknown, let unknown { ids.append(unknown.id) }
  }

  /// Merges `ids` by looking for the best of `pairs` again and again.
  private mutating func mergeByScanning() {
    let merges = merges
    var count = ids.count
    ids.withUnsafeMutableBufferPointer { ids in
      pairs.withUnsafeMutableBufferPointer { pairs in
        while count > 1 {
          var best = MergeTable.noMerge
          var place = 0
          // Pairs of one rank are merged from left to right, whatever their tokens.
          for index in 0..<count - 1 where pairs[index] >> 32 < best >> 32 {
            best = pairs[index]
            place = index
          }
          if best == MergeTable.noMerge { break }
          ids[place] = Self.token(best)
          count -= 1
          var index = place + 1
          while index < count {
            ids[index] = ids[index + 1]
            pairs[index] = pairs[index + 1]
            index += 1
          }
          pairs[place] = place + 1 < count ? merges.merge(ids[place], ids[place + 1]) : MergeTable.noMerge
          if place > 0 { pairs[place - 1] = merges.merge(ids[place - 1], ids[place]) }
        }
      }
    }
    ids.removeLast(ids.count - count)
  }

  @inline(__always) private static func token(_ pair: UInt64) -> Int32 { Int32(truncatingIfNeeded: pair) }

  /// Merges `ids` with a queue of pairs and links between what is left.
  ///
  /// A queue entry is the rank above the position: the smallest is the best-ranked, leftmost pair. An entry whose rank
  /// is no longer the position's own is out of date and skipped.
  private mutating func mergeByQueue() {
    let merges = merges
    var previous = [Int](-1..<ids.count - 1)
    var next = [Int](1...ids.count)
    let end = ids.count
    var queue = MergeQueue(pairs.enumerated().filter { $1 != MergeTable.noMerge }.map { Self.entry($1, at: $0) })
    while let entry = queue.pop() {
      let place = Int(entry & (1 << 40 - 1))
      let pair = pairs[place]
      guard pair != MergeTable.noMerge, pair >> 32 == entry >> 40 else { continue }
      let gone = next[place]
      ids[place] = Self.token(pair)
      ids[gone] = -1
      pairs[gone] = MergeTable.noMerge
      next[place] = next[gone]
      pairs[place] = MergeTable.noMerge
      if next[place] < end {
        previous[next[place]] = place
        push(merges.merge(ids[place], ids[next[place]]), at: place, to: &queue)
      }
      let before = previous[place]
      if before >= 0 { push(merges.merge(ids[before], ids[place]), at: before, to: &queue) }
    }
    ids.removeAll { $0 < 0 }
  }

  private static func entry(_ pair: UInt64, at position: Int) -> UInt64 { (pair >> 32) << 40 | UInt64(position) }

  private mutating func push(_ pair: UInt64, at position: Int, to queue: inout MergeQueue) {
    pairs[position] = pair
    if pair != MergeTable.noMerge { queue.push(Self.entry(pair, at: position)) }
  }
}

/// A binary heap of numbers, smallest first.
private struct MergeQueue {
  private var heap: [UInt64]

  /// A queue of these entries.
  /// - Complexity: O(n log n), and O(n) where they are in ascending order.
  init(_ entries: some Sequence<UInt64>) { heap = entries.sorted() }

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
