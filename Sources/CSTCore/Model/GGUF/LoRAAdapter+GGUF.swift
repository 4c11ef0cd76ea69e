import Foundation

extension LoRAAdapter {
  /// Writes the adapter as llama.cpp loads it beside its base model: `llama-server --lora FILE`.
  ///
  /// Rows of B for queries and keys of Llama models are permuted as those of their base weights are. Factors are stored
  /// as F32 or F16. The file has one α, which every product is scaled by and divided by its rank; a module's own scale is
  /// multiplied into its B.
  /// - Throws: `FormatError`, ``ExportError`` for DoRA.
  func writeGGUF(to url: URL, for model: LanguageModel, as format: WeightFormat) throws {
    guard !configuration.usesDoRA else {
      throw ExportError(.adapter("a GGUF adapter has no place for DoRA's magnitudes; merge it into the model"))
    }
    let adapter = converted
    let alpha = adapter.configuration.scale * Double(adapter.configuration.rank)
    var metadata: GGUFMetadata = [
      "general.architecture": .string(model.configuration.architecture.ggufName),
      "general.type": .string("adapter"),
      "adapter.type": .string("lora"),
      "adapter.lora.alpha": .float32(Float(adapter.configuration.usesRSLoRA ? alpha : adapter.configuration.alpha)),
    ]
    metadata["general.name"] = .string("\(model.configuration.name ?? model.source.location.lastPathComponent) LoRA")
    var tensors: [TensorData] = []
    for (module, factors) in zip(adapter.modules, adapter.factors) {
      guard let encoder = WeightEncoder(format) else { continue }
      let role = WeightRole.matrix(layer: module.layer, module.projection)
      let order = WeightMatrix.RowOrder.inGGUF(of: role, model.configuration)
      let rows = (0..<factors.b.shape[0]).map { order.row(storedAt: $0) }
      let own = module.scale / (alpha / Double(module.rank))
      // Whatever is within a rounding of 1 is 1: the same scale, computed in another order.
      let b = abs(own - 1) < 1e-12 ? factors.b : factors.b * Float(own)
      for (suffix, factor) in [("lora_a", factors.a), ("lora_b", b.rows(at: rows))] {
        let name = "\(role.ggufName).\(suffix)"
        guard let bytes = encoder.encode(factor.scalars) else {
          throw FormatError(
            .badValue, file: url.path, at: .tensor(name), expected: "numbers within the range of \(format)",
            found: "others")
        }
        tensors.append(TensorData(name: name, shape: factor.shape.lengths, format: format, bytes: Data(bytes)))
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
    var unused = Set(file.tensors.map(\.name))
    func factor(_ name: String, _ shape: Shape) throws -> Tensor {
      unused.remove(name)
      return try file.tensor(named: name, shape: shape, advice: "the adapter is for another model")
    }
    var (modules, factors): ([LoRAModule], [LoRAFactors]) = ([], [])
    for layer in 0..<model.layerCount {
      for target in model.projections {
        let name = Self.name(of: target, layer: layer, "lora_a")
        guard let rank = file.tensorIfPresent(named: name)?.rows, rank >= 1 else { continue }
        // llama.cpp takes α 0 as "not scaled".
        let own = alpha == 0 ? Double(rank) : Double(alpha)
        let module = LoRAModule(
          layer: layer, projection: target, rank: rank, alpha: own, scale: own / Double(rank))
        let shapes = module.shapes(in: model)
        let a = try factor(name, shapes.a)
        let b = try factor(Self.name(of: target, layer: layer, "lora_b"), shapes.b)
        let order = WeightMatrix.RowOrder.inGGUF(of: .matrix(layer: layer, target), model)
        modules.append(module)
        factors.append(LoRAFactors(a: a, b: b.rows(at: (0..<shapes.b[0]).map { order.stored($0) })))
      }
    }
    guard let first = modules.first else {
      throw FormatError(
        .missing, file: url.path, at: .tensor(Self.name(of: model.projections[0], layer: 0, "lora_a")),
        expected: "factors for matrices of layers", found: "\(file.tensors.count) other tensors")
    }
    if let name = unused.min() {
      throw FormatError(
        .badValue, file: url.path, at: .tensor(name), expected: "factors of the model's matrices",
        found: "a tensor that is not one of theirs")
    }
    let configuration = LoRAConfiguration(rank: first.rank, alpha: first.alpha)
      .describing(modules, layerCount: model.layerCount)
    self.init(configuration: configuration, layerCount: model.layerCount, factors: factors)
  }

  private static func name(of target: Projection, layer: Int, _ suffix: String) -> String {
    "\(WeightRole.matrix(layer: layer, target).ggufName).\(suffix)"
  }
}
