/// How sequences lie in a padding-free `[tokens, width]` matrix: groups of one prefix and the continuations that share
/// it. The prefix is computed once; every continuation attends to all of it and to itself.
///
/// A preference pair is one group with two continuations; a lone sequence is a group without any.
package struct PackedSequences: Sendable, Hashable {
  package struct Group: Sendable, Hashable {
    /// Rows of the shared prefix.
    package let prefix: Range<Int>
    /// Rows of each continuation; each begins at the position after the prefix.
    package let continuations: [Range<Int>]
  }

  /// The groups in the order of their rows.
  package private(set) var groups: [Group] = []
  /// The position of every row in its sequence, from 0.
  package private(set) var positions: [Int32] = []

  package init() {}

  package var rowCount: Int { positions.count }

  package mutating func append(prefixLength: Int, continuationLengths: [Int] = []) {
    let prefix = rowCount..<rowCount + prefixLength
    positions += (0..<Int32(prefixLength))
    var continuations: [Range<Int>] = []
    for length in continuationLengths {
      continuations.append(rowCount..<rowCount + length)
      positions += (Int32(prefixLength)..<Int32(prefixLength + length))
    }
    groups.append(Group(prefix: prefix, continuations: continuations))
  }

  /// Every stretch of rows with the prefix it attends to before itself (empty for a prefix).
  var segments: [(own: Range<Int>, prefix: Range<Int>)] {
    groups.flatMap { group in
      [(group.prefix, group.prefix.lowerBound..<group.prefix.lowerBound)]
        + group.continuations.map { ($0, group.prefix) }
    }
  }
}
