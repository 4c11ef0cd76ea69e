import CSTCore

/// How a policy's preference data is generated: the prompts of every stage, and which configuration drafts.
///
/// In a policy file, under `synthesis`:
/// ```json
/// {"draft_under": "direct",
///  "critique": "Where does your answer depart from this: {{principles}}",
///  "revision": {"cautious": "Rewrite it: decline kindly …", "*": "Rewrite it by these principles: {{principles}}"}}
/// ```
/// A stage that is not mentioned has a default. A stage's prompt is a text, a list of messages, or an object of either by
/// configuration name, `*` standing for those not named.
package struct SynthesisPrompts: Hashable, Sendable {
  /// A stage's prompts by configuration name, and the one for those not named.
  struct Choice: Hashable, Sendable {
    var byConfiguration: [String: StagePrompt] = [:]
    var general: StagePrompt?
  }

  /// The configuration under whose system prompt drafts are written; where `nil`, the first that is not the default.
  package var draftConfiguration: String?
  private(set) var stages: [SynthesisStage: Choice] = [:]

  package init() {}

  /// The prompt of a stage on the way to a configuration's answer.
  /// - Parameter hasRubric: Whether the defaults may speak of a rubric.
  func prompt(_ stage: SynthesisStage, for configuration: String?, hasRubric: Bool) -> StagePrompt {
    let choice = stages[stage]
    if let configuration, let own = choice?.byConfiguration[configuration] { return own }
    return choice?.general ?? DefaultStagePrompts.prompt(stage, hasRubric: hasRubric)
  }

  func check(names: Set<String>, hasRubric: Bool) throws(PreferenceError) {
    if let draftConfiguration, !names.contains(draftConfiguration) {
      throw .invalidPolicy(
        "\"draft_under\" names \"\(draftConfiguration)\"; its configurations are \(PreferenceError.list(names.sorted()))"
      )
    }
    for (stage, choice) in stages {
      if choice.byConfiguration.isEmpty, choice.general == nil {
        throw .invalidPolicy("the synthesis prompt \"\(stage.rawValue)\" is empty")
      }
      if stage.isFreshConversation, let name = choice.byConfiguration.keys.min() {
        throw .invalidPolicy(
          "the synthesis prompt \"\(stage.rawValue)\" is for \"\(name)\"; "
            + "the judge is asked about all configurations at once, so give one prompt")
      }
      if let name = choice.byConfiguration.keys.filter({ !names.contains($0) }).min() {
        throw .invalidPolicy(
          "the synthesis prompt \"\(stage.rawValue)\" is for \"\(name)\"; "
            + "its configurations are \(PreferenceError.list(names.sorted()))")
      }
      let prompts = choice.byConfiguration.values + [choice.general].compactMap { $0 }
      if !hasRubric, let placeholder = prompts.flatMap(\.placeholders).first(where: { $0 == .criteria || $0 == .level })
      {
        throw .invalidPolicy(
          "the synthesis prompt \"\(stage.rawValue)\" mentions {{\(placeholder.rawValue)}}, and the policy has no rubric"
        )
      }
    }
  }
}

extension SynthesisPrompts: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case draftConfiguration = "draft_under"
    case draft, critique, revision
    case misplacedRefusal = "misplaced_refusal"
    case adherence, relevance, description
  }

  /// Reads the JSON form shown above. Unknown stages are refused.
  package init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(known: Key.self, in: "\"synthesis\"")
    let fields = try decoder.container(keyedBy: Key.self)
    draftConfiguration = try fields.decodeIfPresent(String.self, forKey: .draftConfiguration)
    for stage in SynthesisStage.allCases {
      guard let key = Key(rawValue: stage.rawValue) else { continue }
      stages[stage] = try fields.decodeIfPresent(Choice.self, forKey: key)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encodeIfPresent(draftConfiguration, forKey: .draftConfiguration)
    for (stage, choice) in stages {
      guard let key = Key(rawValue: stage.rawValue) else { continue }
      try fields.encode(choice, forKey: key)
    }
  }
}

extension SynthesisPrompts.Choice: Codable {
  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    guard (try? decoder.container(keyedBy: AnyKey.self)) != nil else {
      general = try value.decode(StagePrompt.self)
      return
    }
    byConfiguration = try value.decode([String: StagePrompt].self)
    general = byConfiguration.removeValue(forKey: PreferencePair.everyConfigurationMark)
  }

  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    if byConfiguration.isEmpty {
      try value.encode(general)
    } else {
      var all = byConfiguration
      all[PreferencePair.everyConfigurationMark] = general
      try value.encode(all)
    }
  }
}
