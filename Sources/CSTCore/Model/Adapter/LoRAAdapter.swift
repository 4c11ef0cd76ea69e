/// Low-rank updates for the projections of every layer of one model: what training changes.
///
/// A value: training returns new adapters and never touches old ones. Copies share memory.
public struct LoRAAdapter: ParameterContainer {
  /// Rank, scale and targets.
  public let configuration: LoRAConfiguration
  /// Number of decoder layers it is for.
  public let layerCount: Int
  /// Factors of layer l and the i-th target at `l * targets.count + i`.
  private(set) var factors: [LoRAFactors]

  /// Fresh factors for those of the configuration's targets that the model has: A as ``LoRAInitialization`` says, B
  /// zero, so that the adapted model is the base model. The generator decides every value.
  public init(
    for model: ModelConfiguration, _ configuration: LoRAConfiguration, using generator: inout some RandomNumberGenerator
  ) {
    let configuration = configuration.restricted(to: model)
    var factors: [LoRAFactors] = []
    for _ in 0..<model.layerCount {
      for target in configuration.targets {
        let shapes = configuration.shapes(of: target, in: model)
        let a = configuration.initialization.factor(rank: shapes.a[0], inputs: shapes.a[1], using: &generator)
        factors.append(LoRAFactors(a: a, b: .zeros(shapes.b)))
      }
    }
    self.init(configuration: configuration, layerCount: model.layerCount, factors: factors)
  }

  init(configuration: LoRAConfiguration, layerCount: Int, factors: [LoRAFactors]) {
    require(
      factors.count == layerCount * configuration.targets.count,
      "\(factors.count) pairs of factors for \(layerCount) layers of \(configuration.targets.count) targets")
    self.configuration = configuration
    self.layerCount = layerCount
    self.factors = factors
  }

  func fits(_ model: ModelConfiguration) -> Bool {
    layerCount == model.layerCount && configuration.targets.allSatisfy(model.projections.contains)
      && factors.enumerated().allSatisfy { index, factors in
        let target = configuration.targets[index % configuration.targets.count]
        return (factors.a.shape, factors.b.shape) == configuration.shapes(of: target, in: model)
      }
  }

  /// The factors of one projection of one layer; `nil` where it is not a target.
  package func factors(layer: Int, _ projection: Projection) -> LoRAFactors? {
    guard let index = configuration.targets.firstIndex(of: projection) else { return nil }
    return factors[layer * configuration.targets.count + index]
  }

  /// All A and B, layer by layer, target by target, A before B.
  public func mapParameters(_ transform: (Tensor) throws -> Tensor) rethrows -> LoRAAdapter {
    LoRAAdapter(
      configuration: configuration, layerCount: layerCount,
      factors: try factors.map { LoRAFactors(a: try transform($0.a), b: try transform($0.b)) })
  }

  /// Every parameter with the name PEFT gives it, in the order of ``mapParameters(_:)``:
  /// `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`.
  public var namedParameters: [(name: String, tensor: Tensor)] {
    zip(Self.parameterNames(configuration, layerCount: layerCount), parameters).map { ($0, $1) }
  }

  static func parameterNames(_ configuration: LoRAConfiguration, layerCount: Int) -> [String] {
    (0..<layerCount).flatMap { layer in
      configuration.targets.flatMap { target in
        ["A", "B"].map { "base_model.model.model.layers.\(layer).\(target.modulePath).lora_\($0).weight" }
      }
    }
  }
}
