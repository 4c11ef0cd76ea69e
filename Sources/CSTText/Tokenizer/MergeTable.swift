/// The merge rules of a BPE vocabulary: which two neighbouring tokens become one, and in what order of preference.
struct MergeTable: Sendable {
  /// What stands for "these two do not merge": a rank below all others.
  static let noMerge = UInt64.max
  /// Merges are ranked below 2^24, so that a rank and a text position fit one word of the merge queue.
  static let maximumCount = 1 << 24

  /// Merge rules left out because an added token would be part or result of them.
  private(set) var blockedCount = 0

  /// Open-addressing table: left id in the upper, right id in the lower half; `UInt64.max` where empty.
  private var keys: [UInt64]
  /// What merging the pair in the same slot of `keys` gives: the rank in the upper half, the token in the lower.
  private var values: [UInt64]
  private var count = 0

  private init(capacity minimum: Int) {
    var capacity = 1024
    while capacity < 2 * minimum { capacity *= 2 }
    keys = [UInt64](repeating: .max, count: capacity)
    values = [UInt64](repeating: .max, count: capacity)
  }

  /// A table of merge rules, best first.
  ///
  /// - Throws: ``TokenizerError`` naming the rank of a rule that is not two known tokens with a known result, or that
  ///   is there twice.
  init(_ merges: [String], _ vocabulary: Vocabulary, added: [[UInt8]: Int32]) throws(TokenizerError) {
    guard merges.count < Self.maximumCount else {
      throw TokenizerError(.malformedMerge, at: "merges", "expected fewer than 2^24 rules, found \(merges.count)")
    }
    self.init(capacity: merges.count)
    let alphabet = ByteAlphabet()
    var bytes: [UInt8] = []
    for (rank, rule) in merges.enumerated() {
      bytes.removeAll(keepingCapacity: true)
      let leftCount = try Self.append(
        rule, rank: rank, alphabet: vocabulary.isSentencePiece ? nil : alphabet, to: &bytes)
      let parts = [Array(bytes[..<leftCount]), Array(bytes[leftCount...]), bytes]
      guard let left = vocabulary.id(of: parts[0]), let right = vocabulary.id(of: parts[1]),
        let result = vocabulary.id(of: bytes)
      else {
        // A rule that needs an added token would let content make one: it is left out, not applied.
        if parts.allSatisfy({ vocabulary.id(of: $0) != nil || added[$0] != nil }) {
          blockedCount += 1
          continue
        }
        throw TokenizerError(
          .malformedMerge, at: "merge \(rank)",
          "a part or the result of \(TokenizerError.quote(rule)) is not in the vocabulary")
      }
      if let earlier = insert(left, right, rank: UInt32(rank), result: result) {
        throw TokenizerError(
          .malformedMerge, at: "merge \(rank)", "\(TokenizerError.quote(rule)) is there already with rank \(earlier)")
      }
    }
  }

