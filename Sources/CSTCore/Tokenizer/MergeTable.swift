/// The merge rules of a BPE vocabulary: which two neighbouring tokens become one, and in what order of preference.
struct MergeTable: Sendable {
  /// The rank that stands for "these two do not merge".
  static let none = UInt32.max
  /// Merges are ranked below 2^24, so that a rank and a text position fit one word of the merge queue.
  static let maximumCount = 1 << 24

  /// Merge rules left out because an added token would be part or result of them.
  let blockedCount: Int

  /// Open-addressing table: left id in the upper, right id in the lower half; `UInt64.max` where empty.
  private var keys: [UInt64]
  /// The rank of the pair in the same slot of `keys`.
  private var ranks: [UInt32]
  /// The token each rank's merge makes.
  private var results: [Int32]

  /// - Throws: ``TokenizerError`` naming the rank of a rule that is not two known tokens with a known result, or that
  ///   is there twice.
  init(_ merges: [String], _ vocabulary: Vocabulary, added: [[UInt8]: Int32]) throws(TokenizerError) {
    guard merges.count < Self.maximumCount else {
      throw TokenizerError(.malformedMerge, at: "merges", "expected fewer than 2^24 rules, found \(merges.count)")
    }
    var capacity = 1024
    while capacity < 2 * merges.count { capacity *= 2 }
    keys = [UInt64](repeating: .max, count: capacity)
    ranks = [UInt32](repeating: Self.none, count: capacity)
    results = [Int32](repeating: -1, count: merges.count)
    let alphabet = ByteAlphabet()
    var blocked = 0
    var bytes: [UInt8] = []
    for (rank, rule) in merges.enumerated() {
      let scalars = rule.unicodeScalars
      guard let gap = scalars.firstIndex(of: " ") else {
        throw TokenizerError(.malformedMerge, at: "merge \(rank)", "expected two tokens with a space between")
      }
      bytes.removeAll(keepingCapacity: true)
      let leftStranger = alphabet.decode(scalars[..<gap], into: &bytes)
      let leftCount = bytes.count
      let rightStranger = alphabet.decode(scalars[scalars.index(after: gap)...], into: &bytes)
      guard leftStranger == nil, rightStranger == nil, leftCount > 0, leftCount < bytes.count else {
        throw TokenizerError(
          .malformedMerge, at: "merge \(rank)", "expected two spellings in the byte-level alphabet with a space between"
        )
      }
      let parts = [Array(bytes[..<leftCount]), Array(bytes[leftCount...]), bytes]
      guard let left = vocabulary.id(of: parts[0]), let right = vocabulary.id(of: parts[1]),
        let result = vocabulary.id(of: bytes)
      else {
        // A rule that needs an added token would let content make one: it is left out, not applied.
        if parts.allSatisfy({ vocabulary.id(of: $0) != nil || added[$0] != nil }) {
          blocked += 1
          continue
        }
        throw TokenizerError(
          .malformedMerge, at: "merge \(rank)",
          "a part or the result of \(TokenizerError.quote(rule)) is not in the vocabulary")
      }
      var slot = Self.slot(of: Self.key(left, right), mask: capacity - 1)
      while keys[slot] != .max {
        if keys[slot] == Self.key(left, right) {
          throw TokenizerError(
            .malformedMerge, at: "merge \(rank)",
            "\(TokenizerError.quote(rule)) is there already with rank \(ranks[slot])")
        }
        slot = (slot + 1) & (capacity - 1)
      }
      keys[slot] = Self.key(left, right)
      ranks[slot] = UInt32(rank)
      results[rank] = result
    }
    blockedCount = blocked
  }

  /// Pointers into the table, valid inside ``withView(_:)`` only: look-ups without reference counting.
  struct View {
    fileprivate let keys: UnsafeBufferPointer<UInt64>
    fileprivate let ranks: UnsafeBufferPointer<UInt32>
    fileprivate let results: UnsafeBufferPointer<Int32>

    /// The rank of merging `left` and `right`, or ``MergeTable/none``.
    @inline(__always)
    func rank(_ left: Int32, _ right: Int32) -> UInt32 {
      let key = MergeTable.key(left, right)
      let mask = keys.count - 1
      var slot = MergeTable.slot(of: key, mask: mask)
      while true {
        let found = keys[slot]
        if found == key { return ranks[slot] }
        if found == .max { return MergeTable.none }
        slot = (slot + 1) & mask
      }
    }

    /// The token that the merge of this rank makes.
    @inline(__always)
    func result(_ rank: UInt32) -> Int32 { results[Int(rank)] }
  }

  /// Calls `body` with a view of the table.
  func withView<Result>(_ body: (View) -> Result) -> Result {
    keys.withUnsafeBufferPointer { keys in
      ranks.withUnsafeBufferPointer { ranks in
        results.withUnsafeBufferPointer { body(View(keys: keys, ranks: ranks, results: $0)) }
      }
    }
  }

  @inline(__always)
  fileprivate static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  fileprivate static func slot(of key: UInt64, mask: Int) -> Int {
    let mixed = key &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 32) & mask
  }
}
