import ArgumentParser
import CSTCore
import Foundation

/// The adapter that is trained. Names and meanings follow PEFT.
struct LoRAOptions: ParsableArguments {
  enum Start: String, CaseIterable, ExpressibleByArgument {
    case kaiming, orthogonal, pissa, olora

    var initialization: LoRAInitialization {
      switch self {
      case .kaiming: .kaimingUniform
      case .orthogonal: .orthogonal
      case .pissa: .pissa
      case .olora: .olora
      }
    }
  }

  @Option(parsing: .unconditional, help: ArgumentHelp("The adapter's rank (default: 16).", valueName: "r"))
  var loraRank: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The low-rank product is scaled by α / rank (default: twice the rank).", valueName: "α"))
  var loraAlpha: Double?

  @Option(parsing: .unconditional, help: ArgumentHelp("Dropout of the adapter's input (default: 0).", valueName: "p"))
  var loraDropout: Double?

  @Option(
    help: ArgumentHelp(
      "Modules to adapt: names with commas between, \(Self.targetNames) or whole paths; a regular expression that whole "
        + "paths match; or all-linear (default: all).", valueName: "names"),
    transform: Self.targets(from:))
  var loraTargets: TargetModules.Names?

  @Option(
    help: ArgumentHelp("Modules of those not to adapt: names, or a regular expression.", valueName: "names"),
    transform: Self.names(from:))
  var loraExclude: TargetModules.Names?

