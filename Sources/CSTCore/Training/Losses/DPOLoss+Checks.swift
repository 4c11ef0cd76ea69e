// What goes together in a loss: combinations that mean nothing are refused by name.

extension DPOLoss: CheckedFields {
  enum CodingKeys: String, CodingKey {
    case types, weights, beta, rpoAlpha, labelSmoothing, divergence, ldAlpha, usesWeighting, discopopTau, dpopLambda
    case simpoGamma, betaDPOAlpha
  }

  package var badField: BadField? { badNumber ?? badCombination }

  private var badNumber: BadField? {
    guard beta > 0, beta.isFinite else { return ("beta", "β is positive, not \(beta)") }
    guard rpoAlpha >= 0, rpoAlpha.isFinite else { return ("rpoAlpha", "α is not negative: \(rpoAlpha)") }
    guard (0..<0.5).contains(labelSmoothing) else {
      return ("labelSmoothing", "a label smoothing is in 0..<0.5, not \(labelSmoothing)")
    }
    guard (0...1).contains(ldAlpha) else { return ("ldAlpha", "ld_alpha is in 0...1, not \(ldAlpha)") }
    guard discopopTau > 0 else { return ("discopopTau", "DiscoPOP's τ is positive, not \(discopopTau)") }
    guard dpopLambda >= 0 else { return ("dpopLambda", "DPO-Positive's λ is not negative: \(dpopLambda)") }
    guard simpoGamma.isFinite else { return ("simpoGamma", "SimPO's γ is finite, not \(simpoGamma)") }
    guard betaDPOAlpha >= 0 else { return ("betaDPOAlpha", "β-DPO's a is not negative: \(betaDPOAlpha)") }
    if case .alpha(let alpha) = divergence, !alpha.isFinite {
      return ("divergence", "the α of a divergence is finite, not \(alpha)")
    }
    guard !types.isEmpty, Set(types).count == types.count else {
      return ("types", "a loss has at least one type, and each once: \(names)")
    }
    guard weights.count == types.count, weights.allSatisfy(\.isFinite) else {
      return ("weights", "\(types.count) losses have as many weights: \(weights)")
    }
    return nil
  }

  private var badCombination: BadField? {
    func without(_ has: (LossType) -> Bool) -> String { types.first { !has($0) }?.rawValue ?? "" }
    if labelSmoothing > 0, !types.contains(where: \.hasLabelSmoothing) {
      return ("labelSmoothing", "\(without(\.hasLabelSmoothing)) has no label smoothing")
    }
    if types.contains(.exoPair), labelSmoothing == 0 {
      return ("labelSmoothing", "exo_pair needs a label smoothing above 0; its paper has 0.001")
    }
    if divergence != .reverseKL, !types.allSatisfy(\.takesDivergences) {
      return ("divergence", "\(without(\.takesDivergences)) takes no other divergence than reverse_kl")
    }
    if usesWeighting, let aligned = types.first(where: { $0 == .aot || $0 == .aotUnpaired }) {
      return ("usesWeighting", "\(aligned.rawValue) matches answers across pairs, which have no weight together")
    }
    if ldAlpha != 1, let mean = types.first(where: \.isPerToken) {
      return ("ldAlpha", "\(mean.rawValue) is of means per token already: it takes no ld_alpha")
    }
    return nil
  }

  /// The types, by TRL's names.
  var names: String { types.map(\.rawValue).joined(separator: ", ") }

  /// What a row of the data asks for that the loss does not have; `nil` where it has all.
  func refusal(of pair: EncodedPair) -> String? {
    if pair.preference != 1, let type = types.first(where: { !$0.takesSoftLabels }) {
      return "\(type.rawValue) knows no soft labels"
    }
    if pair.margin != 0, let type = types.first(where: { !$0.takesMargins }) {
      return "\(type.rawValue) knows no margins"
    }
    return nil
  }
}

extension DPOLoss {
  /// - Throws: `DecodingError` for what `init` traps on.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    beta = try fields.decode(Double.self, forKey: .beta)
    rpoAlpha = try fields.decode(Double.self, forKey: .rpoAlpha)
    types = try fields.decodeIfPresent([LossType].self, forKey: .types) ?? [.sigmoid]
    weights = try fields.decodeIfPresent([Double].self, forKey: .weights) ?? [1]
    divergence = try fields.decodeIfPresent(Divergence.self, forKey: .divergence) ?? .reverseKL
    usesWeighting = try fields.decodeIfPresent(Bool.self, forKey: .usesWeighting) ?? false
    for (key, field) in Self.numbers {
      if let number = try fields.decodeIfPresent(Double.self, forKey: key) { self[keyPath: field] = number }
    }
    try checkDecoded(at: fields.codingPath)
  }

  private static let numbers: [(CodingKeys, WritableKeyPath<DPOLoss, Double> & Sendable)] = [
    (.labelSmoothing, \.labelSmoothing), (.ldAlpha, \.ldAlpha), (.discopopTau, \.discopopTau),
    (.dpopLambda, \.dpopLambda), (.simpoGamma, \.simpoGamma), (.betaDPOAlpha, \.betaDPOAlpha),
  ]

  /// The settings that plain DPO does not have, by the names of the command line.
  var options: [String: RunOption] {
    var options: [String: RunOption] = [:]
    let plain = DPOLoss(beta: beta)
    for (key, name) in [
      (\DPOLoss.labelSmoothing, "label_smoothing"), (\.ldAlpha, "ld_alpha"), (\.discopopTau, "discopop_tau"),
      (\.dpopLambda, "dpop_lambda"), (\.simpoGamma, "simpo_gamma"), (\.betaDPOAlpha, "beta_dpo_alpha"),
    ] where self[keyPath: key] != plain[keyPath: key] { options[name] = .number(self[keyPath: key]) }
    if weights != [1] { options["loss_weights"] = .list(weights.map { "\($0)" }) }
    if divergence != .reverseKL { options["f_divergence_type"] = .text(divergence.name) }
    if usesWeighting { options["use_weighting"] = .flag(true) }
    return options
  }

  /// What differs from plain DPO, as one text that is equal where the settings are; `nil` for plain DPO with any β and α.
  var variant: String? {
    guard self != DPOLoss(beta: beta, rpoAlpha: rpoAlpha) else { return nil }
    let weights = weights.map { "\($0)" }.joined(separator: " ")
    return "\(names), weights \(weights), label smoothing \(labelSmoothing), \(divergence.name), ld_alpha \(ldAlpha), "
      + "weighting \(usesWeighting), tau \(discopopTau), lambda \(dpopLambda), gamma \(simpoGamma), a \(betaDPOAlpha)"
  }
}

extension Divergence {
  /// TRL's `f_divergence_type`, with the coefficient where it has one.
  var name: String {
    switch self {
    case .reverseKL: "reverse_kl"
    case .forwardKL: "forward_kl"
    case .jensenShannon: "js_divergence"
    case .alpha(let alpha): "alpha_divergence \(alpha)"
    }
  }
}
