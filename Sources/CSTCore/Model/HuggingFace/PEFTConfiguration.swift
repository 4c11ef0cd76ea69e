import Foundation

/// The part of PEFT's `adapter_config.json` that this project writes, and reads back from its checkpoints.
struct PEFTConfiguration: Codable {
  var peftType: String
  var rank: Int
  var alpha: Double
  var dropout: Double?
  /// Names or whole paths of the modules that have factors; `nil` for all that there are.
  var targetModules: [String]?
  var rankPattern: [String: Int]?
  var alphaPattern: [String: Double]?
  /// In checkpoints only: adapters are written with factors for the unchanged weights.
  var initialization: String?
  var bias: String?
  var usesRankStabilizedScale: Bool?
  var usesDoRA: Bool?
  var fanInFanOut: Bool?
  var taskType: String?
  var baseModelName: String?
  var inferenceMode: Bool?

  private enum CodingKeys: String, CodingKey {
    case peftType = "peft_type"
    case rank = "r"
    case alpha = "lora_alpha"
    case dropout = "lora_dropout"
    case targetModules = "target_modules"
    case rankPattern = "rank_pattern"
    case alphaPattern = "alpha_pattern"
    case initialization = "init_lora_weights"
    case bias
    case usesRankStabilizedScale = "use_rslora"
    case usesDoRA = "use_dora"
    case fanInFanOut = "fan_in_fan_out"
    case taskType = "task_type"
    case baseModelName = "base_model_name_or_path"
    case inferenceMode = "inference_mode"
  }

  /// The configuration file for an adapter, whose configuration is resolved for its model.
  init(_ configuration: LoRAConfiguration, baseModelName: String) {
    peftType = "LORA"
    rank = configuration.rank
    alpha = configuration.alpha
    dropout = configuration.dropout
    if case .list(let paths)? = configuration.modules?.included {
      targetModules = paths
    } else {
      targetModules = configuration.targets.map(\.rawValue)
    }
    let (ranks, alphas) = (configuration.rankPattern.entries, configuration.alphaPattern.entries)
    rankPattern = ranks.isEmpty ? nil : Dictionary(ranks.map { ($0.key, $0.value) }) { first, _ in first }
    alphaPattern = alphas.isEmpty ? nil : Dictionary(alphas.map { ($0.key, $0.value) }) { first, _ in first }
    initialization = configuration.initialization.changesBase ? configuration.initialization.name : nil
    bias = "none"
    usesRankStabilizedScale = configuration.usesRSLoRA
    usesDoRA = configuration.usesDoRA
    fanInFanOut = false
    taskType = "CAUSAL_LM"
    self.baseModelName = baseModelName
    inferenceMode = true
  }

  /// The configuration that was written.
  func loraConfiguration(for model: ModelConfiguration, file: URL) throws -> LoRAConfiguration {
    let sorted = { (ranks: [String: Int]) in ranks.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) } }
    let alphas = (alphaPattern ?? [:]).sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
    guard peftType == "LORA", rank >= 1, alpha.isFinite, (0..<1).contains(dropout ?? 0) else {
      throw FormatError(
        .badValue, file: file.path, at: .key(CodingKeys.rank.rawValue), expected: "a rank, an α and a dropout of LoRA",
        found: "\(peftType), \(rank), \(alpha), \(dropout ?? 0)")
    }
    var configuration = LoRAConfiguration(rank: rank, alpha: alpha, dropout: dropout ?? 0)
    configuration.modules = targetModules.map { TargetModules(.list($0)) }
    configuration.rankPattern = ModulePattern(sorted(rankPattern ?? [:]))
    configuration.alphaPattern = ModulePattern(alphas)
    configuration.usesRSLoRA = usesRankStabilizedScale ?? false
    configuration.usesDoRA = usesDoRA ?? false
    configuration.initialization = try PEFTFile.initialization(initialization.map { .string($0) }, file: file.path)
    do { return try configuration.resolved(for: model) } catch {
      throw error.formatError(in: file.path)
    }
  }
}

extension LoRAConfigurationError {
  func formatError(in file: String) -> FormatError {
    FormatError(.badValue, file: file, at: .key(key), expected: expected, found: found)
  }
}
