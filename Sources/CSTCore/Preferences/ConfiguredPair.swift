/// One thing to train on: under this conversation, one answer is preferred to another.
///
/// A pair of the loss, `(s, x, y_w ≻ y_l)`: `prompt` is s and x, `chosen` is y_w and `rejected` is y_l.
public struct ConfiguredPair: Hashable, Codable, Sendable {
  /// The conversation up to the answer, oldest first: the system message if there is one, then the row's prompt.
  public var prompt: [Message]
  /// The preferred answer.
  public var chosen: String
  /// The other answer.
  public var rejected: String
  /// The name of the configuration whose system prompt this is, or `nil` if it is no policy's.
  public var configuration: String?
  /// The row this came from: its position in the collection that was configured, counted from 0.
  public var source: Int
  /// The probability that `chosen` is the better answer, from 0 to 1; 1 unless labels were asked for.
  public var preference: Double
  /// What the row asks of the loss's margin beyond 0 (offset DPO).
  public var margin: Double
  /// What ``chosen`` says beside its text: a thought, tool calls.
  package var chosenFields: JSONMembers = [:]
  /// What ``rejected`` says beside its text.
  package var rejectedFields: JSONMembers = [:]
  /// The tools that the model may call.
  package var tools: [JSONValue] = []
  /// Where the row was read, for messages; like ``isNeutral`` it is about the row, and neither compared nor written.
  public var place: RowPlace? { row.value.place }
  /// Whether the row is neutral: the same answer is preferred under every configuration.
  public var isNeutral: Bool { row.value.isNeutral }

  private var row: Uncompared<(place: RowPlace?, isNeutral: Bool)>

  private enum CodingKeys: CodingKey {
    case prompt, chosen, rejected, configuration, source, preference, margin, chosenFields, rejectedFields, tools
  }

  /// Creates a pair from its parts.
  public init(
    prompt: [Message], chosen: String, rejected: String, configuration: String?, source: Int, preference: Double = 1,
    margin: Double = 0, place: RowPlace? = nil, isNeutral: Bool = false
  ) {
    self.prompt = prompt
    self.chosen = chosen
    self.rejected = rejected
    self.configuration = configuration
    self.source = source
    self.preference = preference
    self.margin = margin
    row = Uncompared(value: (place, isNeutral))
  }

  /// Reads what `encode(to:)` writes; `preference` may be absent and is 1 then, `margin` 0.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    prompt = try fields.decode([Message].self, forKey: .prompt)
    chosen = try fields.decode(String.self, forKey: .chosen)
    rejected = try fields.decode(String.self, forKey: .rejected)
    configuration = try fields.decodeIfPresent(String.self, forKey: .configuration)
    source = try fields.decode(Int.self, forKey: .source)
    preference = try fields.decodeIfPresent(Double.self, forKey: .preference) ?? 1
    margin = try fields.decodeIfPresent(Double.self, forKey: .margin) ?? 0
    row = Uncompared(value: (nil, false))
    chosenFields = try fields.decodeIfPresent(JSONValue.self, forKey: .chosenFields)?.object ?? [:]
    rejectedFields = try fields.decodeIfPresent(JSONValue.self, forKey: .rejectedFields)?.object ?? [:]
    tools = try fields.decodeIfPresent([JSONValue].self, forKey: .tools) ?? []
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(prompt, forKey: .prompt)
    try fields.encode(chosen, forKey: .chosen)
    try fields.encode(rejected, forKey: .rejected)
    try fields.encodeIfPresent(configuration, forKey: .configuration)
    try fields.encode(source, forKey: .source)
    try fields.encode(preference, forKey: .preference)
    try fields.encode(margin, forKey: .margin)
    if !chosenFields.isEmpty { try fields.encode(JSONValue.object(chosenFields), forKey: .chosenFields) }
    if !rejectedFields.isEmpty { try fields.encode(JSONValue.object(rejectedFields), forKey: .rejectedFields) }
    if !tools.isEmpty { try fields.encode(tools, forKey: .tools) }
  }

  /// The answers as the encoder takes them, ``chosen`` first.
  package var answers: [Message] {
    [
      Message(role: .assistant, content: chosen, fields: chosenFields),
      Message(role: .assistant, content: rejected, fields: rejectedFields),
    ]
  }
}
