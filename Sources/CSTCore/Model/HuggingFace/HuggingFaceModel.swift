import Foundation

/// A language model read from a Hugging Face folder: `config.json` to configuration, safetensors to weights.
///
/// Everything in the folder that decides numbers is either used or refused by name.
struct HuggingFaceModel {
  private let folder: ModelFolder
  private let settings: HuggingFaceConfiguration
  private let generation: JSONObject?
  private let configuration: ModelConfiguration
  private let isHeadTied: Bool
  private let stopTokenIDs: Set<Int32>
  private let shards: SafetensorsShards
  private let ignoredKeys: Set<String>

  /// - Parameter ignoredKeys: Keys of `config.json` that are not to be refused.
  init(contentsOf location: URL, ignoring ignoredKeys: Set<String> = []) throws {
    self.ignoredKeys = ignoredKeys
    folder = try ModelFolder(location)
    let gguf = folder.names.first { $0.hasSuffix(".gguf") }
    settings = try HuggingFaceConfiguration(
      contentsOf: folder.file(
        "config.json", advice: gguf.map { "to use the GGUF file in it, name \($0) itself" } ?? ""),
      ignoring: ignoredKeys)
    configuration = try settings.configuration(name: folder.location.lastPathComponent)
    isHeadTied = try settings.isHeadTied
    generation = try folder.fileIfPresent("generation_config.json").map(JSONObject.init(contentsOf:))
    stopTokenIDs = try Self.stopTokenIDs(generation ?? settings.object, below: configuration.vocabularyCount)
    shards = try SafetensorsShards(of: folder)
  }

  /// The model. Weights stay in the mapped files.
  /// - Parameter panels: What becomes of the weights' panels; by size where `nil`.
  func languageModel(precision: Precision, panels: WeightPanels?) throws -> LanguageModel {
    let files = try HuggingFaceFiles(folder, configuration: settings.object, generation: generation)
    let definition = files.tokenizer
    guard definition.tokens.count <= configuration.vocabularyCount else {
      throw FormatError(
        .badLayout, file: folder.location.path, at: .tensor(WeightRole.embedding.huggingFaceName),
        expected: "at least \(definition.tokens.count) rows, one for each token",
        found: "\(configuration.vocabularyCount)", advice: "the embedding and the tokenizer disagree")
    }
    // The embedding has as many rows as the configuration says, before tokens are made for them.
    let transformer = try transformer(panels: panels ?? configuration.weightPanels(precision))
    let tokenizer = try Tokenizer(definition.padded(to: configuration.vocabularyCount))
    return LanguageModel(
      transformer: transformer, tokenizer: tokenizer,
      chatTemplate: try ChatTemplate(definition.chatTemplate, for: tokenizer), precision: precision, identity: identity,
      files: .folder(files), stopTokenIDs: stopTokenIDs
    ).ignoring(ignoredKeys)
  }

  /// The folder's name, and the names and sizes of the files with weights.
  private var identity: String {
    let files = shards.files.map { "\(URL(filePath: $0.mapping.path).lastPathComponent) \($0.mapping.size) bytes" }
    let ignored = ignoredKeys.isEmpty ? [] : ["ignoring " + ignoredKeys.sorted().joined(separator: ", ")]
    return ([folder.location.lastPathComponent] + files + ignored).joined(separator: ", ")
  }

  /// What ends a reply: `eos_token_id` of `generation_config.json`, or of `config.json` where that file is missing.
  private static func stopTokenIDs(_ object: JSONObject, below limit: Int) throws -> Set<Int32> {
    let ids = try object.integersIfPresent("eos_token_id") ?? []
    guard ids.allSatisfy((0..<limit).contains) else {
      throw object.error("eos_token_id", expected: "tokens below \(limit)", found: "\(ids)")
    }
    return Set(ids.map(Int32.init))
  }

  // MARK: Weights

  func transformer(panels: WeightPanels = .kept) throws -> Transformer {
    var unused = Set(shards.tensorNames).filter { !Self.isComputedAnyway($0) }
    let transformer = try Transformer(configuration, hasHead: !isHeadTied) { role, shape in
      unused.remove(role.huggingFaceName)
      return try content(of: role, shape: shape, panels: panels)
    }
    if isHeadTied, unused.remove(WeightRole.head.huggingFaceName) != nil { try checkHeadIsEmbedding() }
    if let name = unused.min(), let (file, _) = shards.tensorIfPresent(named: name) {
      throw FormatError(
        .badValue, file: file.mapping.path, at: .tensor(name),
        expected: "the tensors of a \(configuration.architecture.name) model", found: "a tensor that is not supported")
    }
    return transformer
  }

  /// Frequencies of the rotary embeddings, which old checkpoints hold and transformers does not read.
  private static func isComputedAnyway(_ name: String) -> Bool { name.hasSuffix(".rotary_emb.inv_freq") }

  private func content(of role: WeightRole, shape: [Int], panels: WeightPanels) throws -> ModelWeight.Content {
    let name = role.huggingFaceName
    guard let (file, tensor) = shards.tensorIfPresent(named: name) else {
      throw FormatError(
        .missing, file: folder.location.path, at: .tensor(name), expected: "a tensor of this name",
        found: "\(shards.tensorNames.count) others")
    }
    guard tensor.shape == shape else {
      throw FormatError(
        .badLayout, file: file.mapping.path, at: .tensor(name),
        expected: "shape \(Shape(shape)), as config.json has it", found: "shape \(Shape(tensor.shape))")
    }
    guard let format = tensor.elementType.format else {
      throw FormatError(
        .unsupportedType, file: file.mapping.path, at: .tensor(name), expected: "F32, F16 or BF16",
        found: tensor.elementType.rawValue)
    }
    guard shape.count == 2 else { return .vector(Tensor(try file.floats(named: name), shape: Shape(shape))) }
    return .matrix(
      WeightMatrix(
        rows: shape[0], columns: shape[1], format: format, bytes: file.bytes(of: tensor), owner: file.mapping,
        panels: panels))
  }

  /// A head that is stored although the configuration says that the embedding serves as it must be the embedding.
  private func checkHeadIsEmbedding() throws {
    let (head, embedding) = (WeightRole.head.huggingFaceName, WeightRole.embedding.huggingFaceName)
    guard let (headFile, headTensor) = shards.tensorIfPresent(named: head),
      let (file, tensor) = shards.tensorIfPresent(named: embedding)
    else { return }
    guard headTensor.shape == tensor.shape, headTensor.elementType == tensor.elementType,
      headFile.bytes(of: headTensor).elementsEqual(file.bytes(of: tensor))
    else {
      throw FormatError(
        .badValue, file: headFile.mapping.path, at: .tensor(head),
        expected: "the embedding's numbers, because config.json says tie_word_embeddings", found: "others")
    }
  }
}

extension TokenizerDefinition {
  /// This definition with as many tokens as an embedding has rows: rows are often padded to a round number.
  func padded(to count: Int) -> TokenizerDefinition {
    var definition = self
    for id in tokens.count..<max(count, tokens.count) {
      definition.tokens.append("[PAD\(id)]")
      definition.tokenTypes.append(.unused)
      if !scores.isEmpty { definition.scores.append(0) }
    }
    return definition
  }
}
