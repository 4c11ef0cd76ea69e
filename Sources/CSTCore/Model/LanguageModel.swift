import Foundation

/// A language model ready to score, train on and talk to: weights, tokenizer, chat template, and optionally an adapter.
///
/// ```swift
/// let model = try await LanguageModel(contentsOf: file)
/// let tuned = model.adapted(by: adapter)
/// for try await text in tuned.reply(to: "Is tea good for a cold?", under: policy["cautious"]) { show(text) }
/// ```
///
/// A value: copies share the weights, which are mapped from the file and packed for the kernels once, or streamed.
public struct LanguageModel: Sendable {
  /// Sizes and constants.
  public let configuration: ModelConfiguration
  /// The model's tokenizer.
  public let tokenizer: Tokenizer
  /// The model's chat template. Its date and its policy for system texts can be changed.
  public var chatTemplate: ChatTemplate
  /// What products with the weights are computed in.
  public var precision: Precision
  /// The adapter in use; `nil` is the base model.
  public private(set) var adapter: LoRAAdapter?
  /// What tells this model from others in records and checkpoints: names and sizes of its files.
  public let identity: String
  package var source: ModelSource { files.source }
  /// Keys of `config.json` that are not understood and were ignored on request.
  package private(set) var ignoredKeys: Set<String> = []
  /// The tokens that end a reply: the template's end of turn and whatever the model's files name.
  package let stopTokenIDs: Set<Int32>
  /// Told what the model's encoders render and tokenise; for counting it.
  package var encodingObserver: ConversationEncoder.Observer?
  let transformer: Transformer
  let files: ModelFiles

  init(
    transformer: Transformer, tokenizer: Tokenizer, chatTemplate: ChatTemplate, precision: Precision, identity: String,
    files: ModelFiles, stopTokenIDs: Set<Int32> = []
  ) {
    configuration = transformer.configuration
    self.transformer = transformer
    self.tokenizer = tokenizer
    self.chatTemplate = chatTemplate
    self.precision = precision
    self.identity = identity
    self.files = files
    self.stopTokenIDs = stopTokenIDs.union([chatTemplate.endOfTurnID, tokenizer.eosID].compactMap { $0 })
  }

  /// Reads a `.gguf` file or a Hugging Face folder. The weights are mapped, not copied.
  ///
  /// A folder has `config.json`, weights in safetensors, and the files of a tokenizer; see `ModelFolder` for what of it
  /// is opened.
  /// - Parameters:
  ///   - location: The file or folder.
  ///   - precision: What products with the weights are computed in.
  ///   - panels: What becomes of the panels that these products read. Where `nil`, kept if those for both directions
  ///     take at most a quarter of the machine's memory, else streamed. Results are the same, bit for bit.
  ///   - ignoredKeys: Keys of `config.json` that would be refused because nobody here knows what they change. What the model
  ///     computes may be wrong then; ``identity`` says that they were ignored.
  /// - Throws: `FormatError` for a file that is missing, damaged or of an architecture, quantisation or feature that
  ///   is not supported; `TokenizerError` for a tokenizer that is not known; `ChatTemplateError` for a chat template that is
  ///   malformed or uses what is not implemented.
  public init(
    contentsOf location: URL, precision: Precision = .automatic, panels: WeightPanels? = nil,
    ignoring ignoredKeys: Set<String> = []
  ) async throws {
    self = try await onComputeThread {
      if ModelFolder.isFolder(location) {
        return try HuggingFaceModel(contentsOf: location, ignoring: ignoredKeys)
          .languageModel(precision: precision, panels: panels)
      }
      guard ignoredKeys.isEmpty else {
        throw FormatError(
          .badValue, file: location.path,
          expected: "a Hugging Face folder, whose config.json has keys that can be ignored",
          found: "a file")
      }
      return try GGUFModel(contentsOf: location).languageModel(precision: precision, panels: panels)
    }
  }

  /// This model, saying that keys of its configuration were ignored.
  func ignoring(_ keys: Set<String>) -> LanguageModel {
    var model = self
    model.ignoredKeys = keys
    return model
  }

  /// This model with an adapter instead of the one it has. Traps where the adapter's shapes are not this model's.
  /// - Complexity: With DoRA the norms of the adapted weights are computed, O(rank) operations a weight.
  public func adapted(by adapter: LoRAAdapter?) -> LanguageModel {
    require(adapter?.fits(configuration) ?? true, "the adapter is for another model")
    var model = self
    model.adapter = adapter?.prepared(for: transformer)
    return model
  }

  /// Turns conversations and answers into tokens.
  /// - Parameters:
  ///   - maximumLength: Most tokens of prompt and answer; the context length where `nil`, and never more.
  ///   - maximumCompletionLength: Most tokens of an answer, which loses its end where it has more.
  public func encoder(maximumLength: Int? = nil, maximumCompletionLength: Int? = nil) -> ConversationEncoder {
    ConversationEncoder(
      tokenizer: tokenizer, template: chatTemplate,
      maximumLength: min(maximumLength ?? configuration.contextLength, configuration.contextLength),
      maximumCompletionLength: maximumCompletionLength,
      isContextLength: maximumLength ?? .max >= configuration.contextLength, observer: encodingObserver)
  }

  /// Log-probabilities of completions given their prompts, summed over each completion's tokens in Double.
  ///
  /// - Parameters:
  ///   - groups: Prompts with their completions.
  ///   - tokensPerBatch: About how many tokens are computed together; it bounds memory and does not change results.
  /// - Returns: By group and completion, in nats. Under the adapter if the model has one.
  /// - Complexity: One pass over ``CompletionGroup/tokenCount`` tokens of each group, the prompt once.
  public func logProbabilities(of groups: [CompletionGroup], tokensPerBatch: Int = 1024) async throws -> [[Double]] {
    try await onComputeThread {
      var scores: [[Double]] = []
      var next = groups[...]
      while !next.isEmpty {
        var tokens = 0
        let batch = next.prefix { group in
          tokens += group.tokenCount
          return tokens <= tokensPerBatch || tokens == group.tokenCount
        }
        next = next.dropFirst(batch.count)
        scores +=
          CompletionScores(Array(batch), transformer: transformer, adaptation: adaptation, precision: precision).sums
      }
      return scores
    }
  }

  /// What becomes of the panels that products with the weights read.
  package var panels: WeightPanels { transformer.head.panels }

  /// Every base weight with what it is for; the head is left out where the embedding serves as it.
  package var weights: [ModelWeight] { transformer.weights }

  var adaptation: Transformer.Adaptation? { adapter.map { Transformer.Adaptation(adapter: $0) } }
}
