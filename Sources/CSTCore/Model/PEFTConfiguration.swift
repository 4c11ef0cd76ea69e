import Foundation

/// The part of PEFT's `adapter_config.json` that this project understands; features it lacks are refused by name.
struct PEFTConfiguration: Codable {
  var peftType: String
  var rank: Int
  var alpha: Double
  var dropout: Double?
  var targetModules: TargetModules
  var bias: String?
  var usesRankStabilizedScale: Bool?
  var usesDoRA: Bool?
  var fanInFanOut: Bool?
  var modulesToSave: [String]?
  var rankPattern: [String: Int]?
  var alphaPattern: [String: Double]?
  var layersToTransform: [Int]?
  var taskType: String?
  var baseModelName: String?
  var inferenceMode: Bool?

  /// Which modules have factors: their names, or one text that stands for several.
  enum TargetModules: Codable, Equatable {
    case names([String])
    case text(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let text = try? value.decode(String.self) {
        self = .text(text)
      } else {
        self = .names(try value.decode([String].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var value = encoder.singleValueContainer()
      switch self {
      case .names(let names): try value.encode(names)
      case .text(let text): try value.encode(text)
      }
    }
  }

  /// Features that are refused unless they are off: `null`, `false` or empty.
  private static let otherFeatures = [
    "alora_invocation_tokens", "arrow_config", "exclude_modules", "kasa_config", "layer_replication", "lora_bias",
    "monteclora_config", "target_parameters", "trainable_token_indices", "use_bdlora", "use_qalora", "velora_config",
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
    case modulesToSave = "modules_to_save"
    case rankPattern = "rank_pattern"
    case alphaPattern = "alpha_pattern"
    case layersToTransform = "layers_to_transform"
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
    targetModules = .names(configuration.targets.map(\.rawValue))
    bias = "none"
    usesRankStabilizedScale = false
    usesDoRA = false
    fanInFanOut = false
    taskType = "CAUSAL_LM"
    self.baseModelName = baseModelName
    inferenceMode = true
  }

  /// Reads `adapter_config.json`.
  /// - Throws: ``FormatError`` naming the file and the key.
  init(contentsOf file: URL) throws {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw FormatError(
        .unreadable, file: file.path, expected: "an adapter folder with adapter_config.json",
        found: FileManager.default.fileExists(atPath: file.path) ? "a file that cannot be opened" : "no such file")
    }
    let object = try JSONObject(contentsOf: file)
    let off: [JSONValue] = [.bool(false), [], [:]]
    for feature in Self.otherFeatures {
      guard let value = object[feature], !off.contains(value) else { continue }
      throw object.error(feature, expected: "nothing: this feature is not supported")
    }
    do { self = try JSONDecoder().decodeChecked(from: data) } catch let problem as JSONProblem {
      throw problem.error(in: file.path, expected: "PEFT's LoRA configuration")
    }
  }

  /// The configuration of an adapter for `model`.
  /// - Throws: ``FormatError`` for what cannot be represented, by key.
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
    for (key, isEmpty) in [
      (CodingKeys.modulesToSave, modulesToSave?.isEmpty), (.rankPattern, rankPattern?.isEmpty),
      (.alphaPattern, alphaPattern?.isEmpty), (.layersToTransform, layersToTransform?.isEmpty),
    ] where isEmpty == false {
      throw refuse(key, expected: "nothing: this feature is not supported", found: "a value")
    }
    var targets: Set<Projection> = []
    let names = model.projections.map(\.rawValue).joined(separator: ", ")
    switch targetModules {
    case .text("all-linear"): targets = Set(model.projections)
    case .text(let pattern):
      throw refuse(.targetModules, expected: "a list of modules, or all-linear", found: "the pattern \"\(pattern)\"")
    case .names(let modules):
      for module in modules {
        guard let target = model.projections.first(where: { $0.rawValue == module || $0.modulePath == module }) else {
          throw refuse(.targetModules, expected: "some of \(names)", found: module)
        }
        targets.insert(target)
      }
    }
    guard !targets.isEmpty else { throw refuse(.targetModules, expected: "at least one module", found: "none") }
    return LoRAConfiguration(rank: rank, alpha: alpha, dropout: dropout ?? 0, targets: targets)
  }
}
