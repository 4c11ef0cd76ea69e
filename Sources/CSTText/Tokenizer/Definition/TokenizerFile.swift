import Foundation

/// The contents of a Hugging Face `tokenizer.json` with a BPE model, as the file has them.
///
/// Every key is known or refused by name; vocabulary and merges are read without building anything else.
struct TokenizerFile {
  /// A token that is recognised as a whole.
  struct AddedToken {
    var id: Int
    var content: String
    var isSpecial: Bool
    var rule: TokenizerDefinition.AddedTokenRule
  }

  let file: String
  private(set) var vocabulary: [(spelling: String, id: Int)] = []
  private(set) var merges: [String] = []
  private(set) var addedTokens: [AddedToken] = []
  private(set) var normalizer = JSONValue.null
  private(set) var preTokenizer = JSONValue.null
  private(set) var postProcessor = JSONValue.null
  private(set) var decoder = JSONValue.null
  private(set) var unknownToken: String?
  private(set) var fusesUnknown = false
  private(set) var fallsBackToBytes = false
  private(set) var ignoresMerges = false

  init(contentsOf url: URL) throws {
    let mapped = try MappedFile(contentsOf: url)
    try self.init(mapped.bytes, file: mapped.path)
    withExtendedLifetime(mapped) {}
  }

  init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
    self.file = file
    var reader = JSONReader(bytes, file: file)
    var hasModel = false
    try reader.object { reader, key in
      switch key {
      case "version", "truncation", "padding": _ = try reader.value()
      case "added_tokens": try readAddedTokens(&reader)
      case "normalizer": normalizer = try reader.value()
      case "pre_tokenizer": preTokenizer = try reader.value()
      case "post_processor": postProcessor = try reader.value()
      case "decoder": decoder = try reader.value()
      case "model":
        try readModel(&reader)
        hasModel = true
      default: throw refusal(key, "a key of tokenizer.json", "one that is not known")
      }
    }
    try reader.end()
    guard hasModel else { throw FormatError(.missing, file: file, at: .key("model"), expected: "a BPE model") }
  }

  /// An error about the value at `key`.
  func refusal(_ key: String, _ expected: String, _ found: String, advice: String = "") -> FormatError {
    FormatError(.badValue, file: file, at: .key(key), expected: expected, found: found, advice: advice)
  }

  private mutating func readAddedTokens(_ reader: inout JSONReader) throws {
    try reader.array { reader in
      let key = "added_tokens[\(addedTokens.count)]"
      let value = try reader.value()
      guard let id = value["id"]?.integer, id >= 0, let content = value["content"]?.string, !content.isEmpty else {
        throw refusal(key, "an id and a content", "\(value)")
      }
      func flag(_ name: String) throws -> Bool {
        try value.flag(name) { refusal("\(key).\(name)", "true or false", $0) }
      }
      addedTokens.append(
        AddedToken(
          id: id, content: content, isSpecial: try flag("special"),
          rule: try TokenizerDefinition.AddedTokenRule(flags: flag)))
    }
  }

  private mutating func readModel(_ reader: inout JSONReader) throws {
    var hasVocabulary = false
    var hasMerges = false
    try reader.object { reader, name in
      let key = "model.\(name)"
      switch name {
      case "type":
        let type = try reader.string()
        guard type == "BPE" else { throw refusal(key, "BPE", type, advice: "other algorithms are not implemented") }
      case "vocab":
        guard reader.nextIs("{") else {
          throw refusal(key, "an object of token ids, as a BPE model has", "another kind of value")
        }
        try reader.object { reader, spelling in vocabulary.append((spelling, try reader.size())) }
        hasVocabulary = true
      case "merges":
        try reader.array { reader in merges.append(try Self.merge(&reader)) }
        hasMerges = true
      case "unk_token": unknownToken = try text(&reader, key)
      case "fuse_unk": fusesUnknown = try truth(&reader, key)
      case "byte_fallback": fallsBackToBytes = try truth(&reader, key)
      case "ignore_merges": ignoresMerges = try truth(&reader, key)
      case "dropout":
        let dropout = try reader.value()
        guard dropout == .null || dropout == 0 else {
          throw refusal(key, "null", "\(dropout)", advice: "merges that are left out at random are not implemented")
        }
      case "continuing_subword_prefix", "end_of_word_suffix":
        let mark = try text(&reader, key) ?? ""
        guard mark.isEmpty else {
          throw refusal(key, "none", TokenizerError.quote(mark), advice: "marks inside words are not implemented")
        }
      default: throw refusal(key, "a key of a BPE model", "one that is not known")
      }
    }
    guard hasVocabulary else { throw FormatError(.missing, file: file, at: .key("model.vocab"), expected: "token ids") }
    guard hasMerges else { throw FormatError(.missing, file: file, at: .key("model.merges"), expected: "merge rules") }
    // Older files name the unknown token "" where there is none.
    if unknownToken == "" { unknownToken = nil }
  }

  /// A merge rule as two spellings with a space between; newer files have pairs.
  private static func merge(_ reader: inout JSONReader) throws -> String {
    guard reader.nextIs("[") else { return try reader.string() }
    var parts: [String] = []
    try reader.array { reader in parts.append(try reader.string()) }
    return parts.joined(separator: " ")
  }

  private func text(_ reader: inout JSONReader, _ key: String) throws -> String? {
    switch try reader.value() {
    case .null: return nil
    case .string(let text): return text
    case let other: throw refusal(key, "a text or null", "\(other)")
    }
  }

  private func truth(_ reader: inout JSONReader, _ key: String) throws -> Bool {
    switch try reader.value() {
    case .null: return false
    case .bool(let value): return value
    case let other: throw refusal(key, "true or false", "\(other)")
    }
  }
}

extension TokenizerDefinition.AddedTokenRule {
  /// The rule of an entry of `added_tokens` or `added_tokens_decoder`, whose flags `flag` reads by name.
  init(flags flag: (String) throws -> Bool) throws {
    self.init(
      stripsLeft: try flag("lstrip"), stripsRight: try flag("rstrip"), isSingleWord: try flag("single_word"),
      isNormalized: try flag("normalized"))
  }
}
