/// The tokens of a byte-level BPE vocabulary: the bytes of every id and the id of every byte string.
struct Vocabulary: Sendable {
  /// Every token's type, by id.
  let types: [TokenizerDefinition.TokenType]
  /// The id of each byte as a token of its own, or -1 where the vocabulary has none.
  let byteIDs: [Int32]

  /// The bytes of all tokens, back to back.
  private let bytes: [UInt8]
  /// Token `i` is `bytes[offsets[i]..<offsets[i + 1]]`.
  private let offsets: [Int]
  /// Open-addressing table of the normal tokens' ids, -1 where empty; its size is a power of two.
  private var slots: [Int32]

  /// - Throws: ``TokenizerError`` where a token, a type or their numbers contradict each other.
  init(_ definition: TokenizerDefinition) throws(TokenizerError) {
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
    let alphabet = ByteAlphabet()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * 8)
    var offsets = [0]
    offsets.reserveCapacity(count + 1)
    for (id, spelling) in definition.tokens.enumerated() {
      let type = types[id]
      if type == .byte {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)",
          "byte tokens (type 6) belong to SentencePiece vocabularies; a byte-level BPE vocabulary has none")
      }
      if type == .normal {
        if let stranger = alphabet.decode(spelling.unicodeScalars, into: &bytes) {
          throw TokenizerError(
            .malformedVocabulary, at: "token \(id)",
            "U+\(String(stranger.value, radix: 16, uppercase: true)) is not in the byte-level alphabet; "
              + "an added token needs type 3 or 4")
        }
      } else {
        bytes.append(contentsOf: spelling.utf8)
      }
      if type != .unused && bytes.count == offsets[id] {
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
    for id in 0..<count where types[id] == .normal {
      let range = offsets[id]..<offsets[id + 1]
      let slot = Self.slot(of: bytes[range], in: slots, bytes: bytes, offsets: offsets)
      if slots[slot] >= 0 {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)", "has the same bytes as token \(slots[slot]): ids would be ambiguous")
      }
      slots[slot] = Int32(id)
      if range.count == 1 { byteIDs[Int(bytes[range.lowerBound])] = Int32(id) }
    }
    self.byteIDs = byteIDs
    for id in 0..<count where offsets[id + 1] - offsets[id] == 1 && Self.isAdded(types[id]) {
      let byte = bytes[offsets[id]]
      if byteIDs[Int(byte)] < 0 {
        throw TokenizerError(
          .malformedVocabulary, at: "token \(id)",
          "byte 0x\(String(byte, radix: 16)) exists only as an added token, so content could not contain it")
      }
    }
  }

  /// The number of ids.
  var count: Int { types.count }

  /// The bytes a token stands for; those of a token that is not normal are its spelling.
  func bytes(of id: Int32) -> ArraySlice<UInt8> {
    bytes[offsets[Int(id)]..<offsets[Int(id) + 1]]
  }

  /// The normal token with exactly these bytes.
  func id(of bytes: some Collection<UInt8>) -> Int32? {
    let id = slots[Self.slot(of: bytes, in: slots, bytes: self.bytes, offsets: offsets)]
    return id < 0 ? nil : id
  }

  /// Whether a token of this type is recognised only as a whole and never put together from text.
  static func isAdded(_ type: TokenizerDefinition.TokenType) -> Bool {
    switch type {
    case .control, .userDefined, .unknown: true
    case .normal, .unused, .byte: false
    }
  }

  /// The slot that holds the token with these bytes, or the empty slot where it would go.
  private static func slot(
    of key: some Collection<UInt8>, in slots: [Int32], bytes: [UInt8], offsets: [Int]
  ) -> Int {
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
