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
/// none is empty, and the default exists. What a file says about generating data, under `rubric` and `synthesis`, is
/// kept and written back as it is; the module CSTData reads it.
public struct SafetyPolicy: Hashable, Sendable {
  /// What the policy is called in reports.
  public let name: String
  /// The configurations in the order of the file. Everything derived from a policy follows this order.
  public let configurations: [SafetyConfiguration]
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
      if (configuration.principles + configuration.paraphrases).contains(where: { $0.allSatisfy(\.isWhitespace) }) {
        throw .invalidPolicy("configuration \"\(name)\" has an empty principle or paraphrase; remove it")
      }
      if let other = prompts.updateValue(name, forKey: configuration.systemPrompt) {
        throw .invalidPolicy(
          "\"\(other)\" and \"\(name)\" have the same system prompt, so no model can tell them apart")
      }
    }
    for configuration in configurations {
      for text in configuration.paraphrases {
        if let other = prompts.updateValue(configuration.name, forKey: text), other != configuration.name {
          throw .invalidPolicy(
            "a paraphrase of \"\(configuration.name)\" is a system prompt or paraphrase of \"\(other)\" too, so no model "
              + "can tell them apart")
        }
      }
    }
    guard let defaultIndex = configurations.firstIndex(where: { $0.name == defaultName }) else {
      let known = PreferenceError.list(configurations.map(\.name))
      throw .invalidPolicy("the default \"\(defaultName)\" is not one of its configurations: \(known)")
    }
    self.name = name
    self.configurations = configurations
    self.defaultIndex = defaultIndex
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
    case name, `default`, configurations, rubric, synthesis, description
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
      defaultName: fields.decode(String.self, forKey: .default))
    for key in Self.extensionKeys {
      extensions[key.stringValue] = try fields.decodeIfPresent(JSONValue.self, forKey: key)
    }
  }

  /// Writes the JSON form shown above.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(name, forKey: .name)
    try fields.encode(defaultConfiguration.name, forKey: .default)
    try fields.encode(configurations, forKey: .configurations)
    for key in Self.extensionKeys { try fields.encodeIfPresent(extensions[key.stringValue], forKey: key) }
  }
}
