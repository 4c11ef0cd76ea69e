/// The tokens of a BPE vocabulary: the bytes of every id and the id of every byte string.
///
/// SentencePiece-style tokens spell a space as `▁` (U+2581); here they have the space itself, and so must text that is
/// looked up.
struct Vocabulary: Sendable {
  let types: [TokenizerDefinition.TokenType]
  /// The id of each byte as a token of its own, or -1 where the vocabulary has none.
  let byteIDs: [Int32]
  /// Whether its tokens are those of SentencePiece-style BPE, which starts from characters, not from bytes.
  let isSentencePiece: Bool
  /// Whether some normal token has a space after something else, so that merges may join a word to the next.
  let joinsWords: Bool

  /// The bytes of all tokens, back to back.
  private let bytes: [UInt8]
  /// Token `i` is `bytes[offsets[i]..<offsets[i + 1]]`.
  private let offsets: [Int]
  /// Open-addressing table of the normal tokens' ids, -1 where empty; its size is a power of two.
  private var slots: [Int32]

  /// Longer tokens cannot be merged by score: looking for their parts takes the square of their length.
  static let longestScoredToken = 1024

  init(_ definition: TokenizerDefinition, isSentencePiece: Bool) throws(TokenizerError) {
    let count = definition.tokens.count
    guard count > 0, count < 1 << 30 else {
      throw TokenizerError(.malformedVocabulary, at: "tokens", "expected 1 to 2^30 tokens, found \(count)")
    }
    guard definition.tokenTypes.count == count else {
      throw TokenizerError(
        .malformedVocabulary, at: "token types",
        "expected one type per token (\(count)), found \(definition.tokenTypes.count)")
    }
    types = definition.tokenTypes
    self.isSentencePiece = isSentencePiece
    let alphabet = ByteAlphabet()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 8)
    var offsets = [0]
    offsets.reserveCapacity(count + 1)
    for (id, spelling) in definition.tokens.enumerated() {
      try Self.append(spelling, id: id, type: types[id], alphabet: isSentencePiece ? nil : alphabet, to: &bytes)
      if types[id] != .unused && bytes.count == offsets[id] {
        throw TokenizerError(.malformedVocabulary, at: "token \(id)", "the token is empty")
      }
      offsets.append(bytes.count)
    }
    self.bytes = bytes
    self.offsets = offsets

