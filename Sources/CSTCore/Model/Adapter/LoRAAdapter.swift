/// Low-rank updates for projections of the layers of one model: what training changes.
///
/// A value: training returns new adapters and never touches old ones. Copies share memory.
public struct LoRAAdapter: ParameterContainer {
  /// Ranks, scales and targets.
  public let configuration: LoRAConfiguration
  /// Number of decoder layers it is for.
  public let layerCount: Int
  /// The modules that have factors, layer by layer.
  package let modules: [LoRAModule]
  /// The factors of each module.
  private(set) var factors: [LoRAFactors]
  /// The modules of each layer.
  private let ranges: [Range<Int>]

  /// Fresh factors for those of the configuration's modules that the model has: A as ``LoRAInitialization`` says, B
  /// zero, so that the adapted model is the base model. The generator decides every value.
  ///
  /// Traps where the configuration needs the model's weights: for DoRA, PiSSA and OLoRA an adapter is made for a
  /// ``LanguageModel``.
  public init(
    for model: ModelConfiguration, _ configuration: LoRAConfiguration, using generator: inout some RandomNumberGenerator
  ) {
    require(!configuration.usesDoRA, "DoRA needs the weights of the model: make the adapter for a LanguageModel")
    self.init(fresh: configuration.restricted(to: model), model, using: &generator)
  }

  init(
    fresh configuration: LoRAConfiguration, _ model: ModelConfiguration,
    using generator: inout some RandomNumberGenerator
  ) {
    let modules = Self.modules(of: configuration, layerCount: model.layerCount)
    var factors: [LoRAFactors] = []
    for module in modules {
      let shapes = module.shapes(in: model)
      let a = configuration.initialization.factor(rank: shapes.a[0], inputs: shapes.a[1], using: &generator)
      factors.append(LoRAFactors(a: a, b: .zeros(shapes.b)))
    }
    self.init(configuration, layerCount: model.layerCount, modules, factors)
  }

  /// An adapter of these factors, those of the modules of a configuration that is resolved for the model.
  init(configuration: LoRAConfiguration, layerCount: Int, factors: [LoRAFactors]) {
    self.init(
      configuration, layerCount: layerCount, Self.modules(of: configuration, layerCount: layerCount), factors)
  }

  private init(
    _ configuration: LoRAConfiguration, layerCount: Int, _ modules: [LoRAModule], _ factors: [LoRAFactors]
  ) {
    require(factors.count == modules.count, "\(factors.count) pairs of factors for \(modules.count) modules")
    self.configuration = configuration
    self.layerCount = layerCount
    self.modules = modules
    self.factors = factors
    var (ranges, start) = ([Range<Int>](), 0)
    for layer in 0..<layerCount {
      let end = start + modules[start...].prefix { $0.layer == layer }.count
      ranges.append(start..<end)
      start = end
    }
    self.ranges = ranges
  }

  /// The modules of a configuration that is resolved for a model.
  static func modules(of configuration: LoRAConfiguration, layerCount: Int) -> [LoRAModule] {
    do { return try configuration.adaptedModules(layerCount: layerCount, configuration.targets) } catch {
      mistake("\(error.key): expected \(error.expected), found \(error.found)")
    }
  }

  func fits(_ model: ModelConfiguration) -> Bool {
    layerCount == model.layerCount
      && zip(modules, factors).allSatisfy { module, factors in
        model.projections.contains(module.projection) && (factors.a.shape, factors.b.shape) == module.shapes(in: model)
          && factors.magnitude.map { $0.count == factors.b.shape[0] } ?? true
      }
  }

  /// The positions of a layer's modules in ``modules`` and ``factors``.
  func positions(inLayer layer: Int) -> Range<Int> { ranges[layer] }

  private func position(_ layer: Int, _ projection: Projection) -> Int? {
    ranges[layer].first { modules[$0].projection == projection }
  }

  /// The factors of one projection of one layer; `nil` where it has none.
  package func factors(layer: Int, _ projection: Projection) -> LoRAFactors? {
    position(layer, projection).map { factors[$0] }
  }

  /// The same with what their product is multiplied by.
  func update(layer: Int, _ projection: Projection) -> (factors: LoRAFactors, scale: Float)? {
    position(layer, projection).map { (factors[$0], Float(modules[$0].scale)) }
  }

  /// All A, B and magnitudes, layer by layer, target by target, A before B.
  public func mapParameters(_ transform: (Tensor) throws -> Tensor) rethrows -> LoRAAdapter {
    try replacingFactors { _, factors in try factors.mapParameters(transform) }
  }

  /// The same modules with other factors of the same shapes.
  func replacingFactors(
    _ transform: (LoRAModule, LoRAFactors) throws -> LoRAFactors
  ) rethrows -> LoRAAdapter {
    var adapter = self
    adapter.factors = try zip(modules, factors).map(transform)
    return adapter
  }

  /// The same modules with factors of other ranks, scaled as they were.
  /// - Parameter rank: What counts for modules that the patterns do not name.
  func replacing(_ factors: [LoRAFactors], rank: Int) -> LoRAAdapter {
    let new = zip(modules, factors).map { module, factors in
      LoRAModule(
        layer: module.layer, projection: module.projection, rank: factors.rank,
        alpha: configuration.alpha(module.alpha, ofRank: module.rank, asRank: factors.rank), scale: module.scale)
    }
    let alpha = configuration.alpha(configuration.alpha, ofRank: configuration.rank, asRank: rank)
    let described = configuration.with(rank: rank, alpha: alpha).describing(new, layerCount: layerCount)
    return LoRAAdapter(configuration: described, layerCount: layerCount, factors: factors)
  }

  /// Every parameter with the name PEFT gives it, in the order of ``mapParameters(_:)``:
  /// `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`.
  public var namedParameters: [(name: String, tensor: Tensor)] {
    zip(modules.flatMap { $0.parameterNames(withMagnitude: configuration.usesDoRA) }, parameters).map { ($0, $1) }
  }

  /// For every parameter, whether LoRA+ gives it the higher learning rate: every B, and magnitudes, as PEFT does it.
  var isFast: [Bool] {
    factors.flatMap { [false, true] + ($0.magnitude == nil ? [] : [true]) }
  }
}
