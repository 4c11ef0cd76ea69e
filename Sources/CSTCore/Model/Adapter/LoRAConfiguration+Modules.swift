extension LoRAConfiguration {
  func scale(rank: Int, alpha: Double) -> Double {
    usesRSLoRA ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
  }

  /// The α with which another rank has the same scale.
  func alpha(_ alpha: Double, ofRank old: Int, asRank new: Int) -> Double {
    usesRSLoRA ? alpha * (Double(new) / Double(old)).squareRoot() : alpha * Double(new) / Double(old)
  }

  /// The modules with factors, layer by layer, in the order of the projections.
  func adaptedModules(layerCount: Int, _ projections: [Projection]) throws(LoRAConfigurationError) -> [LoRAModule] {
    let selection = if let modules { try ModuleSelection(modules) } else { ModuleSelection?.none }
    let (ranks, alphas) = (try rankPattern.lookup("rank_pattern"), try alphaPattern.lookup("alpha_pattern"))
    var found: [LoRAModule] = []
    for layer in 0..<layerCount {
      for projection in projections {
        let path = LoRAModule(layer: layer, projection: projection, rank: rank, alpha: alpha, scale: scale).path
        guard selection?.contains(path) ?? true else { continue }
        let (rank, alpha) = (ranks(path) ?? rank, alphas(path) ?? alpha)
        guard rank >= 1 else { throw LoRAConfigurationError("rank_pattern", "ranks of at least 1", "\(rank)") }
        guard alpha.isFinite else { throw LoRAConfigurationError("alpha_pattern", "finite numbers", "\(alpha)") }
        found.append(
          LoRAModule(
            layer: layer, projection: projection, rank: rank, alpha: alpha, scale: scale(rank: rank, alpha: alpha)))
      }
    }
    return found
  }

  /// This configuration as it is for a model: only targets that the model has and that get factors in some layer; no
  /// choice of modules where those are in every layer, whole paths otherwise; patterns that can be sorted. Configurations
  /// for the same modules with the same numbers become equal, whatever words they are in.
  package func resolved(for model: ModelConfiguration) throws(LoRAConfigurationError) -> LoRAConfiguration {
    let all = LoRAConfiguration()
    let paths = try all.adaptedModules(layerCount: model.layerCount, model.projections).map(\.path)
    try modules?.check(paths)
    let found = try adaptedModules(layerCount: model.layerCount, targets.filter(model.projections.contains))
    guard !found.isEmpty else {
      throw LoRAConfigurationError("target_modules", "at least one module", "none")
    }
    if initialization.changesBase {
      if usesDoRA { throw LoRAConfigurationError("init_lora_weights", "true with use_dora", initialization.name) }
      for module in found {
        let (outputs, inputs) = model.shape(of: module.projection)
        guard module.rank <= min(outputs, inputs) else {
          throw LoRAConfigurationError(
            "r", "at most \(min(outputs, inputs)) for \(module.path) with \(initialization.name)", "\(module.rank)")
        }
      }
    }
    var resolved = describing(found, layerCount: model.layerCount)
    resolved.rankPattern = try rankPattern.sorted(for: found.map { ($0.path, $0.rank) }, base: rank, "rank_pattern")
    resolved.alphaPattern = try alphaPattern.sorted(
      for: found.map { ($0.path, $0.alpha) }, base: alpha, "alpha_pattern")
    return resolved
  }

  /// Looks whether every key of a pattern, and everything that is left out, is a module's that would have factors.
  package func checkUse(for model: ModelConfiguration) throws(LoRAConfigurationError) {
    var all = self
    all.modules?.excluded = nil
    let paths = try all.adaptedModules(layerCount: model.layerCount, targets.filter(model.projections.contains))
      .map(\.path)
    let keys =
      rankPattern.entries.map { ("rank_pattern", $0.key) } + alphaPattern.entries.map { ("alpha_pattern", $0.key) }
    for (name, key) in keys {
      let expression = try ModuleExpression(ending: key, name)
      if !paths.contains(where: expression.matches) {
        throw LoRAConfigurationError(name, "keys of adapted modules", key)
      }
    }
    if let excluded = modules?.excluded {
      let parts: [TargetModules.Names] =
        if case .list(let names) = excluded { names.map { .list([$0]) } } else { [excluded] }
      for part in parts {
        let selection = try ModuleSelection(TargetModules(part))
        guard !paths.contains(where: selection.contains) else { continue }
        throw LoRAConfigurationError("exclude_modules", "some of the modules to adapt", "\(part)")
      }
    }
  }

  /// This configuration for just these modules, with their ranks and α, said by whole paths where they differ.
  func describing(_ found: [LoRAModule], layerCount: Int) -> LoRAConfiguration {
    var configuration = self
    configuration.targets = Projection.allCases.filter { target in found.contains { $0.projection == target } }
    configuration.modules =
      found.count == layerCount * configuration.targets.count ? nil : TargetModules(.list(found.map(\.path)))
    configuration.rankPattern = ModulePattern(found.filter { $0.rank != rank }.map { ($0.path, $0.rank) })
    configuration.alphaPattern = ModulePattern(found.filter { $0.alpha != alpha }.map { ($0.path, $0.alpha) })
    return configuration
  }

  /// This configuration with another rank and α for modules that no pattern names, for factors of the unchanged base.
  func with(rank: Int, alpha: Double) -> LoRAConfiguration {
    var configuration = LoRAConfiguration(
      rank: rank, alpha: alpha, dropout: dropout, targets: Set(targets),
      initialization: initialization.changesBase ? .kaimingUniform : initialization)
    configuration.modules = modules
    (configuration.usesRSLoRA, configuration.usesDoRA) = (usesRSLoRA, usesDoRA)
    return configuration
  }

  /// What is not usual about it, in words; empty for plain LoRA.
  package var forms: [String] {
    var forms: [String] = []
    if usesRSLoRA { forms.append("rsLoRA") }
    if usesDoRA { forms.append("DoRA") }
    if initialization.changesBase { forms.append("started by \(initialization.name)") }
    if case .list(let paths)? = modules?.included { forms.append("only " + paths.joined(separator: " ")) }
    let ranks = rankPattern.entries.map { "\($0.key)=\($0.value)" }
    if !ranks.isEmpty { forms.append("ranks " + ranks.joined(separator: " ")) }
    let alphas = alphaPattern.entries.map { "\($0.key)=\($0.value)" }
    if !alphas.isEmpty { forms.append("alphas " + alphas.joined(separator: " ")) }
    return forms
  }
}
