import Foundation

/// The part of PEFT's `adapter_config.json` that this project understands; features it lacks are refused by name.
struct PEFTConfiguration: Codable {
  var peftType: String
  var rank: Int
  var alpha: Double
  var dropout: Double?
  /// Which modules have factors; `nil` for all that there are.
  var targetModules: [String]?
  var bias: String?
  var usesRankStabilizedScale: Bool?
  var usesDoRA: Bool?
  var fanInFanOut: Bool?
  var taskType: String?
  var baseModelName: String?
  var inferenceMode: Bool?

  /// Features that are refused unless they are off: `null`, `false` or empty.
  private static let otherFeatures = [
    "alora_invocation_tokens", "alpha_pattern", "arrow_config", "exclude_modules", "kasa_config", "layer_replication",
    "layers_to_transform", "lora_bias", "modules_to_save", "monteclora_config", "rank_pattern", "target_parameters",
    "trainable_token_indices", "use_bdlora", "use_qalora", "velora_config",
  ]

  private enum CodingKeys: String, CodingKey {
    case peftType = "peft_type"
    case rank = "r"
    case alpha = "lora_alpha"
    case dropout = "lora_dropout"
    case targetModules = "target_modules"
    case bias
    case usesRankStabilizedScale = "use_rslora"
    case usesDoRA = "use_dora"
    case fanInFanOut = "fan_in_fan_out"
    case taskType = "task_type"
    case baseModelName = "base_model_name_or_path"
    case inferenceMode = "inference_mode"
  }

  /// The configuration file for an adapter.
  init(_ configuration: LoRAConfiguration, baseModelName: String) {
    peftType = "LORA"
    rank = configuration.rank
    alpha = configuration.alpha
    dropout = configuration.dropout
    targetModules = configuration.targets.map(\.rawValue)
    bias = "none"
    usesRankStabilizedScale = false
    usesDoRA = false
    fanInFanOut = false
    taskType = "CAUSAL_LM"
    self.baseModelName = baseModelName
    inferenceMode = true
  }

  init(contentsOf file: URL) throws {
    let object: JSONObject
    do { object = try JSONObject(contentsOf: file) } catch let error as FormatError where error.reason == .unreadable {
      throw FormatError(
        .unreadable, file: file.path, expected: "an adapter folder with adapter_config.json",
        found: FileManager.default.fileExists(atPath: file.path) ? "a file that cannot be opened" : "no such file")
    }
    for feature in Self.otherFeatures where !Self.isOff(object[feature]) {
      throw object.error(feature, expected: "nothing: this feature is not supported")
    }
    let members = KeyedObject<CodingKeys>(object: object)
    peftType = try members.string(.peftType)
    rank = try members.integer(.rank)
    alpha = try members.number(.alpha)
    dropout = try members.numberIfPresent(.dropout)
    if case .string(let text)? = object[CodingKeys.targetModules.rawValue] {
      guard text == "all-linear" else {
        throw members.error(
          .targetModules, expected: "a list of modules, or all-linear", found: "the pattern \"\(text)\"")
      }
    } else {
      guard let names = try members.stringsIfPresent(.targetModules) else {
        throw members.error(.targetModules, expected: "a list of modules, or all-linear")
      }
      targetModules = names
    }
    bias = try members.stringIfPresent(.bias)
    usesRankStabilizedScale = try members.booleanIfPresent(.usesRankStabilizedScale)
    usesDoRA = try members.booleanIfPresent(.usesDoRA)
    fanInFanOut = try members.booleanIfPresent(.fanInFanOut)
  }

  /// Whether the value of a feature says that it is not used.
  private static func isOff(_ value: JSONValue?) -> Bool { value.map { [.bool(false), [], [:]].contains($0) } ?? true }

  func loraConfiguration(for model: ModelConfiguration, file: URL) throws -> LoRAConfiguration {
    func refuse(_ key: CodingKeys, expected: String, found: String) -> FormatError {
      FormatError(.badValue, file: file.path, at: .key(key.rawValue), expected: expected, found: found)
    }
    guard peftType == "LORA" else { throw refuse(.peftType, expected: "LORA", found: peftType) }
    guard rank >= 1 else { throw refuse(.rank, expected: "at least 1", found: "\(rank)") }
    guard alpha.isFinite else { throw refuse(.alpha, expected: "a finite number", found: "\(alpha)") }
    guard (0..<1).contains(dropout ?? 0) else {
      throw refuse(.dropout, expected: "0 or more and below 1", found: "\(dropout ?? 0)")
    }
    guard bias ?? "none" == "none" else { throw refuse(.bias, expected: "none", found: bias ?? "") }
    for (key, value) in [
      (CodingKeys.usesRankStabilizedScale, usesRankStabilizedScale), (.usesDoRA, usesDoRA), (.fanInFanOut, fanInFanOut),
    ] where value == true {
      throw refuse(key, expected: "false: this feature is not supported", found: "true")
    }
    var targets: Set<Projection> = []
    let names = model.projections.map(\.rawValue).joined(separator: ", ")
    for module in targetModules ?? model.projections.map(\.rawValue) {
      guard let target = model.projections.first(where: { $0.rawValue == module || $0.modulePath == module }) else {
        throw refuse(.targetModules, expected: "some of \(names)", found: module)
      }
      targets.insert(target)
    }
    guard !targets.isEmpty else { throw refuse(.targetModules, expected: "at least one module", found: "none") }
    return LoRAConfiguration(rank: rank, alpha: alpha, dropout: dropout ?? 0, targets: targets)
  }
}