  @Option(
    help: ArgumentHelp("Layers to adapt, counted from 0: 0-3,7 (default: all).", valueName: "layers"),
    transform: Self.layers(from:))
  var loraLayers: [Int]?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Another rank for modules whose path ends in KEY, a name or a regular expression; may be repeated, the first that "
        + "matches counts.", valueName: "key=r"), transform: Self.pair(from:))
  var loraRankPattern: [Pair] = []

  @Option(
    parsing: .unconditionalSingleValue, help: ArgumentHelp("Another α in the same way.", valueName: "key=α"),
    transform: Self.pair(from:))
  var loraAlphaPattern: [Pair] = []

  @Flag(help: "Scale by α / √rank instead of α / rank (rsLoRA).")
  var loraRslora = false

  @Flag(help: "Train the length of every adapted row beside its direction (DoRA); a step takes longer.")
  var loraDora = false

  @Option(
    help: "How A and B start; pissa and olora take the weights apart, and the adapter is written with twice the rank.")
  var loraInit = Start.kaiming

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Learning rate of B as a multiple of A's (LoRA+; 16 is advised).", valueName: "ratio"))
  var loraPlusRatio = 1.0

  @Flag(help: "Write the adapter for readers that know one rank and one α only, its scales multiplied into B.")
  var loraPlain = false

  @Option(
    help: ArgumentHelp("Go on from this PEFT adapter instead of a fresh one.", valueName: "folder"),
    completion: .directory)
  var initAdapter: String?

  /// A key and what stands behind its last `=`.
  struct Pair: Sendable {
    let key: String
    let value: Double
  }

  func validate() throws {
    try Requirement.count("--lora-rank", loraRank, in: 1...4096)
    try Requirement.positive("--lora-alpha", loraAlpha)
    try Requirement.shareBelowOne("--lora-dropout", loraDropout)
    try Requirement.positive("--lora-plus-ratio", loraPlusRatio)
    for pair in loraRankPattern {
      guard let rank = Int(exactly: pair.value) else {
        throw ValidationError("--lora-rank-pattern must end in a whole number, not \(pair.key)=\(pair.value)")
      }
      try Requirement.count("--lora-rank-pattern", rank, in: 1...4096)
    }
    for pair in loraAlphaPattern { try Requirement.positive("--lora-alpha-pattern", pair.value) }
    if loraDora, loraPlain { throw ValidationError("--lora-plain: DoRA's magnitudes are no low-rank update") }
    if loraDora, loraInit == .pissa || loraInit == .olora {
      throw ValidationError("--lora-dora and --lora-init \(loraInit.rawValue) exclude each other")
    }
    if loraLayers != nil, case .pattern? = loraTargets {
      throw ValidationError("--lora-layers goes with names in --lora-targets: a pattern says the layers itself")
    }
    let isShaped =
      loraRank != nil || loraAlpha != nil || loraDropout != nil || loraTargets != nil || loraExclude != nil
      || loraLayers != nil || !loraRankPattern.isEmpty || !loraAlphaPattern.isEmpty || loraRslora || loraDora
      || loraInit != .kaiming
    if initAdapter != nil, isShaped {
      throw ValidationError(
        "--init-adapter brings its own rank, alpha, dropout and targets: leave the --lora options out")
    }
  }

  var initialAdapter: URL? { initAdapter.map { URL(filePath: $0) } }

  /// A trainer of the adapter to start from, or of a fresh one.
  /// - Throws: `FormatError` where the adapter cannot be read or is another model's, ``CommandError``.
  func trainer(of model: LanguageModel) throws -> DPOTrainer {
    var trainer =
      if let initialAdapter {
        DPOTrainer(model: model, startingFrom: try LoRAAdapter(contentsOf: initialAdapter, for: model))
      } else {
        DPOTrainer(model: model, adapter: try configuration(for: model.configuration))
      }
    trainer.loraPlusRatio = loraPlusRatio
    return trainer
  }

  /// The shape of a fresh adapter for a model.
  /// - Throws: ``CommandError`` where a target is not one of the model's projections, or a pattern matches nothing.
  func configuration(for model: ModelConfiguration) throws -> LoRAConfiguration {
    let names = model.projections.map(\.rawValue)
    if case .list(let targets)? = loraTargets,
      let missing = targets.compactMap({ $0.split(separator: ".").last.map(String.init) }).sorted()
        .first(where: { !names.contains($0) })
    {
      throw CommandError("--lora-targets: this model has no \(missing); it has \(names.joined(separator: ", "))")
    }
    if let beyond = loraLayers?.first(where: { $0 >= model.layerCount }) {
      throw CommandError("--lora-layers: this model has layers 0 to \(model.layerCount - 1), not \(beyond)")
    }
    var configuration = LoRAConfiguration(
      rank: loraRank ?? 16, alpha: loraAlpha, dropout: loraDropout ?? 0, initialization: loraInit.initialization)
    if loraTargets != nil || loraExclude != nil || loraLayers != nil {
      var targets = loraTargets ?? .list(names)
      if targets == .allLinear { targets = .list(names) }
      configuration.modules = TargetModules(targets, excluding: loraExclude, layers: loraLayers)
    }
    configuration.rankPattern = ModulePattern(loraRankPattern.map { ($0.key, Int($0.value)) })
    configuration.alphaPattern = ModulePattern(loraAlphaPattern.map { ($0.key, $0.value) })
    (configuration.usesRSLoRA, configuration.usesDoRA) = (loraRslora, loraDora)
    do {
      try configuration.checkUse(for: model)
      return try configuration.resolved(for: model)
    } catch {
      let options = [
        "target_modules": "--lora-targets", "exclude_modules": "--lora-exclude", "layers_to_transform": "--lora-layers",
        "rank_pattern": "--lora-rank-pattern", "alpha_pattern": "--lora-alpha-pattern", "r": "--lora-rank",
        "init_lora_weights": "--lora-init",
      ]
      throw CommandError("\(options[error.key] ?? error.key): expected \(error.expected), found \(error.found)")
    }
  }

  private static let targetNames = Projection.allCases.map(\.rawValue).joined(separator: ", ")

  private static func targets(from text: String) throws -> TargetModules.Names {
    let names = try names(from: text)
    guard case .list(let list) = names else { return names }
    for name in list {
      guard Projection(rawValue: name.split(separator: ".").last.map(String.init) ?? "") != nil else {
        throw ValidationError("\"\(name)\" is not one of \(targetNames)")
      }
    }
    return names
  }

  /// Names with commas between, or, where there is a character that names do not have, a regular expression.
  private static func names(from text: String) throws -> TargetModules.Names {
    if text.lowercased() == "all-linear" { return .allLinear }
    let isList = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.,- ".contains($0)) }
    guard isList else { return .pattern(text) }
    return .list(
      text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) })
  }

  private static func layers(from text: String) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).flatMap { part -> [Int] in
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
        Int($0.trimmingCharacters(in: .whitespaces))
      }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last, last < 4096
      else { throw ValidationError("\"\(part)\" is no layer and no range of layers") }
      return Array(first...last)
    }
  }

  private static func pair(from text: String) throws -> Pair {
    guard let equals = text.lastIndex(of: "="), equals != text.startIndex,
      let value = Double(text[text.index(after: equals)...]), value.isFinite
    else { throw ValidationError("\"\(text)\" is not of the form KEY=NUMBER") }
    return Pair(key: String(text[..<equals]), value: value)
  }
}
