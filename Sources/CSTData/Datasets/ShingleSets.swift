/// Many texts' shingles as sets of small numbers that grow with how often a shingle occurs, rarest first.
///
/// Four bytes a shingle, in one array: 100,000 prompts of thirty words take 12 MB.
struct ShingleSets {
  var count: Int { starts.count - 1 }
  /// How many different shingles there are: numbers are below this.
  let distinctShingles: Int

  private let numbers: [UInt32]
  private let starts: [Int]

  /// Collects the sets: eight bytes a shingle until they are numbered.
  struct Builder {
    private var hashes: [UInt64] = []
    private var starts = [0]

    /// Adds a set of distinct hashes.
    mutating func append(_ shingles: [UInt64]) {
      hashes += shingles
      starts.append(hashes.count)
    }

    /// - Complexity: O(n log n) in the number of distinct shingles.
    consuming func sets() -> ShingleSets { ShingleSets(hashes, starts) }
  }

  private init(_ hashes: [UInt64], _ starts: [Int]) {
    var counts: [UInt64: UInt32] = [:]
    for hash in hashes { counts[hash, default: 0] += 1 }
    let order = counts.map { (count: $0.value, hash: $0.key) }.sorted { ($0.count, $0.hash) < ($1.count, $1.hash) }
    for (number, entry) in order.enumerated() { counts[entry.hash] = UInt32(number) }
    var numbers = hashes.map { counts[$0] ?? 0 }
    numbers.withUnsafeMutableBufferPointer { numbers in
      for (start, end) in zip(starts, starts.dropFirst()) { numbers[start..<end].sort() }
    }
    self.numbers = numbers
    self.starts = starts
    distinctShingles = order.count
  }

  func size(of position: Int) -> Int { starts[position + 1] - starts[position] }

  /// The set's numbers, ascending.
  subscript(position: Int) -> ArraySlice<UInt32> { numbers[starts[position]..<starts[position + 1]] }

  /// The Jaccard index of two sets: shared shingles divided by all distinct ones.
  func similarity(_ first: Int, _ second: Int) -> Double {
    let shared = numbers.withUnsafeBufferPointer { numbers in
      var (a, b) = (starts[first], starts[second])
      let (aEnd, bEnd) = (starts[first + 1], starts[second + 1])
      var shared = 0
      while a < aEnd, b < bEnd {
        let (x, y) = (numbers[a], numbers[b])
        if x == y { shared += 1 }
        if x <= y { a += 1 }
        if y <= x { b += 1 }
      }
      return shared
    }
    return Double(shared) / Double(size(of: first) + size(of: second) - shared)
  }
}
