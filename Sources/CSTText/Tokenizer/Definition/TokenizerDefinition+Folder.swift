import Foundation

extension TokenizerDefinition {
  /// Reads the tokenizer files of a Hugging Face folder.
  ///
  /// The vocabulary is that of `tokenizer.json`, or of `tokenizer.model` (SentencePiece) where there is no such file.
  /// `tokenizer_config.json` and, for what that leaves out, `special_tokens_map.json` name the special tokens. The chat
  /// template is `chat_template.jinja`, else `tokenizer_config.json`'s: a text, or the one called "default" of several.
  /// No other file is opened.
  ///
  /// - Throws: ``FormatError`` naming the file, the key, what was expected and what was found, where a file is damaged
  ///   or asks for something that is not implemented: nothing in these files is ignored that changes ids.
  /// - Complexity: linear in the files' bytes; about a second for 150,000 tokens.
  package init(contentsOf folder: URL) throws {
    let configuration = try TokenizerConfiguration(folder)
    let manager = FileManager.default
    let file = folder.appending(path: "tokenizer.json")
    let model = folder.appending(path: "tokenizer.model")
    if manager.fileExists(atPath: file.path) || !manager.fileExists(atPath: model.path) {
      self = try TokenizerFile(contentsOf: file).definition()
    } else {
      self = try SentencePieceFile(contentsOf: model).definition(configuration)
    }
    try configuration.apply(to: &self)
  }
}
