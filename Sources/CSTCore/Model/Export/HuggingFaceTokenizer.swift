/// `tokenizer.json` and `tokenizer_config.json` of a byte-level BPE tokenizer that comes from a GGUF file.
///
/// GGUF names the rule that splits text into words; `tokenizer.json` spells it out. A name that stands for more than can be
/// spelled here is refused.
struct HuggingFaceTokenizer {
  private let definition: TokenizerDefinition
  private let contextLength: Int
  private let splitting: OrderedJSON

  /// - Throws: ``ExportError`` for an algorithm or a rule that cannot be written.
  init(_ definition: TokenizerDefinition, contextLength: Int) throws {
    guard definition.model == "gpt2" else {
      throw ExportError(
        .tokenizer("\(TokenizerError.quote(definition.model)) is no byte-level BPE; start from a folder"))
    }
    guard let splitting = Self.splitting[definition.preTokenizer] else {
      let known = Self.splitting.keys.sorted().joined(separator: ", ")
      throw ExportError(
        .tokenizer(
          "the pre-tokenizer \(TokenizerError.quote(definition.preTokenizer)) is not one of \(known); start from a folder"
        ))
    }
    self.definition = definition
    self.contextLength = contextLength
    self.splitting = splitting
  }

  /// `tokenizer.json`.
  var file: OrderedJSON {
    let tokens = Array(zip(definition.tokens, definition.tokenTypes).enumerated())
    let added = tokens.filter { [.control, .userDefined, .unknown].contains($0.element.1) }
    return .object([
      ("version", .string("1.0")),
      ("truncation", .null),
      ("padding", .null),
      (
        "added_tokens",
        .array(
          added.map { id, token in
            .object([
              ("id", .integer(id)), ("content", .string(token.0)), ("single_word", .bool(false)),
              ("lstrip", .bool(false)), ("rstrip", .bool(false)), ("normalized", .bool(false)),
              ("special", .bool(token.1 != .userDefined)),
            ])
          })
      ),
      ("normalizer", .null),
      ("pre_tokenizer", splitting),
      ("post_processor", beginning),
      ("decoder", Self.byteLevel(usesExpression: true)),
      (
        "model",
        .object([
          ("type", .string("BPE")), ("dropout", .null), ("unk_token", .null), ("continuing_subword_prefix", .null),
          ("end_of_word_suffix", .null), ("fuse_unk", .bool(false)), ("byte_fallback", .bool(false)),
          ("ignore_merges", .bool(definition.preTokenizer == "llama-bpe")),
          (
            "vocab",
            .object(tokens.filter { $0.element.1 != .unused }.map { id, token in (token.0, .integer(id)) })
          ),
          ("merges", .array(definition.merges.map { .string($0) })),
        ])
      ),
    ])
  }

  /// `tokenizer_config.json`.
  var configuration: OrderedJSON {
    func spelling(_ id: Int?) -> OrderedJSON {
      guard let id, definition.tokens.indices.contains(id) else { return .null }
      return .string(definition.tokens[id])
    }
    return .object([
      ("add_bos_token", .bool(definition.addsBOS)),
      ("add_prefix_space", .bool(false)),
      ("bos_token", spelling(definition.bosID)),
      ("clean_up_tokenization_spaces", .bool(false)),
      ("eos_token", spelling(definition.eosID)),
      ("model_max_length", .integer(contextLength)),
      ("pad_token", spelling(definition.paddingID)),
      ("tokenizer_class", .string("PreTrainedTokenizerFast")),
      ("unk_token", spelling(definition.unknownID)),
    ])
  }

  /// What puts one BOS token before a text, where the model wants one.
  private var beginning: OrderedJSON {
    guard definition.addsBOS, let id = definition.bosID, definition.tokens.indices.contains(id) else { return .null }
    let token = OrderedJSON.string(definition.tokens[id])
    let begin = OrderedJSON.object([("SpecialToken", .object([("id", token), ("type_id", .integer(0))]))])
    func sequence(_ name: String, _ type: Int) -> OrderedJSON {
      .object([("Sequence", .object([("id", .string(name)), ("type_id", .integer(type))]))])
    }
    return .object([
      ("type", .string("TemplateProcessing")),
      ("single", .array([begin, sequence("A", 0)])),
      ("pair", .array([begin, sequence("A", 0), begin, sequence("B", 1)])),
      (
        "special_tokens",
        .object([
          (
            definition.tokens[id],
            .object([("id", token), ("ids", .array([.integer(id)])), ("tokens", .array([token]))])
          )
        ])
      ),
    ])
  }

  // MARK: Splitting text into words

  /// By GGUF's names.
  private static let splitting: [String: OrderedJSON] = [
    "gpt-2": byteLevel(usesExpression: true),
    "smollm": sequence([
      .object([("type", .string("Digits")), ("individual_digits", .bool(true))]), byteLevel(usesExpression: true),
    ]),
    "llama-bpe": sequence([split(words(digits: #"\p{N}{1,3}"#)), byteLevel(usesExpression: false)]),
    "qwen2": sequence([split(words(digits: #"\p{N}"#)), byteLevel(usesExpression: false)]),
  ]

  /// The expression of Llama 3 and of those that follow it.
  private static func words(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  private static func split(_ expression: String) -> OrderedJSON {
    .object([
      ("type", .string("Split")), ("pattern", .object([("Regex", .string(expression))])),
      ("behavior", .string("Isolated")), ("invert", .bool(false)),
    ])
  }

  private static func byteLevel(usesExpression: Bool) -> OrderedJSON {
    .object([
      ("type", .string("ByteLevel")), ("add_prefix_space", .bool(false)), ("trim_offsets", .bool(true)),
      ("use_regex", .bool(usesExpression)),
    ])
  }

  private static func sequence(_ steps: [OrderedJSON]) -> OrderedJSON {
    .object([("type", .string("Sequence")), ("pretokenizers", .array(steps))])
  }
}
