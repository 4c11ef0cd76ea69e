// What of an adapter depends on the model's weights: its start, and other forms of the same update.

extension LoRAAdapter {
  /// Fresh factors as a configuration asks for them, with which the adapted model is the base model. The generator decides
  /// every value that the weights do not.
  ///
  /// - Throws: ``LinearAlgebraError`` where a weight that PiSSA or OLoRA takes apart is not finite, or LAPACK reports a
  ///   failure. Traps where the configuration is none for this model.
  /// - Complexity: PiSSA decomposes every weight by singular values, O(outputs·inputs·min(outputs, inputs)).
  public init(
    for model: LanguageModel, _ configuration: LoRAConfiguration, using generator: inout some RandomNumberGenerator
  ) throws(LinearAlgebraError) {
    let configuration = configuration.restricted(to: model.configuration)
    guard configuration.initialization.changesBase else {
      let fresh = LoRAAdapter(fresh: configuration, model.configuration, using: &generator)
      self = configuration.usesDoRA ? fresh.withMagnitudes(of: model.transformer) : fresh
      return
    }
    var factors: [LoRAFactors] = []
    for module in Self.modules(of: configuration, layerCount: model.configuration.layerCount) {
      let start = try configuration.initialization.factors(
        of: model.transformer.layers[module.layer][module.projection], rank: module.rank, scale: module.scale)
      factors.append(LoRAFactors(a: start.a, b: start.b, initial: start))
    }
    self.init(configuration: configuration, layerCount: model.configuration.layerCount, factors: factors)
  }

  /// With the row norms of the adapted weights as magnitudes.
  private func withMagnitudes(of transformer: Transformer) -> LoRAAdapter {
    replacingFactors { module, factors in
      let weight = transformer.layers[module.layer][module.projection]
      return LoRAFactors(
        a: factors.a, b: factors.b, magnitude: weight.rowNorms(adding: factors, scale: Float(module.scale)))
    }
  }

  /// Made ready for many passes: the norms that DoRA divides by are computed once.
  func prepared(for transformer: Transformer) -> LoRAAdapter {
    let adapter = converted
    guard configuration.usesDoRA else { return adapter }
    return adapter.replacingFactors { module, factors in
      var factors = factors
      let weight = transformer.layers[module.layer][module.projection]
      factors.norms = weight.rowNorms(adding: factors, scale: Float(module.scale))
      return factors
    }
  }

  /// The factors of the base as PEFT takes them away from it when it loads factors that began as parts of the weights.
  func withInitialFactors(of transformer: Transformer) throws(LinearAlgebraError) -> LoRAAdapter {
    var all: [LoRAFactors] = []
    for (module, factors) in zip(modules, factors) {
      var factors = factors
      factors.initial = try configuration.initialization.factors(
        of: transformer.layers[module.layer][module.projection], rank: module.rank, scale: module.scale)
      all.append(factors)
    }
    return LoRAAdapter(configuration: configuration, layerCount: layerCount, factors: all)
  }

  /// The same update as plain LoRA on the unchanged model, where it is one beside factors taken away from the weights:
  /// B·A − B₀·A₀ = [B | −B₀]·[A over A₀], of twice the rank, as PEFT converts it.
  package var converted: LoRAAdapter {
    guard factors.contains(where: { $0.initial != nil }) else { return self }
    let joined = factors.map { factors in
      guard let initial = factors.initial else { return factors }
      let b = factors.b.transposed().followed(by: -initial.b.transposed()).transposed()
      return LoRAFactors(a: factors.a.followed(by: initial.a), b: b)
    }
    return replacing(joined, rank: 2 * configuration.rank)
  }

  /// The same update for readers that know one rank and one α for all: factors for every target in every layer, of the
  /// highest rank, zeros where there was less, every scale but one multiplied into B.
  ///
  /// - Throws: ``ExportError`` for DoRA, whose magnitudes are no low-rank update.
  public func plain() throws(ExportError) -> LoRAAdapter {
    guard !configuration.usesDoRA else { throw ExportError(.adapter("DoRA's magnitudes are no low-rank update")) }
    let adapter = converted
    let rank = adapter.modules.map(\.rank).max() ?? configuration.rank
    let scale = adapter.configuration.scale
    var configuration = LoRAConfiguration(
      rank: rank, alpha: scale * Double(rank), dropout: configuration.dropout, targets: Set(configuration.targets))
    configuration.initialization = adapter.configuration.initialization
    let shapes = Dictionary(
      zip(adapter.modules, adapter.factors).map { ($0.projection, ($1.a.shape[1], $1.b.shape[0])) }
    ) { first, _ in first }
    var factors: [LoRAFactors] = []
    for layer in 0..<layerCount {
      for target in configuration.targets {
        let (inputs, outputs) = shapes[target] ?? (0, 0)
        guard
          let position = adapter.positions(inLayer: layer).first(where: { adapter.modules[$0].projection == target })
        else {
          factors.append(LoRAFactors(a: .zeros([rank, inputs]), b: .zeros([outputs, rank])))
          continue
        }
        let (module, old) = (adapter.modules[position], adapter.factors[position])
        let b = module.scale == scale ? old.b : old.b * Float(module.scale / scale)
        factors.append(
          LoRAFactors(
            a: old.a.paddedWithZeroRows(to: rank), b: b.transposed().paddedWithZeroRows(to: rank).transposed()))
      }
    }
    return LoRAAdapter(configuration: configuration, layerCount: layerCount, factors: factors)
  }
}

extension Tensor {
  /// The rows of both, one under the other.
  fileprivate func followed(by other: Tensor) -> Tensor {
    Tensor(scalars + other.scalars, shape: [shape[0] + other.shape[0], shape[1]])
  }

  func paddedWithZeroRows(to rows: Int) -> Tensor {
    rows == shape[0] ? self : followed(by: .zeros([rows - shape[0], shape[1]]))
  }
}
