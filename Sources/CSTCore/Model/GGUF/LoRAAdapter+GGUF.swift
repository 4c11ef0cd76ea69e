import Foundation

extension LoRAAdapter {
  /// Writes the adapter as llama.cpp loads it beside its base model: `llama-server --lora FILE`.
  ///
  /// Rows of B for queries and keys of Llama models are permuted as those of their base weights are. Factors are stored
  /// as F32 or F16.
  func writeGGUF(to url: URL, for model: LanguageModel, as format: WeightFormat) throws {
    var metadata: GGUFMetadata = [
      "general.architecture": .string(model.configuration.architecture.ggufName),
      "general.type": .string("adapter"),
      "adapter.type": .string("lora"),
      "adapter.lora.alpha": .float32(Float(configuration.alpha)),
    ]
    metadata["general.name"] = .string("\(model.configuration.name ?? model.source.location.lastPathComponent) LoRA")
    var tensors: [TensorData] = []
    for layer in 0..<layerCount {
      for target in configuration.targets {
        guard let factors = factors(layer: layer, target), let encoder = WeightEncoder(format) else { continue }
        let role = WeightRole.matrix(layer: layer, target)
        let order = WeightMatrix.RowOrder.inGGUF(of: role, model.configuration)
        let rows = (0..<factors.b.shape[0]).map { order.row(storedAt: $0) }
        for (suffix, factor) in [("lora_a", factors.a), ("lora_b", factors.b.rows(at: rows))] {
          let name = "\(role.ggufName).\(suffix)"
          guard let bytes = encoder.encode(factor.scalars) else {
            throw FormatError(
              .badValue, file: url.path, at: .tensor(name), expected: "numbers within the range of \(format)",
              found: "others")
          }
          tensors.append(TensorData(name: name, shape: factor.shape.lengths, format: format, bytes: Data(bytes)))
        }
      }
    }
    try GGUFFile.write(tensors: tensors, metadata: metadata, to: url)
  }

  init(contentsOfGGUF url: URL, for model: ModelConfiguration) throws {
    let file = try GGUFFile(contentsOf: url)
    func refuse(_ key: String, expected: String, found: String) -> FormatError {
      FormatError(.badValue, file: url.path, at: .key(key), expected: expected, found: found)
    }
    for (key, expected) in [
      ("general.type", "adapter"), ("adapter.type", "lora"), ("general.architecture", model.architecture.ggufName),
    ] {
      let found = try file.metadata.string(key)
      guard found == expected else { throw refuse(key, expected: expected, found: found) }
    }
    let alpha = try file.metadata.float("adapter.lora.alpha")
    guard alpha.isFinite else { throw refuse("adapter.lora.alpha", expected: "a finite number", found: "\(alpha)") }
    let targets = model.projections.filter { target in
      file.tensorIfPresent(named: Self.name(of: target, layer: 0, "lora_a")) != nil
    }
    guard let first = targets.first else {
      throw FormatError(
        .missing, file: url.path, at: .tensor(Self.name(of: model.projections[0], layer: 0, "lora_a")),
        expected: "factors for matrices of layer 0", found: "\(file.tensors.count) other tensors")
    }
    let rank = try file.tensor(named: Self.name(of: first, layer: 0, "lora_a")).rows
    let configuration = LoRAConfiguration(rank: rank, alpha: Double(alpha), targets: Set(targets))
    var unused = Set(file.tensors.map(\.name))
    func factor(_ name: String, _ shape: Shape) throws -> Tensor {
      unused.remove(name)
      return try file.tensor(
        named: name, shape: shape, advice: "the adapter is for another model, or its rank is not the same everywhere")
    }
    var factors: [LoRAFactors] = []
    for layer in 0..<model.layerCount {
      for target in configuration.targets {
        let shapes = configuration.shapes(of: target, in: model)
        let a = try factor(Self.name(of: target, layer: layer, "lora_a"), shapes.a)
        let b = try factor(Self.name(of: target, layer: layer, "lora_b"), shapes.b)
        let order = WeightMatrix.RowOrder.inGGUF(of: .matrix(layer: layer, target), model)
        factors.append(LoRAFactors(a: a, b: b.rows(at: (0..<shapes.b[0]).map { order.stored($0) })))
      }
    }
    if let name = unused.min() {
      throw FormatError(
        .badValue, file: url.path, at: .tensor(name), expected: "the same target matrices in every layer",
        found: "a tensor that is not one of theirs")
    }
    self.init(configuration: configuration, layerCount: model.layerCount, factors: factors)
  }

  private static func name(of target: Projection, layer: Int, _ suffix: String) -> String {
    "\(WeightRole.matrix(layer: layer, target).ggufName).\(suffix)"
  }
}
