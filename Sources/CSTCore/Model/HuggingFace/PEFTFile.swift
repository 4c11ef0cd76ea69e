import Foundation

/// PEFT's `adapter_config.json` as others write it: what changes numbers is done or refused by name.
struct PEFTFile {
  private let object: JSONObject

  /// Keys that say nothing about the numbers of an adapter: where it came from, how it is to be trained, or how a start
  /// that ``initialization(_:file:)`` decides about was made.
  private static let harmless: Set<String> = [
    "auto_mapping", "base_model_name_or_path", "corda_config", "enable_lora", "ensure_weight_tying", "eva_config",
    "inference_mode", "loftq_config", "lora_ga_config", "megatron_core", "merge_weights", "peft_version",
    "qalora_group_size", "revision", "runtime_config", "task_type",
  ]
  private static let understood: Set<String> = [
    "alpha_pattern", "bias", "exclude_modules", "fan_in_fan_out", "init_lora_weights", "layers_pattern",
    "layers_to_transform", "lora_alpha", "lora_dropout", "peft_type", "r", "rank_pattern", "target_modules", "use_dora",
    "use_rslora",
  ]

  /// - Throws: `FormatError` for a file that cannot be read, and for features that are not supported unless they are off:
  ///   `null`, `false` or empty.
  init(contentsOf file: URL) throws {
    do { object = try JSONObject(contentsOf: file) } catch let error as FormatError where error.reason == .unreadable {
      throw FormatError(
        .unreadable, file: file.path, expected: "an adapter folder with adapter_config.json",
        found: FileManager.default.fileExists(atPath: file.path) ? "a file that cannot be opened" : "no such file")
    }
    for key in object.keys where !Self.harmless.contains(key) && !Self.understood.contains(key) {
      guard let value = object[key], ![.bool(false), [], [:], .string("")].contains(value) else { continue }
      throw object.error(key, expected: "nothing: this feature is not supported")
    }
  }

  /// - Throws: `FormatError` naming the key that is wrong, not supported, or none of this model's.
  func loraConfiguration(for model: ModelConfiguration) throws -> LoRAConfiguration {
    let type = try object.string("peft_type")
    guard type == "LORA" else { throw object.error("peft_type", expected: "LORA", found: type) }
    let (rank, alpha) = (try object.integer("r"), try object.number("lora_alpha"))
    guard rank >= 1 else { throw object.error("r", expected: "at least 1", found: "\(rank)") }
    guard alpha.isFinite else { throw object.error("lora_alpha", expected: "a finite number", found: "\(alpha)") }
    let dropout = try object.numberIfPresent("lora_dropout") ?? 0
    guard (0..<1).contains(dropout) else {
      throw object.error("lora_dropout", expected: "0 or more and below 1", found: "\(dropout)")
    }
    let bias = try object.stringIfPresent("bias") ?? "none"
    guard bias == "none" else { throw object.error("bias", expected: "none", found: bias) }
    guard try object.booleanIfPresent("fan_in_fan_out") != true else {
      throw object.error("fan_in_fan_out", expected: "false: this feature is not supported", found: "true")
    }
    var configuration = LoRAConfiguration(rank: rank, alpha: alpha, dropout: dropout)
    configuration.modules = try targetModules()
    configuration.rankPattern = try pattern("rank_pattern", "a whole number", \.integer)
    configuration.alphaPattern = try pattern("alpha_pattern", "a number", \.double)
    configuration.usesRSLoRA = try object.booleanIfPresent("use_rslora") ?? false
    configuration.usesDoRA = try object.booleanIfPresent("use_dora") ?? false
    configuration.initialization = try Self.initialization(object["init_lora_weights"], file: object.file)
    do { return try configuration.resolved(for: model) } catch {
      throw error.formatError(in: object.file)
    }
  }

  private func targetModules() throws -> TargetModules {
    guard let included = try names("target_modules", allowsAll: true) else {
      throw object.error("target_modules", expected: "a list of modules, a pattern, or all-linear")
    }
    var modules = TargetModules(included, excluding: try names("exclude_modules", allowsAll: false))
    modules.layers = try object.integersIfPresent("layers_to_transform")
    if modules.layers == [] { modules.layers = nil }
    if case .list = included {
    } else if modules.layers != nil {
      throw object.error("layers_to_transform", expected: "nothing beside a pattern of modules")
    }
    if let pattern = object["layers_pattern"]?.string {
      modules.layersPattern = pattern.isEmpty ? [] : [pattern]
    } else {
      modules.layersPattern = try object.stringsIfPresent("layers_pattern") ?? []
    }
    return modules
  }

  private func names(_ key: String, allowsAll: Bool) throws -> TargetModules.Names? {
    if case .string(let text)? = object[key] {
      if text.isEmpty { return nil }
      return allowsAll && text.lowercased() == "all-linear" ? .allLinear : .pattern(text)
    }
    let names = try object.stringsIfPresent(key)
    return names?.isEmpty == true && !allowsAll ? nil : names.map { .list($0) }
  }

  /// A pattern in the order of the file.
  private func pattern<Value>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> Value?
  ) throws -> ModulePattern<Value> {
    guard let members = try object.objectIfPresent(key)?.members else { return [:] }
    return ModulePattern(
      try members.map { name, value in
        guard let converted = convert(value) else {
          throw object.error("\(key).\(name)", expected: expected, found: "\(value)")
        }
        return (name, converted)
      })
  }

  /// What the factors began with, as far as it says something about the base.
  /// - Throws: `FormatError` for a start that changes the base in a way that is not the weights' alone.
  static func initialization(_ value: JSONValue?, file: String) throws -> LoRAInitialization {
    switch value {
    case nil, .bool?: return .kaimingUniform
    case .string(let name)?:
      switch name.lowercased() {
      case "gaussian", "eva", "orthogonal", "mica": return .kaimingUniform
      case "pissa": return .pissa
      case "olora": return .olora
      default:
        throw FormatError(
          .badValue, file: file, at: .key("init_lora_weights"),
          expected:
            "a start that leaves the base's weights as they are (true, false, gaussian, eva, orthogonal, mica), "
            + "pissa or olora", found: name,
          advice: "have PEFT convert the adapter: save_pretrained(…, path_initial_model_for_weight_conversion=…), "
            + "or merge it with merge_and_unload()")
      }
    case let other?:
      throw FormatError(
        .wrongType, file: file, at: .key("init_lora_weights"), expected: "true, false or a name", found: "\(other)")
    }
  }
}
