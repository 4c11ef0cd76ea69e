import Foundation

/// Everything a tokenizer is made of, as plain values: the bridge between a model's files and ``Tokenizer``.
///
/// The fields mirror the `tokenizer.*` entries of a GGUF file; those that GGUF has no entry for say so. Nothing is
/// checked here; `Tokenizer.init` does.
package struct TokenizerDefinition: Sendable, Hashable {
  /// The algorithm (`tokenizer.ggml.model`): `gpt2` for byte-level BPE, `llama` for SentencePiece-style BPE.
  package var model = "gpt2"
  /// The rule that splits text into words (`tokenizer.ggml.pre`); SentencePiece-style BPE has none, written `default`.
  package var preTokenizer: String
  /// The spelling of every token, by id: normal tokens in the byte-level alphabet (`gpt2`) or with `▁` for a space
  /// (`llama`), bytes as `<0x0A>`, all others literally.
  package var tokens: [String]
  /// One type per token.
  package var tokenTypes: [TokenType]
  /// One score per token where SentencePiece-style BPE merges by score, the highest first; otherwise empty.
  package var scores: [Float] = []
  /// Merge rules, best first, as two spellings with a space between. Where there are none, `scores` decide.
  package var merges: [String]
  /// The token put before a text where `addsBOS` says so.
  package var bosID: Int?
  /// The token that ends an answer.
  package var eosID: Int?
  /// The token for unknown text; `unknownText` tells whether encoding produces it.
  package var unknownID: Int?
  /// The padding token; kept for information, never produced.
  package var paddingID: Int?
  /// Whether the model wants exactly one BOS token at the start of a text.
  package var addsBOS = false
  /// Whether the model wants an EOS token at the end of a text.
  package var addsEOS = false
  /// Where a space is put before text.
  package var spacePrefix = SpacePrefix.never
  /// Whether decoding leaves out one space at the text's start: the one that `spacePrefix` put there. Not in GGUF.
  package var stripsLeadingSpace = false
  /// What is done to text before it is split. Not in GGUF, where the pre-tokenizer's name implies it.
  package var normalization = Normalization.none
  /// What encoding makes of characters the vocabulary lacks. Not in GGUF.
  package var unknownText = UnknownText.leftOut
  /// Whether a word that is a token stays whole even where merges would not make it. Not in GGUF.
  package var ignoresMerges = false
  /// How added tokens are recognised, by id, where it is not literally and before normalisation. Not in GGUF.
  package var addedTokenRules: [Int: AddedTokenRule] = [:]
  package var chatTemplate: String?

  /// Whether it is SentencePiece-style BPE.
  package var isSentencePiece: Bool { model == "llama" }
  /// Whether a space is put before text anywhere (`tokenizer.ggml.add_space_prefix`).
  package var addsSpacePrefix: Bool { spacePrefix != .never }
  /// The spelling of the token that begins a text, as chat templates know it: `bos_token`.
  package var bosToken: String? { spelling(of: bosID) }
  /// The spelling of the token that ends an answer, as chat templates know it: `eos_token`.
  package var eosToken: String? { spelling(of: eosID) }
  /// The spelling of the token for unknown text, as chat templates know it: `unk_token`.
  package var unknownToken: String? { spelling(of: unknownID) }
  /// The spelling of the padding token, as chat templates know it: `pad_token`.
  package var paddingToken: String? { spelling(of: paddingID) }

  private func spelling(of id: Int?) -> String? { id.flatMap { tokens.indices.contains($0) ? tokens[$0] : nil } }
}

extension TokenizerDefinition {
  /// Reads the tokenizer files of a Hugging Face folder.
  ///
  /// The vocabulary is that of `tokenizer.json`, or of `tokenizer.model` (SentencePiece) where there is no such file.
  /// `tokenizer_config.json` and, for what that leaves out, `special_tokens_map.json` name the special tokens. The chat
  /// template is `chat_template.jinja`, else `tokenizer_config.json`'s: a text, or the one called "default" of several.
  /// No other file is opened.
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
