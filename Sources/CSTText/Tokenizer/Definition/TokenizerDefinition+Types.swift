extension TokenizerDefinition {
  /// What a vocabulary entry is for; the raw values are GGUF's `tokenizer.ggml.token_type`.
  package enum TokenType: Int, Sendable, Hashable {
    /// Ordinary text.
    case normal = 1
    /// The stand-in for unknown text.
    case unknown = 2
    /// A control token such as an end-of-turn mark: spelled literally, never part of content.
    case control = 3
    /// An added token that is text, spelled literally.
    case userDefined = 4
    /// A hole in the vocabulary.
    case unused = 5
    /// One byte of a SentencePiece vocabulary, spelled `<0x0A>`.
    case byte = 6
  }

  /// Where a space is put before text, so that a word at a text's start is the same token as one after a space.
  package enum SpacePrefix: Sendable, Hashable {
    /// Nowhere.
    case never
    /// At the start of the text, unless it begins with a space or an added token.
    case first
    /// At the start and after every added token, unless a space is there.
    case always
    /// At the start and after every added token, whatever follows (the original behaviour of SentencePiece models).
    case everySegment
  }

  /// What is done to text before it is split into words.
  package enum Normalization: Sendable, Hashable {
    /// Nothing.
    case none
    /// Unicode normalisation form C: `e` and a combining accent become `é`.
    case nfc
  }

  /// What encoding makes of characters that the vocabulary has no token for, not even for their bytes.
  package enum UnknownText: Sendable, Hashable {
    /// Nothing.
    case leftOut
    /// The unknown token, for each character.
    case token
    /// One unknown token for each run of them.
    case fusedToken
  }

  /// How an added token is recognised in template text.
  package struct AddedTokenRule: Sendable, Hashable {
    /// White space before the token becomes part of it.
    package var stripsLeft = false
    /// White space after the token becomes part of it.
    package var stripsRight = false
    /// The token is only recognised where no letter, digit or underscore touches it.
    package var isSingleWord = false
    /// The token is looked for in normalised text, after all tokens of which this is false.
    package var isNormalized = false

    /// That of a token that is recognised literally.
    package static let literal = Self()
  }
}
