import Foundation

/// A BPE tokenizer that knows which text may become control tokens.
///
///     let tokenizer = try Tokenizer(contentsOf: location)
///     let ids = tokenizer.encode([.template("<|im_start|>user\n"), .content(question), .template("<|im_end|>\n")])
///     let text = tokenizer.decode(ids, controlTokens: .skipped)
///
/// Ordinary text gets exactly the ids of the reference (Hugging Face `tokenizers` with the same files). Added tokens are
/// found in template text only: no content, whatever it says, yields the id of a control token or of any other added
/// token, except those that are plain text themselves (single characters and white space, which some vocabularies add).
/// The tokenizer adds no BOS or EOS of its own: whoever encodes a conversation adds what the model wants.
///
/// Some vocabularies lack tokens for a few bytes (SmolLM2's has none for control characters such as U+0004 or for
/// U+40000–U+BFFFF). Encoding leaves such bytes out, as the reference does.
///
/// It is an immutable value; copies share their tables.
public struct Tokenizer: Sendable {
  package enum Algorithm: Sendable, Hashable {
    /// Merges begin with single bytes.
    case byteLevelBPE
    /// Merges begin with single characters, and characters without a token are spelled byte by byte.
    case sentencePieceBPE
  }

  package let algorithm: Algorithm
  /// Whether the model wants exactly one ``bosID`` before a text. Encoding does not add it.
  package let addsBOS: Bool
  /// Whether the model wants ``eosID`` after a text. Encoding does not add it.
  package let addsEOS: Bool
  /// The token that may begin a text.
  public let bosID: Int32?
  /// The token that ends an answer.
  public let eosID: Int32?
  /// The token that stands for what the vocabulary cannot spell.
  package let unknownID: Int32?
  /// The token that fills up batches elsewhere; this library has no padding, but chat templates may name it.
  package let paddingID: Int32?

  let vocabulary: Vocabulary
  let added: AddedTokens
  let merges: MergeTable
  let preTokenizer: PreTokenizer
  let classes: ScalarClasses
  let normalizer: TextNormalizer
  let unknown: BytePairMerger.Unknown?
  let ignoresMerges: Bool
  let stripsLeadingSpace: Bool

  /// GGUF's names of the algorithms.
  private static let algorithms: [String: Algorithm] = ["gpt2": .byteLevelBPE, "llama": .sentencePieceBPE]

  /// Builds the tables of a tokenizer.
  ///
  /// Merge rules that would put an added token together from text are left out.
  /// - Complexity: linear in the bytes of the definition; tens of milliseconds for 50,000 tokens.
  package init(_ definition: TokenizerDefinition) throws(TokenizerError) {
    guard let algorithm = Self.algorithms[definition.model] else {
      throw TokenizerError(
        .unknownModel, at: "tokenizer.ggml.model",
        "\(TokenizerError.quote(definition.model)) is not implemented (known: \"gpt2\", byte-level BPE, and \"llama\", "
          + "SentencePiece-style BPE); use a model with such a tokenizer")
    }
    self.algorithm = algorithm
    let isSentencePiece = algorithm == .sentencePieceBPE
    // SentencePiece cuts at spaces at most, whatever the files say.
    preTokenizer = isSentencePiece ? .gpt2 : try PreTokenizer(named: definition.preTokenizer)
    normalizer = TextNormalizer(
      normalization: definition.normalization, spacePrefix: definition.spacePrefix, isSentencePiece: isSentencePiece)
    vocabulary = try Vocabulary(definition, isSentencePiece: isSentencePiece)
    added = try AddedTokens(vocabulary, rules: definition.addedTokenRules, normalizer: normalizer)
    merges =
      isSentencePiece && definition.merges.isEmpty
      ? try MergeTable(scores: definition.scores, vocabulary)
      : try MergeTable(definition.merges, vocabulary, added: added.ids)
    classes = ScalarClasses.shared
    ignoresMerges = definition.ignoresMerges
    stripsLeadingSpace = definition.stripsLeadingSpace
    let count = vocabulary.count
    func checked(_ id: Int?, _ name: String) throws(TokenizerError) -> Int32? {
      guard let id else { return nil }
      guard id >= 0 && id < count else {
        throw TokenizerError(
          .malformedVocabulary, at: name, "expected an id below the vocabulary's \(count) tokens, found \(id)")
      }
      return Int32(id)
    }
    bosID = try checked(definition.bosID, "BOS token id")
    eosID = try checked(definition.eosID, "EOS token id")
    unknownID = try checked(definition.unknownID, "unknown token id")
    paddingID = try checked(definition.paddingID, "padding token id")
    addsBOS = definition.addsBOS
    addsEOS = definition.addsEOS
    if addsBOS && bosID == nil {
      throw TokenizerError(.malformedVocabulary, at: "BOS token id", "the model wants a BOS token but names none")
    }
    if addsEOS && eosID == nil {
      throw TokenizerError(.malformedVocabulary, at: "EOS token id", "the model wants an EOS token but names none")
    }
    switch definition.unknownText {
    case .leftOut: unknown = nil
    case .token, .fusedToken:
      guard let unknownID else {
        throw TokenizerError(
          .malformedVocabulary, at: "unknown token id", "unknown text should become the unknown token but none is named"
        )
      }
      unknown = BytePairMerger.Unknown(id: unknownID, isFused: definition.unknownText == .fusedToken)
    }
  }

