extension TokenizerFile {
  /// The tokenizer that the file describes; special token ids and the chat template are in other files.
  func definition() throws -> TokenizerDefinition {
    let components = try TokenizerComponents(self)
    let (tokens, types) = try tokens(isSentencePiece: components.isSentencePiece)
    let ending = try endings()
    let unknownID = try unknownToken.map { spelling in
      guard let id = tokens.lastIndex(where: { $0.utf8.elementsEqual(spelling.utf8) }) else {
        throw refusal("model.unk_token", "a token of the vocabulary", TokenizerError.quote(spelling))
      }
      return id
    }
    return TokenizerDefinition(
      model: components.isSentencePiece ? "llama" : "gpt2", preTokenizer: components.preTokenizer, tokens: tokens,
      tokenTypes: types, merges: merges, bosID: ending.bos, eosID: ending.eos, unknownID: unknownID,
      addsBOS: ending.bos != nil, addsEOS: ending.eos != nil, spacePrefix: components.spacePrefix,
      stripsLeadingSpace: components.stripsLeadingSpace, normalization: components.normalization,
      unknownText: unknownID == nil ? .leftOut : fusesUnknown ? .fusedToken : .token, ignoresMerges: ignoresMerges,
      addedTokenRules: Dictionary(
        addedTokens.filter { $0.rule != .literal }.map { ($0.id, $0.rule) }
      ) { _, last in last })
  }

  /// Spellings and types by id. Ids without a token become holes.
  private func tokens(isSentencePiece: Bool) throws -> ([String], [TokenizerDefinition.TokenType]) {
    let entries = vocabulary.count + addedTokens.count
    // Ids may have gaps, but the file cannot make us allocate much more than it holds.
    let limit = 2 * entries + 4096
    let last = max(vocabulary.map(\.id).max() ?? -1, addedTokens.map(\.id).max() ?? -1)
    guard last < limit else { throw refusal("model.vocab", "ids below \(limit) for \(entries) tokens", "\(last)") }
    var tokens = [String](repeating: "", count: last + 1)
    var types = [TokenizerDefinition.TokenType](repeating: .unused, count: last + 1)
    for (spelling, id) in vocabulary {
      guard types[id] == .unused else {
        throw FormatError(
          .duplicate, file: file, at: .key("model.vocab"), expected: "every id once", found: "\(id) again")
      }
      tokens[id] = spelling
      types[id] = isSentencePiece && fallsBackToBytes && Vocabulary.byte(spelledBy: spelling) != nil ? .byte : .normal
    }
    try checkSpellings()
    for (index, token) in addedTokens.enumerated() {
      guard types[token.id] == .unused || tokens[token.id] == token.content else {
        throw refusal(
          "added_tokens[\(index)]",
          "token \(token.id) to be \(TokenizerError.quote(tokens[token.id])), as in the vocabulary",
          TokenizerError.quote(token.content))
      }
      tokens[token.id] = token.content
      types[token.id] = token.isSpecial ? .control : .userDefined
    }
    if let unknownToken, let id = tokens.lastIndex(where: { $0.utf8.elementsEqual(unknownToken.utf8) }),
      types[id] == .control
    {
      types[id] = .unknown
    }
    return (tokens, types)
  }

  /// Throws where an added token is a token of the vocabulary as well, under another id.
  private func checkSpellings() throws {
    let added = Dictionary(addedTokens.map { (Array($0.content.utf8), $0.id) }) { first, _ in first }
    for (spelling, id) in vocabulary {
      guard let other = added[Array(spelling.utf8)], other != id else { continue }
      throw refusal(
        "added_tokens", "token \(id) for \(TokenizerError.quote(spelling)), as in the vocabulary", "token \(other)")
    }
  }

  /// The BOS and EOS tokens that the post-processor puts around a text.
  private func endings() throws -> (bos: Int?, eos: Int?) {
    var bos: Int?
    var eos: Int?
    let processors = postProcessor["processors"]?.array ?? (postProcessor == .null ? [] : [postProcessor])
    for processor in processors {
      switch processor["type"]?.string {
      case "ByteLevel": continue
      case "TemplateProcessing":
        guard let pieces = processor["single"]?.array,
          let middle = pieces.firstIndex(where: { $0["Sequence"] != nil }), middle <= 1, pieces.count - middle <= 2
        else { throw refusal("post_processor", "at most one token on each side of a text", "\(processor)") }
        for (index, piece) in pieces.enumerated() where index != middle {
          guard let name = piece["SpecialToken"]?["id"]?.string,
            let ids = processor["special_tokens"]?[name]?["ids"]?.array, ids.count == 1, let id = ids[0].integer
          else { throw refusal("post_processor", "a special token with one id", "\(piece)") }
          if index < middle { bos = id } else { eos = id }
        }
      default: throw refusal("post_processor", "TemplateProcessing or ByteLevel", "\(processor)")
      }
    }
    return (bos, eos)
  }
}
