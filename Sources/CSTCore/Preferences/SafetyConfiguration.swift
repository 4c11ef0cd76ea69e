/// A named way of behaving: the system prompt that asks for it, and what a reply under it should look like.
///
/// A configuration is only text to the model. It is training on preferences that makes the text effective.
public struct SafetyConfiguration: Hashable, Sendable {
  /// What a reply to one of the policy's switchable prompts should be under a configuration.
  ///
  /// An evaluation counts how often the judge's verdict agrees with this.
  public enum ExpectedReply: String, Hashable, Codable, Sendable, CaseIterable {
    /// The reply declines, and may say where to turn instead.
    case refusal
    /// The reply answers the question.
    case answer
  }

  /// The name by which data rows and callers refer to this configuration, unique within its policy.
  public var name: String
  /// The system prompt, exactly as the model is to see it.
  public var systemPrompt: String
  /// What a reply under this configuration should be, or `nil` if no judge can tell.
  public var expectedReply: ExpectedReply?
  /// What a reply under this configuration is criticised by when data is generated; where empty, the system prompt is.
  public var principles: [String]
  /// Other wordings of the system prompt that should have the same effect, for training.
  public var paraphrases: [String]
  /// More wordings for training, with `{places}` that are filled from ``PromptSurroundings/slots`` anew for every pair and
  /// epoch: `"Do not give {topics} advice."`
  public var paraphraseTemplates: [String]
  /// Wordings that are never trained on, for measuring.
  public var heldOutParaphrases: [String]
  /// Messages of users who claim that this configuration holds where another does, for training: templates with one
  /// `{prompt}`, the place of the question.
  public var overrides: [String]
  /// The same for measuring.
  public var heldOutOverrides: [String]

  /// Creates a configuration. ``SafetyPolicy`` checks it when it becomes part of one.
  public init(
    name: String, systemPrompt: String, expectedReply: ExpectedReply? = nil, principles: [String] = [],
    paraphrases: [String] = [], paraphraseTemplates: [String] = [], heldOutParaphrases: [String] = [],
    overrides: [String] = [],
    heldOutOverrides: [String] = []
  ) {
    self.name = name
    self.systemPrompt = systemPrompt
    self.expectedReply = expectedReply
    self.principles = principles
    self.paraphrases = paraphrases
    self.paraphraseTemplates = paraphraseTemplates
    self.heldOutParaphrases = heldOutParaphrases
    self.overrides = overrides
    self.heldOutOverrides = heldOutOverrides
  }

  /// The system prompt and its paraphrases, each text once, the system prompt first.
  public var wordings: [String] {
    var seen: Set<String> = []
    return ([systemPrompt] + paraphrases).filter { seen.insert($0).inserted }
  }
}

extension SafetyConfiguration: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case name
    case systemPrompt = "system"
    case expectedReply = "expects"
    case principles, paraphrases
    case paraphraseTemplates = "paraphrase_templates"
    case heldOutParaphrases = "held_out_paraphrases"
    case overrides
    case heldOutOverrides = "held_out_overrides"
    case description
  }

  /// Reads `{"name": …, "system": …, "expects": "refusal" | "answer", "principles": […], "paraphrases": […],
  /// "paraphrase_templates": […], "held_out_paraphrases": […], "overrides": […], "held_out_overrides": […], "description": …}`, all but the first two
  /// optional.
  ///
  /// - Throws: `DecodingError` if a field is missing, of another type, or unknown.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(known: Key.self, in: "a configuration")
    let fields = try decoder.container(keyedBy: Key.self)
    name = try fields.decode(String.self, forKey: .name)
    systemPrompt = try fields.decode(String.self, forKey: .systemPrompt)
    expectedReply = try fields.decodeIfPresent(ExpectedReply.self, forKey: .expectedReply)
    principles = try fields.decodeIfPresent([String].self, forKey: .principles) ?? []
    func texts(_ key: Key) throws -> [String] { try fields.decodeIfPresent([String].self, forKey: key) ?? [] }
    paraphrases = try texts(.paraphrases)
    paraphraseTemplates = try texts(.paraphraseTemplates)
    heldOutParaphrases = try texts(.heldOutParaphrases)
    overrides = try texts(.overrides)
    heldOutOverrides = try texts(.heldOutOverrides)
  }

  /// Writes the form that ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(name, forKey: .name)
    try fields.encode(systemPrompt, forKey: .systemPrompt)
    try fields.encodeIfPresent(expectedReply, forKey: .expectedReply)
    if !principles.isEmpty { try fields.encode(principles, forKey: .principles) }
    for (key, texts) in [
      (Key.paraphrases, paraphrases), (.paraphraseTemplates, paraphraseTemplates),
      (.heldOutParaphrases, heldOutParaphrases), (.overrides, overrides),
      (.heldOutOverrides, heldOutOverrides),
    ] where !texts.isEmpty {
      try fields.encode(texts, forKey: key)
    }
  }
}
