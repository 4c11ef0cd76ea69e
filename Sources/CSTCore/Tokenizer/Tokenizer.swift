/// A byte-level BPE tokenizer that knows which text may become control tokens.
///
///     let tokenizer = try Tokenizer(definition)
///     let ids = tokenizer.encode([.template("<|im_start|>user\n"), .content(question), .template("<|im_end|>\n")])
///     let text = tokenizer.decode(ids, controlTokens: .skipped)
///
/// Ordinary text gets exactly the ids of the reference (Hugging Face `tokenizers` with the same vocabulary). Added
/// tokens are found in template text only: no content, whatever it says, yields the id of a control token or of any
/// other added token. The tokenizer neither normalises text nor adds tokens of its own; ``addsBOS`` tells what the
/// model wants.
///
/// Some vocabularies lack tokens for a few bytes (SmolLM2's has none for control characters such as U+0004 or for
/// U+40000–U+BFFFF). Encoding leaves such bytes out, as the reference does; ``unencodableBytes`` lists them.
///
/// It is an immutable value; copies share their tables.
public struct Tokenizer: Sendable {
  /// Whether the model wants exactly one ``bosID`` before a text. Encoding does not add it.
  public let addsBOS: Bool
  /// The token that may begin a text.
  public let bosID: Int32?
  /// The token that ends an answer.
  public let eosID: Int32?
  /// The token that stands for what the vocabulary cannot spell.
  public let unknownID: Int32?
  /// The token that fills up batches elsewhere; this library has no padding, but chat templates may name it.
  public let paddingID: Int32?

  let vocabulary: Vocabulary
  let added: AddedTokens
  let merges: MergeTable
  let preTokenizer: PreTokenizer
  let classes: ScalarClasses

  /// GGUF's name for the one algorithm implemented here.
  static let knownModel = "gpt2"

  /// Builds the tables of a tokenizer.
  ///
  /// Merge rules that would put an added token together from text are left out.
  ///
  /// - Throws: ``TokenizerError`` when the model or the pre-tokenizer is unknown (there is no fallback), or when
  ///   tokens, types, merges and ids contradict each other.
  /// - Complexity: linear in the bytes of the definition; tens of milliseconds for 50,000 tokens.
  public init(_ definition: TokenizerDefinition) throws(TokenizerError) {
    guard definition.model == Self.knownModel else {
      throw TokenizerError(
        .unknownModel, at: "tokenizer.ggml.model",
        "\(TokenizerError.quote(definition.model)) is not implemented (known: \"\(Self.knownModel)\", byte-level BPE); "
          + "use a model with such a tokenizer"
      )
    }
    preTokenizer = try PreTokenizer(named: definition.preTokenizer)
    vocabulary = try Vocabulary(definition)
    added = try AddedTokens(vocabulary)
    merges = try MergeTable(definition.merges, vocabulary, added: added.ids)
    classes = ScalarClasses(numberVersion: preTokenizer.numberVersion)
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
    if addsBOS && bosID == nil {
      throw TokenizerError(.malformedVocabulary, at: "BOS token id", "the model wants a BOS token but names none")
    }
  }

  /// The number of token ids; ids are `0..<vocabularyCount`.
  public var vocabularyCount: Int { vocabulary.count }

  /// Every control and user-defined token: the ids that only template text can produce, in ascending order.
  public var addedTokenIDs: [Int32] { added.ids.values.sorted() }

  /// Bytes that encoding leaves out because the vocabulary has no token for them, in ascending order.
  public var unencodableBytes: [UInt8] {
    (UInt8.min...UInt8.max).filter { vocabulary.byteIDs[Int($0)] < 0 }
  }

  /// The id of the token with this spelling: an added token's literal text, or a normal token in the byte-level
  /// alphabet (`Ġthe` for " the").
  ///
  /// - Complexity: O(n) in the spelling's length.
  public func id(ofToken spelling: String) -> Int32? {
    if let id = added.ids[Array(spelling.utf8)] { return id }
    var bytes: [UInt8] = []
    guard ByteAlphabet().decode(spelling.unicodeScalars, into: &bytes) == nil else { return nil }
    return vocabulary.id(of: bytes)
  }

  /// The bytes a token stands for. They need not be whole characters.
  ///
  /// - Precondition: `id` is in `0..<vocabularyCount`.
  public func bytes(of id: Int32) -> ArraySlice<UInt8> {
    check(id)
    return vocabulary.bytes(of: id)
  }

  /// Whether a token controls the conversation (start and end marks, the unknown token) and is not text.
  ///
  /// - Precondition: `id` is in `0..<vocabularyCount`.
  public func isControl(_ id: Int32) -> Bool {
    check(id)
    return vocabulary.types[Int(id)] == .control || vocabulary.types[Int(id)] == .unknown
  }

  /// Traps when an id is not of this vocabulary: ids come from this tokenizer or its model, never from files.
  func check(_ id: Int32) {
    precondition(
      id >= 0 && id < vocabulary.count, "token id \(id) is outside this vocabulary of \(vocabulary.count) tokens")
  }
}
