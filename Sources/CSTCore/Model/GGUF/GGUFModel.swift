import Foundation

/// A language model read from a GGUF file: metadata to configuration, tensors to weights.
///
/// Everything in the file that decides numbers is either used or refused by name: a key or tensor that this reader does
/// not know could change what the model computes.
struct GGUFModel {
  private let file: GGUFFile
  private let configuration: ModelConfiguration

  init(contentsOf location: URL) throws {
    file = try GGUFFile(contentsOf: location)
    configuration = try GGUFConfiguration(file).configuration
  }

  /// The model. Weights stay in the mapped file.
  /// - Parameter panels: What becomes of the weights' panels; by size where `nil`.
  func languageModel(precision: Precision, panels: WeightPanels?) throws -> LanguageModel {
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
      transformer: try transformer(panels: panels ?? configuration.weightPanels(precision)), tokenizer: tokenizer,
      chatTemplate: template, precision: precision,
      identity: "\(name), \(file.parts.reduce(0) { $0 + $1.size }) bytes", files: .gguf(file),
      stopTokenIDs: try stopTokenIDs())
  }

  /// Tokens that end a turn or a message, besides the one that ends a text.
  private func stopTokenIDs() throws -> Set<Int32> {
    var ids: Set<Int32> = []
    for key in ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
      guard let id = try file.metadata.integerIfPresent(key) else { continue }
      guard (0..<configuration.vocabularyCount).contains(id) else {
        throw FormatError(
          .badValue, file: file.mapping.path, at: .key(key),
          expected: "a token below \(configuration.vocabularyCount)", found: "\(id)")
      }
      ids.insert(Int32(id))
    }
    return ids
  }

  // MARK: Weights

  func transformer(panels: WeightPanels = .kept) throws -> Transformer {
    var unused = Set(file.tensors.map(\.name)).subtracting(GGUFRotaryTensor.allCases.map(\.rawValue))
    let transformer = try Transformer(
      configuration, hasHead: unused.contains(WeightRole.head.ggufName)
    ) { role, shape in
      unused.remove(role.ggufName)
      return try content(of: role, shape: shape, panels: panels)
    }
    if let name = unused.sorted().first {
      throw FormatError(
        .badValue, file: file.mapping.path, at: .tensor(name),
        expected: "the tensors of a \(configuration.architecture.name) model", found: "a tensor that is not supported")
    }
    return transformer
  }

  private func content(of role: WeightRole, shape: [Int], panels: WeightPanels) throws -> ModelWeight.Content {
    let name = role.ggufName
    let tensor = try file.tensor(named: name)
    guard tensor.shape == shape else {
      throw FormatError(
        .badLayout, file: file.mapping.path, at: .tensor(name), expected: "shape \(Shape(shape))",
        found: "shape \(Shape(tensor.shape))")
    }
    guard shape.count == 2 else { return .vector(try vector(role, length: shape[0])) }
    guard shape[1].isMultiple(of: tensor.format.blockLength) else {
      throw FormatError(
        .badLayout, file: file.mapping.path, at: .tensor(name),
        expected: "rows of whole blocks of \(tensor.format.blockLength)", found: "\(shape[1]) columns")
    }
    return .matrix(
      WeightMatrix(
        rows: shape[0], columns: shape[1], format: tensor.format, bytes: file.bytes(of: tensor),
        owner: file.mapping(of: tensor),
        rowOrder: .inGGUF(of: role, configuration), panels: panels))
  }

  /// A norm or a bias; a bias of permuted rows is permuted as they are.
  private func vector(_ role: WeightRole, length: Int) throws -> Tensor {
    let values = try file.floats(named: role.ggufName)
    let order = WeightMatrix.RowOrder.inGGUF(of: role, configuration)
    return Tensor((0..<length).map { values[order.stored($0)] }, shape: [length])
  }
}
