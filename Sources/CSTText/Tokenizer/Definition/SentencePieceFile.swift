import Foundation

/// A SentencePiece `tokenizer.model`: a protobuf message with pieces, their scores and types, and how text is normalised.
struct SentencePieceFile {
  let file: String
  private(set) var tokens: [String] = []
  private(set) var scores: [Float] = []
  private(set) var types: [TokenizerDefinition.TokenType] = []
  private(set) var bosID = 1
  private(set) var eosID = 2
  private(set) var unknownID = 0
  private(set) var paddingID = -1
  private(set) var addsPrefix = true
  private var fallsBackToBytes = false
  private var isBytePair = false

  init(contentsOf url: URL) throws {
    let mapped = try MappedFile(contentsOf: url)
    try self.init(mapped.bytes, file: mapped.path)
    withExtendedLifetime(mapped) {}
  }

  init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
    self.file = file
    var reader = ProtobufReader(bytes, file: file)
    var hasNormalizer = false
    while let field = try reader.next() {
      switch field.number {
      case 1: try readPiece(try field.message(&reader))
      case 2: try readTrainer(try field.message(&reader))
      case 3:
        try readNormalizer(try field.message(&reader))
        hasNormalizer = true
      // Test samples and a denormaliser, which training writes and encoding does not use.
      case 4, 5: _ = try field.message(&reader)
      default: throw reader.unknown(field, in: "a SentencePiece model")
      }
    }
    guard isBytePair else {
      throw refusal("trainer_spec.model_type", "BPE (2)", "another algorithm", advice: "unigram is not implemented")
    }
    guard hasNormalizer else {
      throw FormatError(.missing, file: file, at: .key("normalizer_spec"), expected: "how text is normalised")
    }
    guard !tokens.isEmpty else { throw FormatError(.missing, file: file, at: .key("pieces"), expected: "tokens") }
  }

  private func refusal(_ key: String, _ expected: String, _ found: String, advice: String = "") -> FormatError {
    FormatError(.badValue, file: file, at: .key(key), expected: expected, found: found, advice: advice)
  }

  private mutating func readPiece(_ message: ProtobufReader) throws {
    var reader = message
    var spelling = ""
    var score: Float = 0
    var type = 1
    while let field = try reader.next() {
      switch field.number {
      case 1: spelling = try field.text(&reader)
      case 2: score = try field.float(&reader)
      case 3: type = try field.integer(&reader)
      default: throw reader.unknown(field, in: "a piece")
      }
    }
    // The numbers of the types are GGUF's, which took them from here.
    guard let known = TokenizerDefinition.TokenType(rawValue: type) else {
      throw refusal("pieces[\(tokens.count)].type", "a type from 1 to 6", "\(type)")
    }
    tokens.append(spelling)
    scores.append(score)
    types.append(known)
  }

  private mutating func readTrainer(_ message: ProtobufReader) throws {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 3: isBytePair = try field.integer(&reader) == 2
      case 24: try check("trainer_spec.treat_whitespace_as_suffix", try field.integer(&reader) != 0, false)
      case 35: fallsBackToBytes = try field.integer(&reader) != 0
      case 40: unknownID = try field.integer(&reader)
      case 41: bosID = try field.integer(&reader)
      case 42: eosID = try field.integer(&reader)
      case 43: paddingID = try field.integer(&reader)
      // How the vocabulary was trained.
      default: try field.skip(&reader)
      }
    }
  }

  private mutating func readNormalizer(_ message: ProtobufReader) throws {
    var reader = message
    var name = ""
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.text(&reader)
      case 2:
        let count = try field.message(&reader).count
        guard count == 0 else {
          throw refusal(
            "normalizer_spec.precompiled_charsmap", "no table (the rule \"identity\")",
            "\(count) bytes (the rule \(TokenizerError.quote(name)))", advice: "other normalisation is not implemented")
        }
      case 3: addsPrefix = try field.integer(&reader) != 0
      case 4: try check("normalizer_spec.remove_extra_whitespaces", try field.integer(&reader) != 0, false)
      case 5: try check("normalizer_spec.escape_whitespaces", try field.integer(&reader) != 0, true)
      case 6: _ = try field.text(&reader)
      default: throw reader.unknown(field, in: "a normaliser")
      }
    }
    guard name.isEmpty || name == "identity" else {
      throw refusal("normalizer_spec.name", "identity", TokenizerError.quote(name))
    }
  }

  private func check(_ key: String, _ value: Bool, _ expected: Bool) throws {
    guard value == expected else {
      throw refusal(key, "\(expected)", "\(value)", advice: "this treatment of white space is not implemented")
    }
  }

  /// The tokenizer that the file describes, with what `tokenizer_config.json` says about it.
  ///
  /// BOS is added unless the configuration says otherwise, and a space is put before every segment unless it says that
  /// the model does not have this original behaviour (`"legacy": false`).
  func definition(_ configuration: TokenizerConfiguration) throws -> TokenizerDefinition {
    let prefixes = try configuration.flag("add_prefix_space") ?? addsPrefix
    let isLegacy = try configuration.flag("legacy") ?? true
    func optional(_ id: Int) -> Int? { id >= 0 ? id : nil }
    return TokenizerDefinition(
      model: "llama", preTokenizer: "default", tokens: tokens, tokenTypes: types, scores: scores, merges: [],
      bosID: optional(bosID), eosID: optional(eosID), unknownID: optional(unknownID), paddingID: optional(paddingID),
      addsBOS: try configuration.flag("add_bos_token") ?? true,
      addsEOS: try configuration.flag("add_eos_token") ?? false,
      spacePrefix: !prefixes ? .never : isLegacy ? .everySegment : .first, stripsLeadingSpace: prefixes,
      unknownText: .fusedToken)
  }
}
