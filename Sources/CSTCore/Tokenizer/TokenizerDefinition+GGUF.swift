extension TokenizerDefinition {
  /// Reads the `tokenizer.*` entries of a GGUF file.
  ///
  ///     let tokenizer = try Tokenizer(TokenizerDefinition(GGUFFile(contentsOf: url).metadata))
  ///
  /// Merges and the pre-tokenizer's name are required for byte-level BPE only, so that a file with another algorithm is
  /// refused by ``Tokenizer`` for its algorithm. A file that does not say whether to add a BOS token wants none.
  ///
  /// - Throws: ``FormatError`` naming the file and the key when an entry is missing or has another type, when a token's
  ///   type is none of GGUF's, or when the file wants a space put before every text, which is not implemented.
  public init(_ metadata: GGUFMetadata) throws {
    let model = try metadata.string("tokenizer.ggml.model")
    let isBytePair = model == Tokenizer.knownModel
    let typesKey = "tokenizer.ggml.token_type"
    let types = try metadata.integers(typesKey).enumerated().map { id, value in
      guard let type = TokenType(rawValue: value) else {
        throw FormatError(
          .badValue, file: metadata.file, at: .key(typesKey), expected: "token types from 1 to 6",
          found: "\(value) for token \(id)")
      }
      return type
    }
    let prefixKey = "tokenizer.ggml.add_space_prefix"
    if isBytePair, try metadata.booleanIfPresent(prefixKey) == true {
      throw FormatError(
        .badValue, file: metadata.file, at: .key(prefixKey), expected: "false", found: "true",
        advice: "a space before every text is not implemented for byte-level BPE")
    }
    self.init(
      model: model,
      preTokenizer: isBytePair ? try metadata.string("tokenizer.ggml.pre") : "",
      tokens: try metadata.strings("tokenizer.ggml.tokens"),
      tokenTypes: types,
      merges: isBytePair ? try metadata.strings("tokenizer.ggml.merges") : [],
      bosID: try metadata.integerIfPresent("tokenizer.ggml.bos_token_id"),
      eosID: try metadata.integerIfPresent("tokenizer.ggml.eos_token_id"),
      unknownID: try metadata.integerIfPresent("tokenizer.ggml.unknown_token_id"),
      paddingID: try metadata.integerIfPresent("tokenizer.ggml.padding_token_id"),
      addsBOS: try metadata.booleanIfPresent("tokenizer.ggml.add_bos_token") ?? false,
      chatTemplate: try metadata.stringIfPresent("tokenizer.chat_template"))
  }
}
