/// An inverted index that proposes every set that can reach a similarity, and few others.
///
/// Prefix filtering (Chaudhuri, Ganti and Kaushik, 2006): with all shingles in one order, rarest first, two sets of Jaccard
/// index ≥ t share a shingle among the first |s| − ⌈t·|s|⌉ + 1 of each. Only those are indexed and looked up. Sets whose
/// sizes alone keep them apart are not proposed either.
///
/// Positions stand in linked lists, eight bytes an entry, so that 100,000 sets need a few megabytes.
struct ShingleIndex {
  private let sets: ShingleSets
  private let threshold: Double
  /// For every shingle, the latest entry that holds it.
  private var heads: [UInt32]
  /// For every entry, the set it is of and the entry before it.
  private var entries: [(position: UInt32, previous: UInt32)] = []
  private var inserted: [UInt32] = []
  /// For every set, the last query it was proposed for, so that it is proposed once.
  private var proposedFor: [UInt32]
  private var query: UInt32 = 0

  private static let none = UInt32.max

  init(_ sets: ShingleSets, threshold: Double) {
    self.sets = sets
    self.threshold = threshold
    heads = [UInt32](repeating: Self.none, count: sets.distinctShingles)
    proposedFor = [UInt32](repeating: 0, count: sets.count)
  }

  /// Makes a set one to be found.
  mutating func insert(_ position: Int) {
    for shingle in prefix(of: position) {
      entries.append((UInt32(position), heads[Int(shingle)]))
      heads[Int(shingle)] = UInt32(entries.count - 1)
    }
    inserted.append(UInt32(position))
  }

  /// Makes the index empty again.
  /// - Complexity: Linear in the size of the sets that were inserted.
  mutating func removeAll() {
    for position in inserted {
      for shingle in prefix(of: Int(position)) { heads[Int(shingle)] = Self.none }
    }
    inserted.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
  }

  /// Calls `body` with every inserted set of at least the threshold's similarity and that similarity, once each, in an
  /// order that depends on the sets alone; stops when it returns `false`.
  mutating func forEachMatch(of position: Int, _ body: (_ match: Int, _ similarity: Double) -> Bool) {
    query += 1
    // The similarity is at most the smaller size divided by the larger one.
    let size = Double(sets.size(of: position))
    let (least, most) = (threshold * size - 1e-9, size / threshold + 1e-9)
    for shingle in prefix(of: position) {
      var entry = heads[Int(shingle)]
      while entry != Self.none {
        let candidate = Int(entries[Int(entry)].position)
        entry = entries[Int(entry)].previous
        guard proposedFor[candidate] != query else { continue }
        proposedFor[candidate] = query
        let candidateSize = Double(sets.size(of: candidate))
        guard candidateSize >= least, candidateSize <= most else { continue }
        let similarity = sets.similarity(position, candidate)
        if similarity >= threshold, !body(candidate, similarity) { return }
      }
    }
  }

  private func prefix(of position: Int) -> ArraySlice<UInt32> {
    let set = sets[position]
    // Rounding may make the product a hair too large, which would drop a candidate; one shingle more is always safe.
    let needed = Int((threshold * Double(set.count) - 1e-9).rounded(.up))
    return set.prefix(set.count - needed + 1)
  }
}
