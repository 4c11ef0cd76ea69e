import Foundation

/// A model with its adapter merged in, as a folder that `transformers` loads.
///
/// What a Hugging Face source says about itself is kept as it is: its configuration but for the weights' type, its
/// tokenizer files byte for byte. What a GGUF source says is written anew in Hugging Face's terms.
struct HuggingFaceModelWriter {
  let model: LanguageModel
  let format: WeightFormat
  let shardLimit: Int
  let readme: String?

  func write(to folder: URL) throws {
    func write(_ text: String, _ name: String) throws {
      try AtomicFile.write(Data(text.utf8), to: folder.appending(path: name))
    }
    let tensors = model.mergedWeights.map { $0.tensorData(named: $0.base.role.huggingFaceName, as: format) }
    try SafetensorsShardWriter.write(tensors: tensors, limit: shardLimit, to: folder)
    switch model.files {
    case .folder(let files):
      try write(try configuration(files.configuration), "config.json")
      try write(try generationConfiguration(files.generation), "generation_config.json")
      for (name, file) in files.tokenizerFiles {
        try AtomicFile.write(to: folder.appending(path: name)) { try file?.copy(to: $0) }
      }
      for name in HuggingFaceFiles.licenceNames {
        guard let file = try files.folder.fileIfPresent(name) else { continue }
        try AtomicFile.write(to: folder.appending(path: name)) { try MappedFile(contentsOf: file).copy(to: $0) }
      }
    case .gguf(let file):
      let definition = try TokenizerDefinition(file.metadata)
      let tokenizer = try HuggingFaceTokenizer(definition, contextLength: model.configuration.contextLength)
      let configuration = HuggingFaceConfigurationWriter(model: model, format: format)
      try write(try configuration.configuration(definition).indentedText + "\n", "config.json")
      try write(configuration.generation(definition).indentedText + "\n", "generation_config.json")
      try write(tokenizer.file.indentedText, "tokenizer.json")
      try write(tokenizer.configuration.indentedText + "\n", "tokenizer_config.json")
      if let template = definition.chatTemplate { try write(template, "chat_template.jinja") }
    }
    if let readme { try write(readme, "README.md") }
  }

  // MARK: A source folder's own files

  /// The source's `config.json` with the type of these weights. Values stay; how numbers are spelled may not (8.0, 8).
  private func configuration(_ source: JSONObject) throws -> String {
    var members = source.members
    // `transformers` 5 calls it dtype and reads both.
    let keys = ["dtype", "torch_dtype"].filter { source[$0] != nil }
    let type = HuggingFaceConfigurationWriter.typeName(format)
    for key in keys.isEmpty ? ["torch_dtype"] : keys { members[key] = .string(type) }
    return try Self.text(members)
  }

  /// The source's `generation_config.json`, whose end tokens are those that end a reply here.
  private func generationConfiguration(_ source: JSONObject?) throws -> String {
    var members = source?.members ?? [:]
    members["eos_token_id"] = .array(model.stopTokenIDs.sorted().map { .integer(Int($0)) })
    return try Self.text(members)
  }

  private static func text(_ members: JSONMembers) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(JSONValue.object(members)), as: UTF8.self) + "\n"
  }
}

extension MappedFile {
  fileprivate func copy(to output: borrowing AtomicFile.Output) throws {
    try requireUnchanged()
    try output.write(bytes)
    try requireUnchanged()
  }
}
