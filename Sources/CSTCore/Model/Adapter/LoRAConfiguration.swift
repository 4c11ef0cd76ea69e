/// What a low-rank adapter looks like (Hu et al., arXiv 2106.09685). Names and meanings are PEFT's.
public struct LoRAConfiguration: Sendable, Hashable {
  /// The inner dimension r.
  public let rank: Int
  /// α: the low-rank product is scaled by α / r. PEFT's `lora_alpha`.
  public let alpha: Double
  /// Probability with which an element of the adapter's input is zeroed in training.
  public let dropout: Double
  /// The projections that get factors, in the order of ``Projection``'s cases. Those that a model does not have are
  /// passed over.
  public internal(set) var targets: [Projection]
  /// How fresh factors are filled. It says nothing about factors that are there already, and files do not record it.
  public internal(set) var initialization: LoRAInitialization
  /// Which of the targets' modules get factors; those of every layer where `nil`.
  public var modules: TargetModules?
  /// Ranks of some modules instead of ``rank``, PEFT's `rank_pattern`.
  public var rankPattern: ModulePattern<Int> = [:]
  /// α of some modules instead of ``alpha``, PEFT's `alpha_pattern`.
  public var alphaPattern: ModulePattern<Double> = [:]
  /// Whether the scale is α / √r instead of α / r (Kalajdzievski, arXiv 2312.03732), PEFT's `use_rslora`.
  public var usesRSLoRA = false
  /// Whether rows of the adapted weights have a magnitude that is trained beside their direction (Liu et al.,
  /// arXiv 2402.09353), PEFT's `use_dora`.
  public var usesDoRA = false

  /// - Parameters:
  ///   - rank: At least 1.
  ///   - alpha: Twice the rank where `nil`.
  ///   - dropout: In `0..<1`.
  ///   - targets: At least one projection; every projection of whatever model it is for by default. Traps on values
  ///     outside these ranges.
  ///   - initialization: How fresh factors are filled.
  public init(
    rank: Int = 16, alpha: Double? = nil, dropout: Double = 0, targets: Set<Projection> = Set(Projection.allCases),
    initialization: LoRAInitialization = .kaimingUniform
  ) {
    require(rank >= 1, "a LoRA rank is at least 1, not \(rank)")
    require((0..<1).contains(dropout), "a dropout probability is in 0..<1, not \(dropout)")
    require(!targets.isEmpty, "an adapter needs at least one target projection")
    self.rank = rank
    self.alpha = alpha ?? Double(2 * rank)
    self.dropout = dropout
    self.targets = Projection.allCases.filter(targets.contains)
    self.initialization = initialization
  }

  /// What the low-rank product is multiplied by where no pattern says otherwise: α / r, or α / √r.
  package var scale: Double { scale(rank: rank, alpha: alpha) }

  /// This configuration with only the targets that a model has. Traps where it has none of them, or where the
  /// configuration is none for this model.
  package func restricted(to model: ModelConfiguration) -> LoRAConfiguration {
    do { return try resolved(for: model) } catch {
      mistake("\(error.key): expected \(error.expected), found \(error.found)")
    }
  }
}

/// A module with factors: where it is, and how its low-rank product is scaled.
package struct LoRAModule: Sendable, Hashable {
  package let layer: Int
  package let projection: Projection
  package let rank: Int
  package let alpha: Double
  /// What the low-rank product is multiplied by.
  package let scale: Double

  /// The module's path in transformers' models.
  var path: String { "model.layers.\(layer).\(projection.modulePath)" }

  /// The shapes of its factors: A `[rank, inputs]`, B `[outputs, rank]`.
  func shapes(in model: ModelConfiguration) -> (a: Shape, b: Shape) {
    let (outputs, inputs) = model.shape(of: projection)
    return ([rank, inputs], [outputs, rank])
  }

  /// The names PEFT gives its parameters.
  func parameterNames(withMagnitude: Bool) -> [String] {
    ["lora_A.weight", "lora_B.weight"].map { "base_model.model.\(path).\($0)" }
      + (withMagnitude ? ["base_model.model.\(path).lora_magnitude_vector"] : [])
  }
}