  /// A table that joins any two tokens whose bytes together are a token, the token with the highest score first, as
  /// SentencePiece does.
  /// - Complexity: the sum of the squares of the tokens' lengths.
  init(scores: [Float], _ vocabulary: Vocabulary) throws(TokenizerError) {
    guard scores.count == vocabulary.count, scores.count < Self.maximumCount, scores.allSatisfy(\.isFinite) else {
      throw TokenizerError(
        .malformedVocabulary, at: "scores",
        "expected one finite score per token (\(vocabulary.count)), found \(scores.count)")
    }
    // Tokens with one score share a rank: the leftmost of them is joined first.
    let descending = Set(scores).sorted(by: >)
    let ranks = Dictionary(uniqueKeysWithValues: zip(descending, UInt32(0)...))
    self.init(capacity: 4 * vocabulary.count)
    for id in 0..<Int32(vocabulary.count) where vocabulary.types[Int(id)] == .normal {
      let bytes = vocabulary.bytes(of: id)
      guard bytes.count <= Vocabulary.longestScoredToken else {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)",
          "expected at most \(Vocabulary.longestScoredToken) bytes, found \(bytes.count)")
      }
      guard vocabulary.id(of: bytes) == id else { continue }
      for cut in bytes.indices.dropFirst() where bytes[cut] & 0xC0 != 0x80 {
        guard let left = vocabulary.id(of: bytes[..<cut]), let right = vocabulary.id(of: bytes[cut...]) else {
          continue
        }
        _ = insert(left, right, rank: ranks[scores[Int(id)]] ?? 0, result: id)
      }
    }
  }

  /// Appends the bytes of a rule's two parts.
  /// - Returns: the number of bytes of the first part.
  private static func append(
    _ rule: String, rank: Int, alphabet: ByteAlphabet?, to bytes: inout [UInt8]
  ) throws(TokenizerError) -> Int {
    func malformed(_ expected: String) -> TokenizerError {
      TokenizerError(.malformedMerge, at: "merge \(rank)", "expected two \(expected) with a space between")
    }
    guard let alphabet else {
      let parts = rule.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { throw malformed("tokens") }
      SpaceMark.appendUnmarked(parts[0], to: &bytes)
      let leftCount = bytes.count
      SpaceMark.appendUnmarked(parts[1], to: &bytes)
      return leftCount
    }
    let scalars = rule.unicodeScalars
    guard let gap = scalars.firstIndex(of: " ") else { throw malformed("tokens") }
    let leftStranger = alphabet.decode(scalars[..<gap], into: &bytes)
    let leftCount = bytes.count
    let rightStranger = alphabet.decode(scalars[scalars.index(after: gap)...], into: &bytes)
    guard leftStranger == nil, rightStranger == nil, leftCount > 0, leftCount < bytes.count else {
      throw malformed("spellings in the byte-level alphabet")
    }
    return leftCount
  }

  /// Adds a rule.
  /// - Returns: the rank of the rule for this pair that is there already; then nothing changes.
  private mutating func insert(_ left: Int32, _ right: Int32, rank: UInt32, result: Int32) -> UInt32? {
    if 2 * (count + 1) > keys.count { grow() }
    let key = Self.key(left, right)
    var slot = Self.slot(of: key, mask: keys.count - 1)
    while keys[slot] != .max {
      if keys[slot] == key { return UInt32(values[slot] >> 32) }
      slot = (slot + 1) & (keys.count - 1)
    }
    keys[slot] = key
    values[slot] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: result))
    count += 1
    return nil
  }

  private mutating func grow() {
    let old = zip(keys, values).filter { $0.0 != .max }
    keys = [UInt64](repeating: .max, count: 2 * keys.count)
    values = [UInt64](repeating: .max, count: keys.count)
    for (key, value) in old {
      var slot = Self.slot(of: key, mask: keys.count - 1)
      while keys[slot] != .max { slot = (slot + 1) & (keys.count - 1) }
      keys[slot] = key
      values[slot] = value
    }
  }

  /// Pointers into the table, valid inside ``withView(_:)`` only: look-ups without reference counting.
  struct View {
    fileprivate let keys: UnsafeBufferPointer<UInt64>
    fileprivate let values: UnsafeBufferPointer<UInt64>

    /// What merging `left` and `right` gives, rank above token, or ``MergeTable/noMerge``.
    @inline(__always) func merge(_ left: Int32, _ right: Int32) -> UInt64 {
      let key = MergeTable.key(left, right)
      let mask = keys.count - 1
      var slot = MergeTable.slot(of: key, mask: mask)
      while true {
        let found = keys[slot]
        if found == key { return values[slot] }
        if found == .max { return MergeTable.noMerge }
        slot = (slot + 1) & mask
      }
    }
  }

  func withView<Result>(_ body: (View) -> Result) -> Result {
    keys.withUnsafeBufferPointer { keys in
      values.withUnsafeBufferPointer { body(View(keys: keys, values: $0)) }
    }
  }

  @inline(__always) fileprivate static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always) fileprivate static func slot(of key: UInt64, mask: Int) -> Int {
    let mixed = key &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 32) & mask
  }
}
