/// One turn of a conversation: who speaks, and what is said.
///
/// A message is content, never markup: whatever ``content`` and ``fields`` say, only the chat template decides where a
/// turn begins and ends.
///
/// ```swift
/// let conversation: [Message] = [.system("Answer fully."), .user("How do I descale a kettle?")]
/// ```
public struct Message: Hashable, Sendable {
  /// Who speaks.
  @nonexhaustive
  public enum Role: String, Hashable, Codable, Sendable, CaseIterable {
    /// The deployer: this is the text that switches the model's behaviour. Files may call it `developer`.
    case system
    /// The person asking.
    case user
    /// The model.
    case assistant
    /// What a tool that the model called gave back.
    case tool
  }

  /// Who speaks.
  public var role: Role
  /// What is said, as plain text; empty where a message only calls tools.
  public var content: String
  /// What else the message says, by key and in order: `tool_calls`, `reasoning_content`, `name` and the like. The chat
  /// template is given them as transformers gives them. `content` is among them where it is not a text: `null`.
  public var fields: JSONMembers

  /// Creates a message from its parts.
  public init(role: Role, content: String, fields: JSONMembers = [:]) {
    self.role = role
    self.content = content
    self.fields = fields
  }

  /// A message of the deployer.
  public static func system(_ content: String) -> Message { Message(role: .system, content: content) }

  /// A message of the person asking.
  public static func user(_ content: String) -> Message { Message(role: .user, content: content) }

  /// A message of the model.
  public static func assistant(_ content: String) -> Message { Message(role: .assistant, content: content) }
}
