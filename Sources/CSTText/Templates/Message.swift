/// One turn of a conversation: who speaks, and what is said.
///
/// A message is content, never markup: whatever `content` says, only the chat template decides where a turn begins and
/// ends.
///
/// ```swift
/// let conversation: [Message] = [.system("Answer fully."), .user("How do I descale a kettle?")]
/// ```
public struct Message: Hashable, Codable, Sendable {
  /// Who speaks.
  @nonexhaustive
  public enum Role: String, Hashable, Codable, Sendable, CaseIterable {
    /// The deployer: this is the text that switches the model's behaviour.
    case system
    /// The person asking.
    case user
    /// The model.
    case assistant
  }

  /// Who speaks.
  public var role: Role
  /// What is said, as plain text.
  public var content: String

  /// Creates a message from its parts.
  public init(role: Role, content: String) {
    self.role = role
    self.content = content
  }

  /// A message of the deployer.
  public static func system(_ content: String) -> Message { Message(role: .system, content: content) }

  /// A message of the person asking.
  public static func user(_ content: String) -> Message { Message(role: .user, content: content) }

  /// A message of the model.
  public static func assistant(_ content: String) -> Message { Message(role: .assistant, content: content) }
}
