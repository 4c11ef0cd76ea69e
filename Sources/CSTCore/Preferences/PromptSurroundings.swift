/// What stands around a configuration and around a question where a model is in use, in no configuration's favour.
public struct PromptSurroundings: Hashable, Sendable {
  /// Longer system prompts, a product's instructions say, with one `{configuration}`: the place of the configuration's words.
  public var frames: [String]
  /// Beginnings of conversations about everyday matters: the user and the assistant in turns, the assistant last.
  public var neutralTurns: [[Message]]
  /// Texts for the places of wordings by name, each as good as another in its place; see
  /// ``SafetyConfiguration/paraphraseTemplates``.
  public var slots: [String: [String]]

  /// Nothing around, unless given.
  public init(frames: [String] = [], neutralTurns: [[Message]] = [], slots: [String: [String]] = [:]) {
    self.frames = frames
    self.neutralTurns = neutralTurns
    self.slots = slots
  }

  /// The place of the configuration's words in a frame.
  public static let configurationPlace = "{configuration}"
  /// The place of the question in an override, see ``SafetyConfiguration/overrides``.
  public static let promptPlace = "{prompt}"

  /// What is wrong with these, or `nil`.
  func problem(_ what: String) -> String? {
    if let empty = slots.filter({ $0.value.isEmpty }).keys.min() { return "slots: \"\(empty)\" has no texts" }
    for (position, frame) in frames.enumerated() {
      if let problem = Self.problem(with: frame, place: Self.configurationPlace) {
        return "\(what)frames[\(position)] \(problem)"
      }
    }
    for (position, turns) in neutralTurns.enumerated() {
      let roles: [Message.Role] = turns.indices.map { $0.isMultiple(of: 2) ? .user : .assistant }
      if turns.isEmpty || turns.count % 2 == 1 || turns.map(\.role) != roles {
        return
          "\(what)neutral_turns[\(position)] must be messages of the user and the assistant in turns, the assistant's last"
      }
    }
    return nil
  }

  /// What is wrong with a template that is to have a place once, or `nil`.
  static func problem(with template: String, place: String) -> String? {
    let count = template.ranges(of: place).count
    return count == 1 ? nil : "has \(place) \(count) times; it must have it once"
  }
}

/// One way of asking under a configuration: what the system prompt says, what was said before, and how the user asks.
struct PromptForm {
  /// The configuration's words; `nil` leaves the system prompt out.
  var wording: String?
  /// What stands around them.
  var frame: String?
  /// What was said before the question.
  var turns: [Message] = []
  /// A claim of the user's around the question.
  var override: String?

  /// The conversation.
  /// - Parameter prompt: A row's prompt, its last message the question.
  func messages(asking prompt: [Message]) -> [Message] {
    var messages = turns + prompt
    if let override, messages.last?.role == .user, let question = messages.popLast() {
      messages.append(.user(override.replacing(PromptSurroundings.promptPlace, with: question.content)))
    }
    guard let wording else { return messages }
    let system = frame?.replacing(PromptSurroundings.configurationPlace, with: wording) ?? wording
    return [.system(system)] + messages
  }
}
