import ArgumentParser
import CSTCore
import Foundation

/// The loss of a training run. Names and meanings follow TRL.
struct LossOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The preference loss, or several with commas between: \(LossType.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "types"),
    transform: Self.types(from:))
  var lossType = [LossType.sigmoid]

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A weight for each of several losses, with commas between (default: 1 each).", valueName: "weights"),
    transform: Self.weights(from:))
  var lossWeights: [Double]?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How strongly the model is held to the reference, DPO's β; the scale of the margin in losses without one.",
      valueName: "β"))
  var beta = 0.1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Weight of the chosen answer's likelihood added to the loss, RPO's α; 0 is DPO.", valueName: "α")
  )
  var rpoAlpha = 0.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The probability that a preference is the wrong way round.", valueName: "ε"))
  var labelSmoothing: Double?

  @Option(help: ArgumentHelp("The divergence from the reference: \(Self.divergences).", valueName: "name"))
  var fDivergenceType: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("α of alpha_divergence (default: 0.5).", valueName: "α"))
  var fAlphaDivergenceCoef: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much tokens count behind the length of the shorter answer, from 0 to 1 (LD-DPO).", valueName: "share"))
  var ldAlpha: Double?

  @Flag(help: "Weight pairs by how likely the model is to write their answers (WPO).")
  var useWeighting = false

  @Option(parsing: .unconditional, help: ArgumentHelp("τ of discopop (default: 0.05).", valueName: "τ"))
  var discopopTau: Double?

  @Option(parsing: .unconditional, help: ArgumentHelp("λ of dpop (default: 50).", valueName: "λ"))
  var dpopLambda: Double?

  @Option(parsing: .unconditional, help: ArgumentHelp("γ of simpo (default: 0.5).", valueName: "γ"))
  var simpoGamma: Double?

  @Option(parsing: .unconditional, help: ArgumentHelp("a of beta_dpo (default: 0.6).", valueName: "a"))
  var betaDpoAlpha: Double?

  /// Options that are one loss's own.
  private var owned: [(option: String, value: Double?, type: LossType)] {
    [
      ("--discopop-tau", discopopTau, .discopop), ("--dpop-lambda", dpopLambda, .dpop),
      ("--simpo-gamma", simpoGamma, .simpo), ("--beta-dpo-alpha", betaDpoAlpha, .betaDPO),
    ]
  }

  func validate() throws {
    try Requirement.positive("--beta", beta)
    try Requirement.notNegative("--rpo-alpha", rpoAlpha)
    for (option, value, type) in owned where value != nil && !lossType.contains(type) {
      throw ValidationError("\(option) is of the loss \(type.rawValue), which is not among --loss-type")
    }
    if fAlphaDivergenceCoef != nil, fDivergenceType != "alpha_divergence" {
      throw ValidationError("--f-alpha-divergence-coef is of --f-divergence-type alpha_divergence")
    }
    _ = try divergence
    if let (name, problem) = try loss.badField {
      throw ValidationError("\(Self.options[name] ?? "--loss-type"): \(problem)")
    }
  }

  /// The options by the fields that they fill.
  private static let options = [
    "weights": "--loss-weights", "labelSmoothing": "--label-smoothing", "divergence": "--f-divergence-type",
    "ldAlpha": "--ld-alpha", "usesWeighting": "--use-weighting", "discopopTau": "--discopop-tau",
    "dpopLambda": "--dpop-lambda", "simpoGamma": "--simpo-gamma", "betaDPOAlpha": "--beta-dpo-alpha",
  ]

  /// The loss that the options say.
  /// - Throws: `ValidationError` for a divergence that is none.
  var loss: DPOLoss {
    get throws {
      var loss = DPOLoss(
        lossType, weights: lossWeights ?? lossType.map { _ in 1 }, beta: beta, rpoAlpha: rpoAlpha)
      loss.divergence = try divergence
      loss.usesWeighting = useWeighting
      if let labelSmoothing { loss.labelSmoothing = labelSmoothing }
      if let ldAlpha { loss.ldAlpha = ldAlpha }
      if let discopopTau { loss.discopopTau = discopopTau }
      if let dpopLambda { loss.dpopLambda = dpopLambda }
      if let simpoGamma { loss.simpoGamma = simpoGamma }
      if let betaDpoAlpha { loss.betaDPOAlpha = betaDpoAlpha }
      return loss
    }
  }

  private static let divergences = "reverse_kl, forward_kl, js_divergence, alpha_divergence"

  private var divergence: Divergence {
    get throws {
      switch fDivergenceType {
      case nil, "reverse_kl": return .reverseKL
      case "forward_kl": return .forwardKL
      case "js_divergence": return .jensenShannon
      case "alpha_divergence": return .alpha(fAlphaDivergenceCoef ?? 0.5)
      case let name?: throw ValidationError("--f-divergence-type: \"\(name)\" is not one of \(Self.divergences)")
      }
    }
  }

  private static func types(from text: String) throws -> [LossType] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
      guard let type = LossType(rawValue: name.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError(
          "\"\(name)\" is not one of \(LossType.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return type
    }
  }

  private static func weights(from text: String) throws -> [Double] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { number in
      guard let weight = Double(number.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError("\"\(number)\" is not a number")
      }
      return weight
    }
  }
}
