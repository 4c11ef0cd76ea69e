import Foundation

/// A language model read from a GGUF file: metadata to configuration, tensors to weights.
///
/// Everything in the file that decides numbers is either used or refused by name: a key or tensor that this reader does
/// not know could change what the model computes.
struct GGUFModel {
  private let file: GGUFFile
  private let configuration: ModelConfiguration

  /// Reads the file's metadata.
  /// - Throws: ``FormatError``.
  init(contentsOf location: URL) throws {
    file = try GGUFFile(contentsOf: location)
    configuration = try Self.configuration(of: file)
  }

  /// The model. Weights stay in the mapped file.
  /// - Throws: ``FormatError``, ``TokenizerError``.
  func languageModel(precision: Precision) throws -> LanguageModel {
    let definition = try TokenizerDefinition(file.metadata)
    let tokenizer = try Tokenizer(definition)
    let template = try ChatTemplate(definition.chatTemplate, for: tokenizer)
    guard tokenizer.vocabularyCount == configuration.vocabularyCount else {
      throw FormatError(
        .badLayout, file: file.mapping.path, at: .tensor("token_embd.weight"),
        expected: "\(tokenizer.vocabularyCount) rows",
        found: "\(configuration.vocabularyCount)", advice: "the embedding and the tokenizer disagree")
    }
    let name = URL(filePath: file.mapping.path).lastPathComponent
    return LanguageModel(
      transformer: try transformer(), tokenizer: tokenizer, chatTemplate: template, precision: precision,
      identity: "\(name), \(file.mapping.size) bytes", source: .gguf(URL(filePath: file.mapping.path)))
  }

  // MARK: Configuration

  private static func configuration(of file: GGUFFile) throws -> ModelConfiguration {
    let named = try file.metadata.string("general.architecture")
    guard named == "llama", let architecture = ModelArchitecture(rawValue: named) else {
      throw FormatError(
        .badValue, file: file.mapping.path, at: .key("general.architecture"), expected: "llama", found: named,
        advice: "models of this architecture cannot be read yet")
    }
    func count(_ key: String, in range: ClosedRange<Int>, default: Int? = nil) throws -> Int {
      let value =
        try file.metadata.integerIfPresent("llama." + key) ?? `default` ?? file.metadata.integer("llama." + key)
      guard range.contains(value) else {
        throw FormatError(
          .badValue, file: file.mapping.path, at: .key("llama." + key),
          expected: "\(range.lowerBound) to \(range.upperBound)",
          found: "\(value)")
      }
      return value
    }
    try refuseUnknownFeatures(of: file)
    let width = try count("embedding_length", in: 1...1 << 20)
    let queryHeads = try count("attention.head_count", in: 1...1 << 14)
    let keyValueHeads = try count("attention.head_count_kv", in: 1...queryHeads, default: queryHeads)
    let headWidth = try count("attention.key_length", in: 2...1 << 12, default: width / queryHeads)
    guard queryHeads % keyValueHeads == 0, headWidth % 2 == 0, headWidth > 0 else {
      throw FormatError(
        .badValue, file: file.mapping.path, at: .key("llama.attention.head_count"),
        expected: "heads of even width in equal groups",
        found: "\(queryHeads) query heads, \(keyValueHeads) key-value heads, width \(headWidth)")
    }
    for key in ["llama.rope.dimension_count", "llama.attention.value_length"] {
      let found = try file.metadata.integerIfPresent(key) ?? headWidth
      guard found == headWidth else {
        throw FormatError(
          .badValue, file: file.mapping.path, at: .key(key), expected: "\(headWidth), the width of a head",
          found: "\(found)")
      }
    }
    let epsilon = try file.metadata.float("llama.attention.layer_norm_rms_epsilon")
    let base = try file.metadata.floatIfPresent("llama.rope.freq_base") ?? 10_000
    guard epsilon >= 0, epsilon < 1, base > 1, base.isFinite else {
      throw FormatError(
        .badValue, file: file.mapping.path, at: .key("llama.rope.freq_base"),
        expected: "a base above 1, an epsilon in 0..<1",
        found: "base \(base), epsilon \(epsilon)")
    }
    let embedding = try file.tensor(named: "token_embd.weight")
    return ModelConfiguration(
      architecture: architecture, name: try file.metadata.stringIfPresent("general.name"),
      layerCount: try count("block_count", in: 1...4096), width: width,
      feedForwardWidth: try count("feed_forward_length", in: 1...1 << 22),
      heads: AttentionHeads(queryHeads: queryHeads, keyValueHeads: keyValueHeads, headWidth: headWidth),
      normEpsilon: epsilon, rotaryBase: Double(base), contextLength: try count("context_length", in: 1...1 << 22),
      vocabularyCount: embedding.shape.first ?? 0)
  }

  /// Keys of the architecture that this reader understands; any other is refused.
  private static let knownKeys: Set<String> = [
    "block_count", "context_length", "embedding_length", "feed_forward_length", "vocab_size",
    "attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length",
    "attention.layer_norm_rms_epsilon", "rope.dimension_count", "rope.freq_base",
  ]

  private static func refuseUnknownFeatures(of file: GGUFFile) throws {
    for key in file.metadata.keys where key.hasPrefix("llama.") {
      guard knownKeys.contains(String(key.dropFirst("llama.".count))) else {
        throw FormatError(
          .badValue, file: file.mapping.path, at: .key(key), expected: "a Llama model without further features",
          found: "a feature that is not supported")
      }
    }
  }

  // MARK: Weights

  private func transformer() throws -> Transformer {
    var unused = Set(file.tensors.map(\.name))
    let transformer = try Transformer(
      configuration, hasHead: unused.contains(WeightRole.head.ggufName)
    ) { role, shape in
      unused.remove(role.ggufName)
      return try content(of: role, shape: shape)
    }
    if let name = unused.sorted().first {
      throw FormatError(
        .badValue, file: file.mapping.path, at: .tensor(name), expected: "the tensors of a Llama model",
        found: "a tensor that is not supported")
    }
    return transformer
  }

  private func content(of role: WeightRole, shape: [Int]) throws -> ModelWeight.Content {
    let name = role.ggufName
    let tensor = try file.tensor(named: name)
    guard tensor.shape == shape else {
      throw FormatError(
        .badLayout, file: file.mapping.path, at: .tensor(name), expected: "shape \(Shape(shape))",
        found: "shape \(Shape(tensor.shape))")
    }
    guard shape.count == 2 else { return .vector(Tensor(try file.floats(named: name), shape: Shape(shape))) }
    guard shape[1].isMultiple(of: tensor.format.blockLength) else {
      throw FormatError(
        .badLayout, file: file.mapping.path, at: .tensor(name),
        expected: "rows of whole blocks of \(tensor.format.blockLength)",
        found: "\(shape[1]) columns")
    }
    return .matrix(
      WeightMatrix(
        rows: shape[0], columns: shape[1], format: tensor.format, bytes: file.bytes(of: tensor), owner: file.mapping,
        rowOrder: rowOrder(of: role)))
  }

  private func rowOrder(of role: WeightRole) -> WeightMatrix.RowOrder {
    switch role {
    case .matrix(_, .query), .matrix(_, .key): .interleavedHalves(headWidth: configuration.heads.headWidth)
    default: .asStored
    }
  }
}
