/// Finds texts that are the same but for small changes, by the words they share.
///
/// Two texts are compared by their *shingles*, the runs of ``shingleLength`` consecutive words: the similarity is the
/// Jaccard index, shared shingles divided by all distinct ones. Letter case, punctuation and spacing do not count. Results
/// are exact, not sampled: no pair at or above the threshold is missed. A word is a run of letters and digits, so scripts
/// written without spaces are only compared for equality between punctuation marks.
///
/// ```swift
/// let leaks = NearDuplicates().matches(of: heldOutPrompts, in: trainingPrompts)
/// ```
///
/// With the defaults a text in which one of 13 words or more was replaced counts as a near duplicate, and so does one of 7
/// words or more that lacks its last.
public struct NearDuplicates: Hashable, Sendable {
  /// Two texts that are near duplicates.
  public struct Match: Hashable, Sendable {
    /// The position of the text looked for.
    public let query: Int
    /// The position of the most similar text among those looked through; the first of several equally similar ones.
    public let candidate: Int
    /// Their similarity, from the threshold to 1.
    public let similarity: Double
  }

  /// How many consecutive words make a shingle. A text of fewer words is one shingle.
  public let shingleLength: Int
  /// The least similarity that counts.
  public let threshold: Double

  /// Creates a detector.
  ///
  /// - Precondition: `shingleLength` is at least 1; `threshold` is greater than 0 and at most 1.
  public init(shingleLength: Int = 2, threshold: Double = 0.7) {
    precondition(shingleLength >= 1, "NearDuplicates: shingleLength must be at least 1, not \(shingleLength)")
    precondition(threshold > 0 && threshold <= 1, "NearDuplicates: threshold must be in 0 < t ≤ 1, not \(threshold)")
    self.shingleLength = shingleLength
    self.threshold = threshold
  }

  /// The similarity of two texts, from 0 (no shared shingle) to 1 (the same shingles). Two texts without words have 1.
  public func similarity(_ first: String, _ second: String) -> Double {
    Self.jaccard(Set(shingles(of: first)), Set(shingles(of: second)))
  }

  /// The texts in groups: near duplicates, and near duplicates of near duplicates, stand together.
  ///
  /// - Returns: Every position once. Groups are ordered by their first member, members by position.
  /// - Complexity: O(total shingles · log) plus the comparisons of texts that share a rare shingle.
  public func groups(in texts: [String]) -> [[Int]] {
    var parents = Array(texts.indices)
    func root(of position: Int) -> Int {
      var position = position
      while parents[position] != position {
        parents[position] = parents[parents[position]]
        position = parents[position]
      }
      return position
    }
    var index = ShingleIndex(threshold: threshold)
    let sets = index.numbered(texts.map(shingles))
    for (position, set) in sets.enumerated() {
      for candidate in index.candidates(for: set) where Self.jaccard(set, sets[candidate]) >= threshold {
        let (a, b) = (root(of: position), root(of: candidate))
        parents[max(a, b)] = min(a, b)
      }
      index.insert(set, at: position)
    }
    var groups: [[Int]] = []
    var groupOfRoot: [Int: Int] = [:]
    for position in texts.indices {
      let top = root(of: position)
      if let group = groupOfRoot[top] {
        groups[group].append(position)
      } else {
        groupOfRoot[top] = groups.count
        groups.append([position])
      }
    }
    return groups
  }

  /// For every text that has a near duplicate among others, the most similar of them.
  ///
  /// - Returns: At most one match for each of `texts`, in their order.
  public func matches(of texts: [String], in others: [String]) -> [Match] {
    var index = ShingleIndex(threshold: threshold)
    let sets = index.numbered((others + texts).map(shingles))
    for position in others.indices { index.insert(sets[position], at: position) }
    return texts.indices.compactMap { query in
      let set = sets[others.count + query]
      var best: Match?
      for candidate in index.candidates(for: set) {
        let similarity = Self.jaccard(set, sets[candidate])
        if similarity >= threshold, similarity > best?.similarity ?? 0 {
          best = Match(query: query, candidate: candidate, similarity: similarity)
        }
      }
      return best
    }
  }

  /// The text's distinct shingles in order of appearance; one empty shingle for a text without words.
  private func shingles(of text: String) -> [String] {
    let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }
    guard words.count > shingleLength else { return [words.joined(separator: " ")] }
    var seen: Set<String> = []
    return (0...words.count - shingleLength)
      .map { words[$0..<$0 + shingleLength].joined(separator: " ") }
      .filter { seen.insert($0).inserted }
  }

  private static func jaccard<Shingle>(_ first: Set<Shingle>, _ second: Set<Shingle>) -> Double {
    let shared = first.intersection(second).count
    return Double(shared) / Double(first.count + second.count - shared)
  }
}

/// An inverted index that proposes every set that can reach the threshold, and few others.
///
/// Prefix filtering (Chaudhuri, Ganti and Kaushik, 2006): with all shingles in one order, rarest first, two sets of Jaccard
/// index ≥ t share a shingle among the first |s| − ⌈t·|s|⌉ + 1 of each. Only those are indexed and looked up.
private struct ShingleIndex {
  let threshold: Double
  private var positions: [Int: [Int]] = [:]

  init(threshold: Double) { self.threshold = threshold }

  /// Replaces shingles by numbers that grow with how often a shingle occurs.
  func numbered(_ texts: [[String]]) -> [Set<Int>] {
    var counts: [String: (count: Int, first: Int)] = [:]
    for text in texts {
      for shingle in text {
        let seen = counts[shingle] ?? (count: 0, first: counts.count)
        counts[shingle] = (seen.count + 1, seen.first)
      }
    }
    let ordered = counts.sorted { ($0.value.count, $0.value.first) < ($1.value.count, $1.value.first) }
    let numbers = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1.key, $0) })
    return texts.map { Set($0.compactMap { numbers[$0] }) }
  }

  /// The positions of sets that may be similar enough, ascending.
  func candidates(for set: Set<Int>) -> [Int] {
    Set(prefix(of: set).flatMap { positions[$0] ?? [] }).sorted()
  }

  mutating func insert(_ set: Set<Int>, at position: Int) {
    for shingle in prefix(of: set) { positions[shingle, default: []].append(position) }
  }

  private func prefix(of set: Set<Int>) -> ArraySlice<Int> {
    // Rounding may make the product a hair too large, which would drop a candidate; one shingle more is always safe.
    let needed = Int((threshold * Double(set.count) - 1e-9).rounded(.up))
    return set.sorted().prefix(set.count - needed + 1)
  }
}
