import Foundation

/// What `tokenizer_config.json`, `special_tokens_map.json` and `chat_template.jinja` say about a tokenizer.
struct TokenizerConfiguration {
  private let file: String
  private let values: JSONValue
  private let specialTokens: JSONValue
  private let chatTemplate: String?

  /// Reads what is there of the three files.
  init(_ folder: URL) throws {
    let url = folder.appending(path: "tokenizer_config.json")
    file = url.path
    values = try Self.read(url)
    specialTokens = try Self.read(folder.appending(path: "special_tokens_map.json"))
    chatTemplate = try Self.chatTemplate(folder, values, file: url.path)
  }

  private static func read(_ url: URL) throws -> JSONValue {
    guard FileManager.default.fileExists(atPath: url.path) else { return .object([:]) }
    let mapped = try MappedFile(contentsOf: url)
    let value = try JSONReader.value(of: mapped)
    guard value.object != nil else {
      throw FormatError(.wrongType, file: mapped.path, expected: "a JSON object", found: "another value")
    }
    return value
  }

  private static func chatTemplate(_ folder: URL, _ values: JSONValue, file: String) throws -> String? {
    let url = folder.appending(path: "chat_template.jinja")
    if FileManager.default.fileExists(atPath: url.path) {
      let mapped = try MappedFile(contentsOf: url)
      defer { withExtendedLifetime(mapped) {} }
      guard let text = String(exactUTF8: mapped.textBytes) else {
        throw FormatError(.badSyntax, file: url.path, expected: "a template in UTF-8", found: "other bytes")
      }
      return text
    }
    switch values["chat_template"] {
    case nil: return nil
    case .string(let text): return text
    case .array(let templates):
      let named = templates.first { $0["name"]?.string == "default" }
      if let text = named?["template"]?.string { return text }
    default: break
    }
    throw FormatError(
      .badValue, file: file, at: .key("chat_template"), expected: "a text, or a list with one named \"default\"",
      found: "neither")
  }

  private func refusal(_ key: String, _ expected: String, _ found: String) -> FormatError {
    FormatError(.badValue, file: file, at: .key(key), expected: expected, found: found)
  }

  func flag(_ key: String) throws -> Bool? {
    guard let value = values[key] else { return nil }
    guard let flag = value.bool else { throw refusal(key, "true, false or null", "\(value)") }
    return flag
  }

  /// Adds special tokens, the rules of added tokens and the chat template.
  func apply(to definition: inout TokenizerDefinition) throws {
    try applyAddedTokens(to: &definition)
    let bos = try token("bos_token", in: definition)
    if definition.addsBOS, let bos, let added = definition.bosID, bos != added {
      throw refusal("bos_token", "token \(added), which is put before every text", "token \(bos)")
    }
    definition.bosID = bos ?? definition.bosID
    let eos = try token("eos_token", in: definition)
    if definition.addsEOS, let eos, let added = definition.eosID, eos != added {
      throw refusal("eos_token", "token \(added), which is put after every text", "token \(eos)")
    }
    definition.eosID = eos ?? definition.eosID
    if definition.unknownID == nil { definition.unknownID = try token("unk_token", in: definition) }
    // There is no padding here, and files name padding tokens that no vocabulary has.
    definition.paddingID = try token("pad_token", in: definition, isOptional: true)
    definition.chatTemplate = chatTemplate
  }

  /// The id of the token that the configuration names: a text, or an object with its content.
  private func token(_ key: String, in definition: TokenizerDefinition, isOptional: Bool = false) throws -> Int? {
    guard let value = values[key] ?? specialTokens[key] else { return nil }
    guard let spelling = value.string ?? value["content"]?.string else {
      throw refusal(key, "a token's spelling", "\(value)")
    }
    guard let id = definition.tokens.lastIndex(where: { $0.utf8.elementsEqual(spelling.utf8) }) else {
      if isOptional { return nil }
      throw refusal(key, "a token of the vocabulary", TokenizerError.quote(spelling))
    }
    return id
  }

  /// Applies `added_tokens_decoder`, whose rules take precedence over those of the vocabulary's file.
  private func applyAddedTokens(to definition: inout TokenizerDefinition) throws {
    guard let entries = values["added_tokens_decoder"] else { return }
    let key = "added_tokens_decoder"
    let tokens = try (entries.object ?? [:]).map { name, value in
      guard let id = Int(name), let content = value["content"]?.string, !content.isEmpty else {
        throw refusal("\(key).\(name)", "an id and a content", "\(value)")
      }
      return (id: id, content: content, value: value)
    }
    for (id, content, value) in tokens.sorted(by: { $0.id < $1.id }) {
      guard id >= 0, id <= definition.tokens.count else {
        throw refusal(key, "ids from 0 to \(definition.tokens.count)", "\(id)")
      }
      func flag(_ name: String) throws -> Bool {
        try value.flag(name) { refusal("\(key).\(id).\(name)", "true or false", $0) }
      }
      if id == definition.tokens.count {
        definition.tokens.append("")
        definition.tokenTypes.append(.unused)
        if !definition.scores.isEmpty { definition.scores.append(0) }
      }
      guard definition.tokens[id] == content || definition.tokenTypes[id] == .unused else {
        throw refusal(
          "\(key).\(id)", TokenizerError.quote(definition.tokens[id]) + " as in the vocabulary",
          TokenizerError.quote(content))
      }
      definition.tokens[id] = content
      if definition.tokenTypes[id] != .unknown {
        definition.tokenTypes[id] = try flag("special") ? .control : .userDefined
      }
      let rule = try TokenizerDefinition.AddedTokenRule(flags: flag)
      definition.addedTokenRules[id] = rule == .literal ? nil : rule
    }
  }
}
