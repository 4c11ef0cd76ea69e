import Foundation

extension LoRAAdapter {
  private static let configurationName = "adapter_config.json"
  private static let weightsName = "adapter_model.safetensors"

  /// Reads an adapter folder as PEFT writes it, `adapter_config.json` and `adapter_model.safetensors`, or a `.gguf` file
  /// with an adapter as llama.cpp reads it.
  ///
  /// - Parameters:
  ///   - location: The folder or file.
  ///   - model: The model it is to adapt; every tensor's shape is checked against it.
  /// - Throws: `FormatError` naming file, key or tensor: files missing or damaged, features that are not supported,
  ///   tensors missing, unknown or of the wrong shape, values that are not finite.
  public init(contentsOf location: URL, for model: ModelConfiguration) throws {
    try AdapterPlace(location).refuseOthers()
    if location.pathExtension == "gguf" {
      try self.init(contentsOfGGUF: location, for: model)
    } else {
      try self.init(contentsOfFolder: location, for: model)
    }
  }

  private init(contentsOfFolder folder: URL, for model: ModelConfiguration) throws {
    let configurationFile = folder.appending(path: Self.configurationName)
    let configuration = try PEFTConfiguration(contentsOf: configurationFile)
      .loraConfiguration(for: model, file: configurationFile)
    let file = try SafetensorsFile(contentsOf: folder.appending(path: Self.weightsName))
    try self.init(from: file, prefix: "", configuration, for: model)
    let known = Set(Self.parameterNames(configuration, layerCount: layerCount))
    if let unknown = file.tensors.map(\.name).sorted().first(where: { !known.contains($0) }) {
      throw FormatError(
        .badValue, file: file.mapping.path, at: .tensor(unknown),
        expected: "only factors of the \(configuration.targets.count) target modules of \(layerCount) layers",
        found: "another tensor")
    }
  }

  init(
    from file: SafetensorsFile, prefix: String, _ configuration: LoRAConfiguration, for model: ModelConfiguration
  ) throws {
    var tensors: [Tensor] = []
    let names = Self.parameterNames(configuration, layerCount: model.layerCount)
    let shapes = (0..<model.layerCount).flatMap { _ in
      configuration.targets.flatMap { target -> [Shape] in
        let (a, b) = configuration.shapes(of: target, in: model)
        return [a, b]
      }
    }
    for (name, shape) in zip(names, shapes) { tensors.append(try file.tensor(named: prefix + name, shape: shape)) }
    self.init(
      configuration: configuration, layerCount: model.layerCount,
      factors: stride(from: 0, to: tensors.count, by: 2).map { LoRAFactors(a: tensors[$0], b: tensors[$0 + 1]) })
  }

  /// Writes an adapter folder that PEFT loads unchanged. Each file is replaced as a whole or not at all, the weights
  /// first.
  ///
  /// - Parameters:
  ///   - folder: Made if it is not there.
  ///   - baseModelName: What `base_model_name_or_path` says.
  /// - Throws: `FormatError` where something cannot be written.
  public func write(to folder: URL, baseModelName: String) throws {
    try AtomicFile.makeFolder(folder)
    try SafetensorsFile.write(
      tensors: namedParameters.map { TensorData($0.name, $0.tensor) }, metadata: ["format": "pt"],
      to: folder.appending(path: Self.weightsName))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let json = try encoder.encode(PEFTConfiguration(configuration, baseModelName: baseModelName))
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