  /// The number of token ids; ids are `0..<vocabularyCount`.
  public var vocabularyCount: Int { vocabulary.count }

  /// The control and user-defined tokens that only template text can produce, in ascending order. Single characters and
  /// white space are not among them, nor is the unknown token where unknown text becomes it.
  package var addedTokenIDs: [Int32] {
    (added.literal.ids + added.normalized.ids).filter { $0 != unknown?.id && !added.text.ids.contains($0) }.sorted()
  }

  /// Bytes that encoding leaves out because the vocabulary has no token for them, in ascending order.
  package var unencodableBytes: [UInt8] {
    unknown == nil ? (UInt8.min...UInt8.max).filter { vocabulary.byteIDs[Int($0)] < 0 } : []
  }

  /// The spelling of ``bosID``, which chat templates call `bos_token`.
  package var bosToken: String? { bosID.map(spelling) }
  /// The spelling of ``eosID``, which chat templates call `eos_token`.
  package var eosToken: String? { eosID.map(spelling) }
  /// The spelling of ``unknownID``, which chat templates call `unk_token`.
  package var unknownToken: String? { unknownID.map(spelling) }
  /// The spelling of ``paddingID``, which chat templates call `pad_token`.
  package var paddingToken: String? { paddingID.map(spelling) }

  private func spelling(_ id: Int32) -> String { String(decoding: vocabulary.bytes(of: id), as: UTF8.self) }

  /// The id of the token with this spelling: an added token's literal text, or a normal token as its vocabulary spells
  /// it: in the byte-level alphabet (`Ġthe` for " the"), or with `▁` for a space and `<0x0A>` for a byte.
  ///
  /// - Complexity: O(n) in the spelling's length.
  public func id(ofToken spelling: String) -> Int32? {
    if let id = added.ids[Array(spelling.utf8)] { return id }
    var bytes: [UInt8] = []
    if algorithm == .sentencePieceBPE {
      if let byte = Vocabulary.byte(spelledBy: spelling), vocabulary.byteIDs[Int(byte)] >= 0 {
        return vocabulary.byteIDs[Int(byte)]
      }
      SpaceMark.appendUnmarked(spelling.utf8, to: &bytes)
      return vocabulary.id(of: bytes)
    }
    guard ByteAlphabet().decode(spelling.unicodeScalars, into: &bytes) == nil else { return nil }
    return vocabulary.id(of: bytes)
  }

  /// The bytes a token stands for. They need not be whole characters.
  /// - Precondition: `id` is in `0..<vocabularyCount`.
  package func bytes(of id: Int32) -> ArraySlice<UInt8> {
    check(id)
    return vocabulary.bytes(of: id)
  }

  /// Whether a token controls the conversation (start and end marks, the unknown token) and is not text.
  /// - Precondition: `id` is in `0..<vocabularyCount`.
  package func isControl(_ id: Int32) -> Bool {
    check(id)
    return vocabulary.types[Int(id)] == .control || vocabulary.types[Int(id)] == .unknown
  }

  /// Traps when an id is not of this vocabulary: ids come from this tokenizer or its model, never from files.
  func check(_ id: Int32) {
    precondition(
      id >= 0 && id < vocabulary.count, "token id \(id) is outside this vocabulary of \(vocabulary.count) tokens")
  }
}

extension Tokenizer {
  /// What decoding does with control tokens.
  public enum ControlTokens: Sendable, Hashable {
    /// Leave them out: what a person reads.
    case skipped
    /// Write their spelling: what a developer reads.
    case shown
  }

  /// The text of token ids, without the space that a SentencePiece model has before it. Bytes that are not valid UTF-8 become U+FFFD, one for each maximal ill-formed part.
  ///
  /// - Precondition: all ids are in `0..<vocabularyCount`.
  /// - Complexity: O(n) in the text's bytes.
  public func decode(_ ids: some Sequence<Int32>, controlTokens: ControlTokens = .shown) -> String {
    var bytes: [UInt8] = []
    for id in ids where controlTokens == .shown || !isControl(id) { bytes += self.bytes(of: id) }
    let text = stripsLeadingSpace && bytes.first == 0x20 ? bytes.dropFirst() : bytes[...]
    return String(decoding: text, as: UTF8.self)
  }
}