    var capacity = 1024
    while capacity < 2 * count { capacity *= 2 }
    slots = [Int32](repeating: -1, count: capacity)
    var byteIDs = [Int32](repeating: -1, count: 256)
    var joinsWords = false
    for id in 0..<count {
      let range = offsets[id]..<offsets[id + 1]
      if types[id] == .byte && isSentencePiece { byteIDs[Int(bytes[range.lowerBound])] = Int32(id) }
      guard types[id] == .normal else { continue }
      // A token spelled with a real space is never found: by then, spaces are written ▁.
      if isSentencePiece && definition.tokens[id].utf8.contains(0x20) { continue }
      let slot = Self.slot(of: bytes[range], in: slots, bytes: bytes, offsets: offsets)
      if slots[slot] >= 0 {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)", "has the same bytes as token \(slots[slot]): ids would be ambiguous")
      }
      slots[slot] = Int32(id)
      if range.count == 1 && !isSentencePiece { byteIDs[Int(bytes[range.lowerBound])] = Int32(id) }
      if !joinsWords { joinsWords = zip(bytes[range], bytes[range].dropFirst()).contains { $0 != 0x20 && $1 == 0x20 } }
    }
    self.byteIDs = byteIDs
    self.joinsWords = joinsWords
    for id in 0..<count where offsets[id + 1] - offsets[id] == 1 && Self.isAdded(types[id]) && !isSentencePiece {
      let byte = bytes[offsets[id]]
      if byteIDs[Int(byte)] < 0 {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)",
          "byte 0x\(String(byte, radix: 16)) exists only as an added token, so content could not contain it")
      }
    }
  }

  /// Appends the bytes that a token stands for; the alphabet is that of byte-level BPE.
  private static func append(
    _ spelling: String, id: Int, type: TokenizerDefinition.TokenType, alphabet: ByteAlphabet?, to bytes: inout [UInt8]
  ) throws(TokenizerError) {
    switch (type, alphabet) {
    case (.normal, let alphabet?):
      if let stranger = alphabet.decode(spelling.unicodeScalars, into: &bytes) {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)",
          "U+\(String(stranger.value, radix: 16, uppercase: true)) is not in the byte-level alphabet; "
            + "an added token needs type 3 or 4")
      }
    case (.normal, nil): SpaceMark.appendUnmarked(spelling.utf8, to: &bytes)
    case (.byte, nil):
      guard let byte = byte(spelledBy: spelling) else {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)",
          "expected a byte such as <0x0A>, found \(TokenizerError.quote(spelling))")
      }
      bytes.append(byte)
    case (.byte, .some):
      throw TokenizerError(
        .malformedVocabulary, at: "token \(id)",
        "byte tokens (type 6) belong to SentencePiece vocabularies; a byte-level BPE vocabulary has none")
    default: bytes.append(contentsOf: spelling.utf8)
    }
  }

  var count: Int { types.count }

  /// The bytes a token stands for; those of a token that is neither normal nor a byte are its spelling.
  func bytes(of id: Int32) -> ArraySlice<UInt8> { bytes[offsets[Int(id)]..<offsets[Int(id) + 1]] }

  func id(of bytes: some Collection<UInt8>) -> Int32? {
    let id = slots[Self.slot(of: bytes, in: slots, bytes: self.bytes, offsets: offsets)]
    return id < 0 ? nil : id
  }

  /// The byte that a SentencePiece token such as `<0x0A>` stands for.
  static func byte(spelledBy spelling: String) -> UInt8? {
    let units = Array(spelling.utf8.prefix(7))
    guard units.count == 6, units.starts(with: Array("<0x".utf8)), units[5] == UInt8(ascii: ">"),
      let value = UInt8(String(decoding: units[3..<5], as: UTF8.self), radix: 16),
      !units[3..<5].contains(where: { $0 >= UInt8(ascii: "a") || $0 == UInt8(ascii: "+") })
    else { return nil }
    return value
  }

  /// Whether a token of this type is recognised only as a whole and never put together from text.
  static func isAdded(_ type: TokenizerDefinition.TokenType) -> Bool {
    switch type {
    case .control, .userDefined, .unknown: true
    case .normal, .unused, .byte: false
    }
  }

  /// Pointers into the tables, valid inside ``withView(_:)`` only: look-ups without reference counting.
  struct View {
    fileprivate let bytes: UnsafeBufferPointer<UInt8>
    fileprivate let offsets: UnsafeBufferPointer<Int>
    fileprivate let slots: UnsafeBufferPointer<Int32>
    let byteIDs: UnsafeBufferPointer<Int32>
    let isSentencePiece: Bool

    /// The normal token with exactly these bytes, or -1.
    func id(of key: UnsafeBufferPointer<UInt8>) -> Int32 {
      slots[Vocabulary.slot(of: key, in: slots, bytes: bytes, offsets: offsets)]
    }
  }

  func withView<Result>(_ body: (View) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { bytes in
      offsets.withUnsafeBufferPointer { offsets in
        slots.withUnsafeBufferPointer { slots in
          byteIDs.withUnsafeBufferPointer { byteIDs in
            body(View(bytes: bytes, offsets: offsets, slots: slots, byteIDs: byteIDs, isSentencePiece: isSentencePiece))
          }
        }
      }
    }
  }

  /// The slot that holds the token with these bytes, or the empty slot where it would go. The collections are arrays or
  /// pointers, indexed from 0.
  @inline(__always) private static func slot<Slots, Bytes, Offsets>(
    of key: some Collection<UInt8>, in slots: Slots, bytes: Bytes, offsets: Offsets
  ) -> Int
  where
    Slots: RandomAccessCollection<Int32>, Bytes: RandomAccessCollection<UInt8>, Offsets: RandomAccessCollection<Int>,
    Slots.Index == Int, Bytes.Index == Int, Offsets.Index == Int
  {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash ^ (hash >> 32)) & mask
    while slots[slot] >= 0 {
      let id = Int(slots[slot])
      if bytes[offsets[id]..<offsets[id + 1]].elementsEqual(key) { return slot }
      slot = (slot + 1) & mask
    }
    return slot
  }
}
