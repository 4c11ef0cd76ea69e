/// Finds texts that are the same but for small changes, by the words they share.
///
/// Two texts are compared by their *shingles*, the runs of `shingleLength` consecutive words: the similarity is the
/// Jaccard index, shared shingles divided by all distinct ones. Letter case, punctuation and spacing do not count. Results
/// are exact, not sampled: no pair at or above the threshold is missed (shingles are compared by 64-bit hashes). A word is
/// a run of letters and digits, so scripts written without spaces are only compared for equality between punctuation marks.
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
  package let shingleLength: Int
  /// The least similarity that counts.
  package let threshold: Double

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
  public func similarity(_ first: String, _ second: String) -> Double { sets(of: [first, second]).similarity(0, 1) }

  /// The texts in groups: near duplicates, and near duplicates of near duplicates, stand together.
  ///
  /// - Returns: Every position once. Groups are ordered by their first member, members by position.
  /// - Complexity: O(total shingles · log) plus the comparisons of texts that share a rare shingle. Memory is about
  ///   sixteen bytes a shingle; texts are not kept.
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
    let sets = sets(of: texts)
    var index = ShingleIndex(sets, threshold: threshold)
    for position in texts.indices {
      index.forEachMatch(of: position) { match, _ in
        let (a, b) = (root(of: position), root(of: match))
        parents[max(a, b)] = min(a, b)
        return true
      }
      index.insert(position)
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

  /// For every text the first one before it that is a near duplicate, or `nil`; texts that have one are not compared with.
  ///
  /// What is decided of a text does not depend on those after it.
  func earlierMatches(in texts: [String]) -> [Int?] {
    let sets = sets(of: texts)
    var index = ShingleIndex(sets, threshold: threshold)
    return texts.indices.map { position in
      var first: Int?
      index.forEachMatch(of: position) { match, _ in
        first = min(first ?? match, match)
        return true
      }
      if first == nil { index.insert(position) }
      return first
    }
  }

  /// For every text that has a near duplicate among others, the most similar of them.
  ///
  /// - Returns: At most one match for each of `texts`, in their order.
  public func matches(of texts: [String], in others: [String]) -> [Match] {
    let sets = sets(of: others + texts)
    var index = ShingleIndex(sets, threshold: threshold)
    for position in others.indices { index.insert(position) }
    return texts.indices.compactMap { query in
      var best: Match?
      index.forEachMatch(of: others.count + query) { candidate, similarity in
        let least = best.map { ($0.similarity, -$0.candidate) } ?? (0, 0)
        if (similarity, -candidate) > least {
          best = Match(query: query, candidate: candidate, similarity: similarity)
        }
        return true
      }
      return best
    }
  }

  /// A text's words and shingles.
  func shingled(_ text: String) -> ShingledText { ShingledText(text, shingleLength: shingleLength) }

  private func sets(of texts: [String]) -> ShingleSets {
    var builder = ShingleSets.Builder()
    for text in texts { builder.append(shingled(text).shingles) }
    return builder.sets()
  }
}
