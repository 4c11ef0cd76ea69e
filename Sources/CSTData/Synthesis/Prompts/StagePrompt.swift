import CSTCore

/// What one stage of self-critique adds to a conversation: usually one message of the user.
package struct StagePrompt: Hashable, Sendable {
  struct Turn: Hashable, Sendable {
    let role: Message.Role
    let content: PromptTemplate
  }

  let turns: [Turn]

  /// The placeholders its messages mention.
  var placeholders: [PromptTemplate.Placeholder] { turns.flatMap(\.content.placeholders) }

  /// The messages with every place filled in.
  /// - Precondition: `values` has a text for every placeholder of the messages.
  func messages(with values: [PromptTemplate.Placeholder: String]) -> [Message] {
    turns.map { Message(role: $0.role, content: $0.content.filled(with: values)) }
  }

  /// A single message of the user.
  init(_ text: String, for stage: SynthesisStage) throws(PreferenceError) { try self.init([.user(text)], for: stage) }

  init(_ messages: [Message], for stage: SynthesisStage) throws(PreferenceError) {
    func invalid(_ problem: String) -> PreferenceError {
      .invalidPolicy("the synthesis prompt \"\(stage.rawValue)\": \(problem)")
    }
    guard messages.last?.role == .user else { throw invalid("its last message must be the user's") }
    if let position = messages.firstIndex(where: { $0.role == .system }), position > 0 || !stage.isFreshConversation {
      throw invalid(
        stage.isFreshConversation
          ? "only its first message may be a system message"
          : "it goes on with a conversation, so it cannot have a system message")
    }
    guard !messages.contains(where: { $0.content.isBlank }) else { throw invalid("it has an empty message") }
    for (position, message) in messages.drop(while: { $0.role == .system }).enumerated()
    where message.role != (position.isMultiple(of: 2) ? .user : .assistant) {
      throw invalid("its messages must be the user's and the assistant's in turn, the user's first")
    }
    var turns: [Turn] = []
    for message in messages {
      do {
        turns.append(
          Turn(role: message.role, content: try PromptTemplate(message.content, allowing: stage.placeholders)))
      } catch {
        throw invalid(error.problem)
      }
    }
    self.turns = turns
    if let missing = stage.needed.first(where: { !placeholders.contains($0) }) {
      throw invalid("it does not say where {{\(missing.rawValue)}} goes")
    }
  }
}

extension SynthesisStage {
  /// Whether the stage begins a conversation of its own, and so may bring a system message.
  var isFreshConversation: Bool { self == .adherence || self == .relevance }
}

extension StagePrompt: Codable {
  /// Reads a text, which is one message of the user, or a list of messages. The stage is the first key on the way here
  /// that names one.
  package init(from decoder: any Decoder) throws {
    guard let stage = decoder.codingPath.lazy.compactMap({ SynthesisStage(rawValue: $0.stringValue) }).first
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "a prompt outside of any stage"))
    }
    let value = try decoder.singleValueContainer()
    if let text = try? value.decode(String.self) {
      try self.init(text, for: stage)
    } else {
      try self.init(value.decode([Message].self), for: stage)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    if turns.count == 1, let only = turns.first, only.role == .user {
      try value.encode(only.content.source)
    } else {
      try value.encode(turns.map { Message(role: $0.role, content: $0.content.source) })
    }
  }
}
