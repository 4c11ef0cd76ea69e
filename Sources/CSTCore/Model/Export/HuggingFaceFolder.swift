import Foundation

/// A model with its adapter merged in, as a folder that `transformers` loads.
///
/// What a Hugging Face source says about itself is kept as it is: its configuration but for the weights' type, its
/// tokenizer files byte for byte. What a GGUF source says is written anew in Hugging Face's terms.
struct HuggingFaceFolder {
  private let export: ModelExport
  private let model: LanguageModel
  private let format: WeightFormat
  private let shardLimit: Int

  /// Files of a source folder that are copied where they are there: what the tokenizer is made of, and what whoever passes
  /// the model on has to pass on with it.
  static let copiedNames = [
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "chat_template.jinja", "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE", "NOTICE.txt",
  ]

  init(of export: ModelExport, _ format: WeightFormat, _ shardLimit: Int) {
    self.export = export
    model = export.model
    self.format = format
    self.shardLimit = shardLimit
  }

  /// Writes all files into an empty folder.
  /// - Throws: ``FormatError``, ``ExportError``.
  func write(to folder: URL) throws {
    func write(_ text: String, _ name: String) throws {
      try AtomicFile.write(Data(text.utf8), to: folder.appending(path: name))
    }
    let tensors = model.mergedWeights.map { $0.tensorData(named: $0.base.role.huggingFaceName, as: format) }
    try SafetensorsShardWriter.write(tensors: tensors, limit: shardLimit, to: folder)
    switch model.source {
    case .folder(let location):
      let source = try ModelFolder(location)
      try write(try configuration(of: source), "config.json")
      try write(try generationConfiguration(of: source), "generation_config.json")
      for name in Self.copiedNames {
        guard let data = try Self.contents(of: name, in: source) else { continue }
        try AtomicFile.write(data, to: folder.appending(path: name))
      }
    case .gguf(let file):
      let definition = try TokenizerDefinition(GGUFFile(contentsOf: file).metadata)
      let tokenizer = try HuggingFaceTokenizer(definition, contextLength: model.configuration.contextLength)
      try write(try HuggingFaceSettings(of: model, format).configuration(definition).indentedText + "\n", "config.json")
      try write(
        HuggingFaceSettings(of: model, format).generation(definition).indentedText + "\n", "generation_config.json")
      try write(tokenizer.file.indentedText, "tokenizer.json")
      try write(tokenizer.configuration.indentedText + "\n", "tokenizer_config.json")
      if let template = definition.chatTemplate { try write(template, "chat_template.jinja") }
    }
    if let readme = export.readme { try write(readme, "README.md") }
  }

  // MARK: A source folder's own files

  private static func contents(of name: String, in folder: ModelFolder) throws -> Data? {
    guard let file = try folder.fileIfPresent(name) else { return nil }
    do { return try Data(contentsOf: file) } catch {
      throw FormatError(
        .unreadable, file: file.path, expected: "a readable file", found: error.localizedDescription)
    }
  }

  private static func text(_ members: JSONMembers) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(JSONValue.object(members)), as: UTF8.self) + "\n"
  }

  /// The source's `config.json` with the type of these weights. Values stay; how numbers are spelled may not (8.0, 8).
  private func configuration(of source: ModelFolder) throws -> String {
    var members = try JSONObject(contentsOf: source.file("config.json")).members
    // `transformers` 5 calls it dtype and reads both.
    let keys = ["dtype", "torch_dtype"].filter { members[$0] != nil }
    for key in keys.isEmpty ? ["torch_dtype"] : keys { members[key] = .string(HuggingFaceSettings.typeName(format)) }
    return try Self.text(members)
  }

  /// The source's `generation_config.json`, whose end tokens are those that end a reply here.
  private func generationConfiguration(of source: ModelFolder) throws -> String {
    let file = try source.fileIfPresent("generation_config.json")
    var members = try file.map(JSONObject.init(contentsOf:))?.members ?? [:]
    members["eos_token_id"] = .array(model.stopTokenIDs.sorted().map { .integer(Int($0)) })
    return try Self.text(members)
  }
}
