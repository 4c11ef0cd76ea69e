/// Everything a tokenizer is made of, as plain values: the bridge between a model file and ``Tokenizer``.
///
/// The fields mirror the `tokenizer.*` entries of a GGUF file. Nothing is checked here; `Tokenizer.init` does.
public struct TokenizerDefinition: Sendable, Hashable {
  /// What a vocabulary entry is for; the raw values are GGUF's `tokenizer.ggml.token_type`.
  public enum TokenType: Int, Sendable, Hashable {
    /// Ordinary text, spelled in the byte-level alphabet.
    case normal = 1
    /// The stand-in for unknown text.
    case unknown = 2
    /// A control token such as an end-of-turn mark: spelled literally, never part of content.
    case control = 3
    /// An added token that is text, spelled literally.
    case userDefined = 4
    /// A hole in the vocabulary.
    case unused = 5
    /// One byte of a SentencePiece vocabulary.
    case byte = 6
  }

  /// The algorithm, `gpt2` for byte-level BPE (`tokenizer.ggml.model`).
  public var model: String
  /// The rule that splits text into words (`tokenizer.ggml.pre`).
  public var preTokenizer: String
  /// The spelling of every token, by id; normal tokens in the byte-level alphabet, all others literally.
  public var tokens: [String]
  /// One type per token.
  public var tokenTypes: [TokenType]
  /// Merge rules, best first, as two spellings with a space between.
  public var merges: [String]
  /// The token put before a text where `addsBOS` says so.
  public var bosID: Int?
  /// The token that ends an answer.
  public var eosID: Int?
  /// The token for unknown text; kept for information, never produced.
  public var unknownID: Int?
  /// The padding token; kept for information, never produced.
  public var paddingID: Int?
  /// Whether the model wants exactly one BOS token at the start of a text.
  public var addsBOS: Bool
  /// The chat template's source text, when the file has one.
  public var chatTemplate: String?

  /// Creates a definition from its parts.
  public init(
    model: String = "gpt2", preTokenizer: String, tokens: [String], tokenTypes: [TokenType], merges: [String],
    bosID: Int? = nil, eosID: Int? = nil, unknownID: Int? = nil, paddingID: Int? = nil, addsBOS: Bool = false,
    chatTemplate: String? = nil
  ) {
    self.model = model
    self.preTokenizer = preTokenizer
    self.tokens = tokens
    self.tokenTypes = tokenTypes
    self.merges = merges
    self.bosID = bosID
    self.eosID = eosID
    self.unknownID = unknownID
    self.paddingID = paddingID
    self.addsBOS = addsBOS
    self.chatTemplate = chatTemplate
  }
}
