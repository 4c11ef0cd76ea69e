/// What a low-rank adapter looks like (Hu et al., arXiv 2106.09685).
public struct LoRAConfiguration: Sendable, Hashable {
  /// The inner dimension r.
  public let rank: Int
  /// α: the low-rank product is scaled by α / r. PEFT's `lora_alpha`.
  public let alpha: Double
  /// Probability with which an element of the adapter's input is zeroed in training.
  public let dropout: Double
  /// The projections that get factors, in the order of ``Projection``'s cases. Those that a model does not have are
  /// passed over.
  public let targets: [Projection]
  /// How fresh factors are filled. It says nothing about factors that are there already, and files do not record it.
  public let initialization: LoRAInitialization

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

  /// α / r, what the low-rank product is multiplied by.
  package var scale: Double { alpha / Double(rank) }

  /// This configuration with only the targets that a model has. Traps where it has none of them.
  package func restricted(to model: ModelConfiguration) -> LoRAConfiguration {
    let targets = targets.filter(model.projections.contains)
    return LoRAConfiguration(
      rank: rank, alpha: alpha, dropout: dropout, targets: Set(targets), initialization: initialization)
  }

  /// The shapes of the factors for one projection of a model: A `[rank, inputs]`, B `[outputs, rank]`.
  func shapes(of target: Projection, in model: ModelConfiguration) -> (a: Shape, b: Shape) {
    let (outputs, inputs) = model.shape(of: target)
    return ([rank, inputs], [outputs, rank])
  }
}
