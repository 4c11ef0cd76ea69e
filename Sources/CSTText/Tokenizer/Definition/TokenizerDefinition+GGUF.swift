extension TokenizerDefinition {
  /// Reads the `tokenizer.*` entries of a GGUF file.
  ///
  /// Byte-level BPE needs merges and a pre-tokenizer's name; SentencePiece-style BPE needs scores. What GGUF has no
  /// entry for follows from the pre-tokenizer's name, as it does for the programs that write such files: Llama 3 and
  /// tekken keep words whole that are tokens, Qwen 2 normalises to form C. A file that does not say whether to add a BOS
  /// token wants one where its kind of model does (SentencePiece, Llama 3, tekken).
  /// - Parameter marksTakeWhiteSpace: Whether the marks of a SentencePiece vocabulary take the line breaks after them, which
  ///   GGUF does not say: it follows from the architecture.
  package init(_ metadata: GGUFMetadata, marksTakeWhiteSpace: Bool) throws {
    let model = try metadata.string("tokenizer.ggml.model")
    let isBytePair = model == "gpt2"
    let isSentencePiece = model == "llama"
    let typesKey = "tokenizer.ggml.token_type"
    let types = try metadata.integers(typesKey).enumerated().map { id, value in
      guard let type = TokenType(rawValue: value) else {
        throw FormatError(
          .badValue, file: metadata.file, at: .key(typesKey), expected: "token types from 1 to 6",
          found: "\(value) for token \(id)")
      }
      return type
    }
    let preTokenizer = isBytePair ? try metadata.string("tokenizer.ggml.pre") : "default"
    let rule = isBytePair ? try? PreTokenizer(named: preTokenizer) : nil
    let prefixes = try metadata.booleanIfPresent("tokenizer.ggml.add_space_prefix") ?? isSentencePiece
    let unknownID = try metadata.integerIfPresent("tokenizer.ggml.unknown_token_id") ?? (isSentencePiece ? 0 : nil)
    self.init(
      model: model, preTokenizer: preTokenizer, tokens: try metadata.strings("tokenizer.ggml.tokens"),
      tokenTypes: types, scores: isSentencePiece ? try metadata.floats("tokenizer.ggml.scores") : [],
      merges: isBytePair ? try metadata.strings("tokenizer.ggml.merges") : [],
      bosID: try metadata.integerIfPresent("tokenizer.ggml.bos_token_id") ?? (isSentencePiece ? 1 : nil),
      eosID: try metadata.integerIfPresent("tokenizer.ggml.eos_token_id") ?? (isSentencePiece ? 2 : nil),
      unknownID: unknownID, paddingID: try metadata.integerIfPresent("tokenizer.ggml.padding_token_id"),
      addsBOS: try metadata.booleanIfPresent("tokenizer.ggml.add_bos_token")
        ?? (isSentencePiece || rule == .llama3 || rule == .tekken),
      addsEOS: try metadata.booleanIfPresent("tokenizer.ggml.add_eos_token") ?? false,
      spacePrefix: !prefixes ? .never : isSentencePiece ? .everySegment : .always,
      stripsLeadingSpace: isSentencePiece && prefixes,
      normalization: preTokenizer == PreTokenizer.qwen2.rawValue ? .nfc : .none,
      unknownText: isSentencePiece ? .fusedToken : .leftOut, ignoresMerges: rule == .llama3 || rule == .tekken,
      chatTemplate: try metadata.stringIfPresent("tokenizer.chat_template"))
    if isSentencePiece, marksTakeWhiteSpace {
      let plain = ["<unk>", "<s>", "<|endoftext|>"]
      for (id, type) in tokenTypes.enumerated() where Vocabulary.isAdded(type) && id < tokens.count {
        if !plain.contains(tokens[id]) { addedTokenRules[id] = AddedTokenRule(stripsRight: true) }
      }
    }
  }
}
