import Foundation

/// The configurations a model can be switched between, in order, one of them the default.
///
/// ```json
/// {
///   "name": "advice",
///   "default": "cautious",
///   "configurations": [
///     {"name": "cautious", "system": "Do not give medical advice.", "expects": "refusal"},
///     {"name": "direct", "system": "Answer fully.", "expects": "answer"}
///   ]
/// }
/// ```
///
/// A policy is always valid: it has at least one configuration, names are unique, not empty and not `*` (which data rows
/// use for "every configuration"), no wording of a system prompt (paraphrases included) belongs to two configurations,
/// none is empty, and the default exists. Its file may also have `slots`, `frames`, `held_out_frames`, `neutral_turns` and
/// `held_out_neutral_turns`, see ``PromptSurroundings``. What a file says about generating data, under `rubric` and `synthesis`, is
/// kept and written back as it is; the module CSTData reads it.
public struct SafetyPolicy: Hashable, Sendable {
  /// What the policy is called in reports.
  public let name: String
  /// The configurations in the order of the file. Everything derived from a policy follows this order.
  public let configurations: [SafetyConfiguration]
  /// What stands around configurations and questions in training.
  public let surroundings: PromptSurroundings
  /// The same for measuring; never trained on.
  public let heldOutSurroundings: PromptSurroundings
  /// What the file says to other modules, by key.
  package var extensions: [String: JSONValue] = [:]
  /// The position of the default in ``configurations``.
  private let defaultIndex: Int

  /// The configuration that applies where nobody chose one.
  public var defaultConfiguration: SafetyConfiguration { configurations[defaultIndex] }

  /// Creates a policy.
  ///
  /// - Throws: ``PreferenceError`` with reason `invalidPolicy` if the configurations break a rule above.
  public init(
    name: String, configurations: [SafetyConfiguration], defaultName: String
  ) throws(PreferenceError) {
    try self.init(
      name: name, configurations: configurations, defaultName: defaultName, surroundings: PromptSurroundings(),
      heldOutSurroundings: PromptSurroundings())
  }

  /// Creates a policy that says what stands around its configurations and questions, too.
  ///
  /// - Throws: ``PreferenceError`` with reason `invalidPolicy` if the configurations or the surroundings break a rule above.
  public init(
    name: String, configurations: [SafetyConfiguration], defaultName: String, surroundings: PromptSurroundings,
    heldOutSurroundings: PromptSurroundings
  ) throws(PreferenceError) {
    guard !configurations.isEmpty else { throw .invalidPolicy("it has no configurations; give at least one") }
    var names: Set<String> = []
    var prompts: [String: String] = [:]
    for (position, configuration) in configurations.enumerated() {
      let name = configuration.name
      guard !name.allSatisfy(\.isWhitespace) else {
        throw .invalidPolicy("configurations[\(position)] has an empty name")
      }
      guard name != PreferencePair.everyConfigurationMark else {
        throw .invalidPolicy("configurations[\(position)] is named \"*\", which data rows use for every configuration")
      }
      guard names.insert(name).inserted else {
        throw .invalidPolicy("configurations[\(position)] is a second one named \"\(name)\"; names must differ")
      }
      guard !configuration.systemPrompt.allSatisfy(\.isWhitespace) else {
        throw .invalidPolicy("configuration \"\(name)\" has an empty system prompt, so nothing would switch it on")
      }
      if (configuration.principles + configuration.paraphrases + configuration.heldOutParaphrases).contains(where: {
        $0.allSatisfy(\.isWhitespace)
      }) {
        throw .invalidPolicy("configuration \"\(name)\" has an empty principle or paraphrase; remove it")
      }
      if let other = prompts.updateValue(name, forKey: configuration.systemPrompt) {
        throw .invalidPolicy(
          "\"\(other)\" and \"\(name)\" have the same system prompt, so no model can tell them apart")
      }
    }
    try Self.checkWordings(of: configurations, slots: surroundings.slots, prompts: &prompts)
    for problem in [surroundings.problem(""), heldOutSurroundings.problem("held_out_")] {
      if let problem { throw .invalidPolicy(problem) }
    }
    guard let defaultIndex = configurations.firstIndex(where: { $0.name == defaultName }) else {
      let known = PreferenceError.list(configurations.map(\.name))
      throw .invalidPolicy("the default \"\(defaultName)\" is not one of its configurations: \(known)")
    }
    self.name = name
    self.configurations = configurations
    self.defaultIndex = defaultIndex
    self.surroundings = surroundings
    self.heldOutSurroundings = heldOutSurroundings
  }

  /// - Parameter prompts: System prompts with the names of their configurations; gets the paraphrases too.
  private static func checkWordings(
    of configurations: [SafetyConfiguration], slots: [String: [String]], prompts: inout [String: String]
  ) throws(PreferenceError) {
    for configuration in configurations {
      let name = configuration.name
      for text in configuration.paraphrases + configuration.heldOutParaphrases {
        if let other = prompts.updateValue(name, forKey: text), other != name {
          throw .invalidPolicy(
            "a paraphrase of \"\(name)\" is a system prompt or paraphrase of \"\(other)\" too, so no model can tell them apart"
          )
        }
      }
      for (position, template) in configuration.paraphraseTemplates.enumerated() {
        guard let problem = WordingTemplate.problem(with: template, slots: slots) else { continue }
        throw .invalidPolicy("configuration \"\(name)\": paraphrase_templates[\(position)] \(problem)")
      }
      for (key, templates) in [
        ("overrides", configuration.overrides), ("held_out_overrides", configuration.heldOutOverrides),
      ] {
        for (position, template) in templates.enumerated() {
          guard let problem = PromptSurroundings.problem(with: template, place: PromptSurroundings.promptPlace) else {
            continue
          }
          throw .invalidPolicy("configuration \"\(name)\": \(key)[\(position)] \(problem)")
        }
      }
    }
  }

