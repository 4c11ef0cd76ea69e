import Foundation

/// What a Hugging Face folder holds beside its weights, as it was read.
struct HuggingFaceFiles: Sendable {
  let folder: ModelFolder
  let configuration: JSONObject
  /// `generation_config.json`, where there is one.
  let generation: JSONObject?
  let tokenizer: TokenizerDefinition
  let tokenizerFiles: [(name: String, file: MappedFile?)]

  /// The files that a tokenizer and its template are made of. Their places are checked before anything reads them.
  static let tokenizerNames = [
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "chat_template.jinja",
  ]
  /// What whoever passes a model on has to pass on with it.
  static let licenceNames = ["LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE", "NOTICE.txt"]

  init(_ folder: ModelFolder, configuration: JSONObject, generation: JSONObject?) throws {
    self.folder = folder
    self.configuration = configuration
    self.generation = generation
    _ = try folder.fileIfPresent("chat_template.json")
    tokenizerFiles = try Self.tokenizerNames.compactMap { name in
      try folder.fileIfPresent(name).map { (name, try Self.mapped($0)) }
    }
    tokenizer = try TokenizerDefinition(contentsOf: folder.location)
  }

  private static func mapped(_ file: URL) throws -> MappedFile? {
    do { return try MappedFile(contentsOf: file) } catch let error as FormatError where error.reason == .truncated {
      return nil
    }
  }
}
