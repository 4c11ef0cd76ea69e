import Foundation

extension TokenizerDefinition {
  /// Reads the `tokenizer.*` entries of a GGUF file.
  ///
  ///     let tokenizer = try Tokenizer(TokenizerDefinition(GGUFFile(contentsOf: url).metadata))
  package init(_ metadata: GGUFMetadata) throws {
    let architecture = try metadata.stringIfPresent("general.architecture").flatMap(ModelArchitecture.inGGUF)
    try self.init(metadata, marksTakeWhiteSpace: architecture?.marksTakeWhiteSpace ?? false)
  }

  /// Writes the `tokenizer.*` entries of a GGUF file.
  ///
  /// Much of what a Hugging Face folder spells out GGUF leaves to names; what they would not bring back is refused.
  func write(to metadata: inout GGUFMetadata) throws {
    func set(_ key: String, _ id: Int?) { metadata["tokenizer.ggml." + key] = id.map { .uint32(UInt32($0)) } }
    metadata["tokenizer.ggml.model"] = .string(model)
    metadata["tokenizer.ggml.pre"] = .string(preTokenizer)
    metadata["tokenizer.ggml.tokens"] = .array(.string(tokens))
    if isSentencePiece { metadata["tokenizer.ggml.scores"] = .array(.float32(try ggufScores)) }
    metadata["tokenizer.ggml.token_type"] = .array(.int32(tokenTypes.map { Int32($0.rawValue) }))
    if !isSentencePiece { metadata["tokenizer.ggml.merges"] = .array(.string(merges)) }
    set("bos_token_id", bosID)
    set("eos_token_id", eosID)
    set("unknown_token_id", unknownID)
    set("padding_token_id", paddingID)
    metadata["tokenizer.ggml.add_bos_token"] = .bool(addsBOS)
    metadata["tokenizer.ggml.add_eos_token"] = .bool(addsEOS)
    metadata["tokenizer.ggml.add_space_prefix"] = .bool(addsSpacePrefix)
    metadata["tokenizer.chat_template"] = chatTemplate.map { .string($0) }
    try check(against: TokenizerDefinition(metadata))
  }

  /// Throws where `other`, which is what a GGUF file says of this tokenizer, would split text in another way.
  private func check(against other: TokenizerDefinition) throws(ExportError) {
    func refuse(_ what: String) -> ExportError { ExportError(.tokenizer("GGUF has no place for \(what)")) }
    guard spacePrefix == other.spacePrefix else {
      throw refuse("a space before text \(Self.words(spacePrefix)); it would come \(Self.words(other.spacePrefix))")
    }
    guard normalization == other.normalization else {
      throw refuse("\(normalization) normalisation with the pre-tokenizer \(TokenizerError.quote(preTokenizer))")
    }
    guard ignoresMerges == other.ignoresMerges else {
      throw refuse("ignore_merges \(ignoresMerges) with the pre-tokenizer \(TokenizerError.quote(preTokenizer))")
    }
    for (id, spelling) in tokens.enumerated() {
      let (own, read) = (addedTokenRules[id] ?? .literal, other.addedTokenRules[id] ?? .literal)
      guard
        (own.stripsLeft, own.stripsRight, own.isSingleWord) == (read.stripsLeft, read.stripsRight, read.isSingleWord)
      else { throw refuse("the white space that the added token \(TokenizerError.quote(spelling)) takes in") }
    }
  }

  private static func words(_ prefix: SpacePrefix) -> String {
    switch prefix {
    case .never: "nowhere"
    case .first: "at the start only"
    case .always: "at the start and after every added token, unless a space is there"
    case .everySegment: "at the start and after every added token"
    }
  }

  /// A score for each token such that merging the best-scored neighbours first is following the merge rules.
  private var ggufScores: [Float] {
    get throws(ExportError) {
      if !scores.isEmpty { return scores }
      var ids: [[UInt8]: Int] = [:]
      for (id, token) in tokens.enumerated() where tokenTypes[id] == .normal { ids[Array(token.utf8)] = id }
      // Lower than every merged token's: what no rule makes is never merged.
      var result = [Float](repeating: Float(-merges.count - 1), count: tokens.count)
      var (rank, last) = (0, -1)
      var seen: Set<Int> = []
      for merge in merges {
        guard let id = ids[merge.utf8.filter { $0 != UInt8(ascii: " ") }], id != last else { continue }
        guard seen.insert(id).inserted else {
          throw ExportError(
            .tokenizer(
              "the merge rules that make \(TokenizerError.quote(tokens[id])) do not follow each other, and GGUF "
                + "has scores instead of rules; put the tokenizer.model into the folder in place of tokenizer.json"))
        }
        rank += 1
        result[id] = Float(-rank)
        last = id
      }
      return result
    }
  }
}

extension Tokenizer {
  /// Reads the tokenizer of a GGUF file, or of a Hugging Face folder. No weights are read.
  ///
  /// - Throws: `FormatError` where a file is damaged or asks for something that is not implemented, `TokenizerError`
  ///   where its parts contradict each other: nothing in these files is ignored that changes ids.
  /// - Complexity: linear in the files' bytes; about a second for 150,000 tokens.
  public init(contentsOf location: URL) throws {
    let isFolder = ModelFolder.isFolder(location)
    try self.init(
      isFolder
        ? TokenizerDefinition(contentsOf: location) : TokenizerDefinition(GGUFFile(contentsOf: location).metadata))
  }
}
