import Foundation

extension LoRAAdapter {
  private static let configurationName = "adapter_config.json"
  private static let weightsName = "adapter_model.safetensors"

  /// Reads an adapter folder as PEFT writes it, `adapter_config.json` and `adapter_model.safetensors`, or a `.gguf` file
  /// with an adapter as llama.cpp reads it.
  ///
  /// An adapter that began as a part of the weights (PiSSA, OLoRA) and was not converted needs them to be read: name the
  /// ``LanguageModel`` instead.
  ///
  /// - Parameters:
  ///   - location: The folder or file.
  ///   - model: The model it is to adapt; every tensor's shape is checked against it.
  /// - Throws: `FormatError` naming file, key or tensor: files missing or damaged, features that are not supported,
  ///   tensors missing, unknown or of the wrong shape, values that are not finite.
  public init(contentsOf location: URL, for model: ModelConfiguration) throws {
    try self.init(contentsOf: location, for: model, weights: nil)
  }

  /// The same for a model with its weights, whatever the adapter began with: one that began as a part of the weights is
  /// read as plain LoRA of twice the rank.
  ///
  /// - Throws: What `init(contentsOf:for:)` of a configuration throws, ``LinearAlgebraError``.
  public init(contentsOf location: URL, for model: LanguageModel) throws {
    try self.init(contentsOf: location, for: model.configuration, weights: model.transformer)
  }

  private init(contentsOf location: URL, for model: ModelConfiguration, weights: Transformer?) throws {
    try AdapterPlace(location).refuseOthers()
    guard location.pathExtension != "gguf" else {
      try self.init(contentsOfGGUF: location, for: model)
      return
    }
    let configurationFile = location.appending(path: Self.configurationName)
    let configuration = try PEFTFile(contentsOf: configurationFile).loraConfiguration(for: model)
    let file = try SafetensorsFile(contentsOf: location.appending(path: Self.weightsName))
    try self.init(from: file, prefix: "", configuration, for: model)
    let known = Set(namedParameters.map(\.name))
    if let unknown = file.tensors.map(\.name).sorted().first(where: { !known.contains($0) }) {
      throw FormatError(
        .badValue, file: file.mapping.path, at: .tensor(unknown),
        expected: "only factors of the \(modules.count) modules that \(Self.configurationName) names",
        found: "another tensor")
    }
    guard configuration.initialization.changesBase else { return }
    guard let weights else {
      throw FormatError(
        .badValue, file: configurationFile.path, at: .key("init_lora_weights"),
        expected: "factors for the unchanged weights", found: configuration.initialization.name,
        advice: "read the adapter for a LanguageModel, or have PEFT convert it: "
          + "save_pretrained(…, path_initial_model_for_weight_conversion=…)")
    }
    self = try withInitialFactors(of: weights).converted
  }

  init(
    from file: SafetensorsFile, prefix: String, _ configuration: LoRAConfiguration, for model: ModelConfiguration,
    initialPrefix: String? = nil
  ) throws {
    var factors: [LoRAFactors] = []
    for module in Self.modules(of: configuration, layerCount: model.layerCount) {
      let names = module.parameterNames(withMagnitude: true)
      let shapes = module.shapes(in: model)
      func pair(_ prefix: String) throws -> FrozenFactors {
        FrozenFactors(
          a: try file.tensor(named: prefix + names[0], shape: shapes.a),
          b: try file.tensor(named: prefix + names[1], shape: shapes.b))
      }
      let read = try pair(prefix)
      factors.append(
        LoRAFactors(
          a: read.a, b: read.b,
          magnitude: configuration.usesDoRA
            ? try file.tensor(named: prefix + names[2], shape: [shapes.b[0]]) : nil,
          initial: try initialPrefix.map(pair)))
    }
    self.init(configuration: configuration, layerCount: model.layerCount, factors: factors)
  }

  /// Writes an adapter folder that PEFT loads unchanged. Each file is replaced as a whole or not at all, the weights
  /// first. An adapter that began as a part of the weights is written as PEFT converts it, of twice the rank.
  ///
  /// - Parameters:
  ///   - folder: Made if it is not there.
  ///   - baseModelName: What `base_model_name_or_path` says.
  /// - Throws: `FormatError` where something cannot be written.
  public func write(to folder: URL, baseModelName: String) throws {
    let adapter = converted
    try AtomicFile.makeFolder(folder)
    try SafetensorsFile.write(
      tensors: adapter.namedParameters.map { TensorData($0.name, $0.tensor) }, metadata: ["format": "pt"],
      to: folder.appending(path: Self.weightsName))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let json = try encoder.encode(PEFTConfiguration(adapter.configuration, baseModelName: baseModelName))
    try AtomicFile.write(json, to: folder.appending(path: Self.configurationName))
  }
}

extension TensorFile {
  /// A tensor that must be there with this shape and finite values.
  func tensor(
    named name: String, shape: Shape, advice: String = "the adapter is for another model or rank"
  ) throws -> CSTCore.Tensor {
    let found = Shape(try tensor(named: name).shape)
    guard found == shape else {
      throw FormatError(
        .badValue, file: mapping.path, at: .tensor(name), expected: "shape \(shape)", found: "shape \(found)",
        advice: advice)
    }
    let values = try floats(named: name)
    guard values.allSatisfy(\.isFinite) else {
      throw FormatError(
        .badValue, file: mapping.path, at: .tensor(name), expected: "finite values", found: "NaN or infinity")
    }
    return CSTCore.Tensor(values, shape: shape)
  }
}

extension TensorData {
  init(_ name: String, _ tensor: Tensor) { self.init(name: name, shape: tensor.shape.lengths, floats: tensor.scalars) }
}
