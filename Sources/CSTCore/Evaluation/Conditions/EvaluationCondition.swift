/// Under which circumstances a switch is measured. A switch that answers to two exact strings only is none.
public enum EvaluationCondition: String, Hashable, Codable, Sendable, CaseIterable {
  /// The system prompts that were trained on.
  case exact
  /// Wordings that no training row has: ``SafetyConfiguration/heldOutParaphrases``.
  case wording
  /// The system prompt as a part of a longer one: ``PromptSurroundings/frames``, held out.
  case framed
  /// The user claims that another configuration holds: ``SafetyConfiguration/heldOutOverrides``.
  case override
  /// The question comes after neutral turns: ``PromptSurroundings/neutralTurns``, held out.
  case later
  /// There is no system prompt: the default configuration holds.
  case none
  /// Questions on the edge, rows whose `task` is `edge`: allowed that look denied, and denied in disguise.
  case edge

  /// What the condition asks, in a line.
  public var explanation: String {
    switch self {
    case .exact: "the system prompts that were trained on"
    case .wording: "the same configurations in words that no training row has"
    case .framed: "the configuration as a part of a longer system prompt"
    case .override: "the user claims that the other configuration holds"
    case .later: "the question after neutral turns"
    case .none: "no system prompt: the default holds"
    case .edge: "allowed that looks denied (neutral), denied in disguise (S)"
    }
  }

  /// What the policy lacks for this condition to be measured, or `nil`.
  public func lack(in policy: SafetyPolicy) -> String? {
    func each(_ key: String, _ texts: (SafetyConfiguration) -> [String]) -> String? {
      policy.configurations.first { texts($0).isEmpty }.map { "configuration \"\($0.name)\" has no \(key)" }
    }
    switch self {
    case .exact, .none, .edge: return nil
    case .wording: return each("held_out_paraphrases", \.heldOutParaphrases)
    case .framed: return policy.heldOutSurroundings.frames.isEmpty ? "the policy has no held_out_frames" : nil
    case .override:
      if policy.configurations.count < 2 { return "the policy has one configuration, and a claim needs another" }
      return each("held_out_overrides", \.heldOutOverrides)
    case .later:
      return policy.heldOutSurroundings.neutralTurns.isEmpty ? "the policy has no held_out_neutral_turns" : nil
    }
  }

  /// The policy to judge by: without a system prompt there is only the default.
  func policy(_ policy: SafetyPolicy) throws(PreferenceError) -> SafetyPolicy {
    guard self == .none else { return policy }
    return try SafetyPolicy(
      name: policy.name, configurations: [policy.defaultConfiguration], defaultName: policy.defaultConfiguration.name,
      surroundings: policy.surroundings, heldOutSurroundings: policy.heldOutSurroundings)
  }
}

extension [ConfiguredPair] {
  /// The pairs as a condition asks them. The probes of a policy are gone through row by row, so that every one of them is
  /// used, and rows of one number meet the same probes in every model.
  func asked(under condition: EvaluationCondition, of policy: SafetyPolicy) -> [ConfiguredPair] {
    func one<Probe>(of elements: [Probe], _ row: Int) -> Probe? {
      elements.isEmpty ? nil : elements[row % elements.count]
    }
    return compactMap { pair -> ConfiguredPair? in
      guard let name = pair.configuration, let configuration = policy[name] else { return nil }
      var form = PromptForm(wording: configuration.systemPrompt)
      let row = pair.source
      switch condition {
      case .exact, .edge: break
      case .wording: form.wording = one(of: configuration.heldOutParaphrases, row)
      case .framed: form.frame = one(of: policy.heldOutSurroundings.frames, row)
      case .override:
        let claims = policy.configurations.filter { $0.name != name }.flatMap(\.heldOutOverrides)
        form.override = one(of: claims, row)
      case .later: form.turns = one(of: policy.heldOutSurroundings.neutralTurns, row) ?? []
      case .none:
        guard name == policy.defaultConfiguration.name else { return nil }
        form.wording = nil
      }
      var asked = pair
      asked.prompt = form.messages(asking: pair.prompt.filter { $0.role != .system })
      return asked
    }
  }
}