  /// Reads a policy from a JSON file.
  ///
  /// Unknown keys are refused, so that a misspelt one cannot be lost; `description` is free text and allowed everywhere.
  ///
  /// - Throws: ``PreferenceError`` naming the file and the field: `unreadableFile`, `malformedPolicy` or `invalidPolicy`.
  public init(contentsOf file: URL) throws(PreferenceError) {
    try self.init(contentsOf: file, checking: { _ in })
  }

  /// The same, for a module that looks at its part of the file first. What `check` throws is told as the file's.
  package init(contentsOf file: URL, checking check: (Data) throws -> Void) throws(PreferenceError) {
    do {
      let data = try Data(contentsOf: file)
      try check(data)
      self = try JSONDecoder().decodeChecked(from: data)
    } catch let error as PreferenceError {
      throw error.inFile(file)
    } catch let problem as JSONProblem {
      throw PreferenceError(reason: .malformedPolicy, detail: problem.description).inFile(file)
    } catch {
      throw PreferenceError(reason: .unreadableFile, detail: UnreadableFile.problem(of: file, error)).inFile(file)
    }
  }

  /// The configuration of a name, or `nil` if the policy has none of it.
  ///
  /// Use ``configuration(named:)`` where the name comes from outside: its error lists the names there are.
  public subscript(name: String) -> SafetyConfiguration? {
    configurations.first { $0.name == name }
  }

  /// The configuration of a name.
  ///
  /// - Throws: ``PreferenceError`` with reason `unknownConfiguration`, naming the configurations there are.
  public func configuration(named name: String) throws(PreferenceError) -> SafetyConfiguration {
    guard let configuration = self[name] else {
      throw PreferenceError(
        reason: .unknownConfiguration,
        detail:
          "\"\(name)\" is not in the policy \"\(self.name)\"; it has \(PreferenceError.list(configurations.map(\.name)))"
      )
    }
    return configuration
  }

  /// The configuration whose system prompt, or one of whose paraphrases, is exactly this text, or `nil`.
  public func configuration(withSystemPrompt text: String) -> SafetyConfiguration? {
    configurations.first { $0.systemPrompt == text || $0.paraphrases.contains(text) }
  }
}

extension SafetyPolicy: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case name, `default`, configurations, slots, frames
    case heldOutFrames = "held_out_frames"
    case neutralTurns = "neutral_turns"
    case heldOutNeutralTurns = "held_out_neutral_turns"
    case rubric, synthesis, description
  }

  /// The keys that another module reads. Any other that is unknown here is refused, because nobody would.
  private static let extensionKeys: [Key] = [.rubric, .synthesis]

  /// Reads the JSON form shown above.
  ///
  /// - Throws: `DecodingError` for the form, ``PreferenceError`` for the rules.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(known: Key.self, in: "a policy")
    let fields = try decoder.container(keyedBy: Key.self)
    try self.init(
      name: fields.decode(String.self, forKey: .name),
      configurations: fields.decode([SafetyConfiguration].self, forKey: .configurations),
      defaultName: fields.decode(String.self, forKey: .default),
      surroundings: Self.surroundings(in: fields, frames: .frames, turns: .neutralTurns, slots: .slots),
      heldOutSurroundings: Self.surroundings(in: fields, frames: .heldOutFrames, turns: .heldOutNeutralTurns))
    for key in Self.extensionKeys {
      extensions[key.stringValue] = try fields.decodeIfPresent(JSONValue.self, forKey: key)
    }
  }

  private static func surroundings(
    in fields: KeyedDecodingContainer<Key>, frames: Key, turns: Key, slots: Key? = nil
  ) throws -> PromptSurroundings {
    PromptSurroundings(
      frames: try fields.decodeIfPresent([String].self, forKey: frames) ?? [],
      neutralTurns: try fields.decodeIfPresent([[Message]].self, forKey: turns) ?? [],
      slots: try slots.flatMap { try fields.decodeIfPresent([String: [String]].self, forKey: $0) } ?? [:])
  }

  /// Writes the JSON form shown above.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(name, forKey: .name)
    try fields.encode(defaultConfiguration.name, forKey: .default)
    try fields.encode(configurations, forKey: .configurations)
    if !surroundings.slots.isEmpty { try fields.encode(surroundings.slots, forKey: .slots) }
    for (key, frames) in [(Key.frames, surroundings.frames), (.heldOutFrames, heldOutSurroundings.frames)]
    where !frames.isEmpty {
      try fields.encode(frames, forKey: key)
    }
    for (key, turns) in [
      (Key.neutralTurns, surroundings.neutralTurns), (.heldOutNeutralTurns, heldOutSurroundings.neutralTurns),
    ] where !turns.isEmpty {
      try fields.encode(turns, forKey: key)
    }
    for key in Self.extensionKeys { try fields.encodeIfPresent(extensions[key.stringValue], forKey: key) }
  }
}
