/// `tokenizer.json` and `tokenizer_config.json` of a tokenizer that comes from a GGUF file.
///
/// GGUF names the rule that splits text into words; `tokenizer.json` spells it out in components. A name that stands for
/// more than components say is refused.
struct HuggingFaceTokenizer {
  private let definition: TokenizerDefinition
  private let contextLength: Int
  private let components: HuggingFaceTokenizerComponents

  init(_ definition: TokenizerDefinition, contextLength: Int) throws {
    self.definition = definition
    self.contextLength = contextLength
    components = try HuggingFaceTokenizerComponents(definition)
  }

  var file: JSONValue {
    [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(addedTokens),
      "normalizer": components.normalizer, "pre_tokenizer": components.preTokenizer, "post_processor": beginning,
      "decoder": components.decoder, "model": model,
    ]
  }

  var configuration: JSONValue {
    func text(_ spelling: String?) -> JSONValue { spelling.map { .string($0) } ?? .null }
    return [
      "add_bos_token": .bool(definition.addsBOS), "add_prefix_space": .bool(definition.addsSpacePrefix),
      "bos_token": text(definition.bosToken), "clean_up_tokenization_spaces": false,
      "eos_token": text(definition.eosToken), "model_max_length": .integer(contextLength),
      "pad_token": text(definition.paddingToken), "tokenizer_class": "PreTrainedTokenizerFast",
      "unk_token": text(definition.unknownToken),
    ]
  }

  private var addedTokens: [JSONValue] {
    zip(definition.tokens, definition.tokenTypes).enumerated().compactMap { id, token in
      let (spelling, type) = token
      guard [.control, .userDefined, .unknown].contains(type) else { return nil }
      let rule = definition.addedTokenRules[id] ?? .literal
      return [
        "id": .integer(id), "content": .string(spelling), "single_word": .bool(rule.isSingleWord),
        "lstrip": .bool(rule.stripsLeft), "rstrip": .bool(rule.stripsRight),
        "normalized": .bool(rule.isNormalized), "special": .bool(type != .userDefined),
      ]
    }
  }

  private var model: JSONValue {
    let isSentencePiece = components.isSentencePiece
    let vocabulary = zip(definition.tokens, definition.tokenTypes).enumerated().filter { $0.element.1 != .unused }
    let unknown: JSONValue = isSentencePiece ? definition.unknownToken.map { .string($0) } ?? .null : .null
    return [
      "type": "BPE", "dropout": .null, "unk_token": unknown, "continuing_subword_prefix": .null,
      "end_of_word_suffix": .null, "fuse_unk": .bool(isSentencePiece), "byte_fallback": .bool(isSentencePiece),
      "ignore_merges": .bool(definition.ignoresMerges),
      "vocab": .object(JSONMembers(vocabulary.map { id, token in (token.0, .integer(id)) })),
      "merges": .array((isSentencePiece ? definition.mergesByScore : definition.merges).map { .string($0) }),
    ]
  }

  /// What puts one BOS token before a text, where the model wants one.
  private var beginning: JSONValue {
    guard definition.addsBOS, let id = definition.bosID, let spelling = definition.bosToken else { return .null }
    let token = JSONValue.string(spelling)
    let begin = ["SpecialToken": ["id": token, "type_id": 0]] as JSONValue
    func sequence(_ name: String, _ type: Int) -> JSONValue {
      ["Sequence": ["id": .string(name), "type_id": .integer(type)]]
    }
    let special = ["id": token, "ids": [.integer(id)], "tokens": [token]] as JSONValue
    return [
      "type": "TemplateProcessing",
      "single": [begin, sequence("A", 0)],
      "pair": [begin, sequence("A", 0), begin, sequence("B", 1)],
      "special_tokens": [spelling: special],
    ]
  }
}

extension TokenizerDefinition {
  /// The merge rules that do what merging the best-scored neighbours does: every way to make a token of two others, tokens
  /// in the order of their scores.
  fileprivate var mergesByScore: [String] {
    var ids: [[UInt8]: Int] = [:]
    for (id, token) in tokens.enumerated() where tokenTypes[id] == .normal { ids[Array(token.utf8)] = id }
    let merged = tokens.indices.filter { tokenTypes[$0] == .normal }.sorted { (scores[$1], $0) < (scores[$0], $1) }
    return merged.flatMap { id in
      let scalars = tokens[id].unicodeScalars
      var rules: [(left: Int, right: Int, text: String)] = []
      for cut in scalars.indices.dropFirst() {
        let (left, right) = (String(scalars[..<cut]), String(scalars[cut...]))
        guard let first = ids[Array(left.utf8)], let second = ids[Array(right.utf8)] else { continue }
        rules.append((first, second, left + " " + right))
      }
      return rules.sorted { ($0.left, $0.right) < ($1.left, $1.right) }.map(\.text)
    }
  }
}
