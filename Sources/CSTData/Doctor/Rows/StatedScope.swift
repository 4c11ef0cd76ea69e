/// Under which system prompt a preference holds.
struct StatedScope: Hashable, Sendable {
  enum Form: Sendable {
    case configuration
    /// A system prompt that the row spells out and that is no configuration's.
    case systemPrompt
    /// Every configuration, where no policy says which those are.
    case everyConfiguration
    /// None is said.
    case unstated
  }

  let form: Form
  /// The configuration's name, or the start of the system prompt.
  let label: String
  /// Tells scopes apart.
  let identity: UInt64

  static func configuration(_ name: String) -> Self {
    Self(form: .configuration, label: name, identity: ContentHash.of(1, ContentHash.of(name)))
  }

  static func systemPrompt(_ text: String) -> Self {
    Self(
      form: .systemPrompt, label: "system prompt \"\(text.excerpt(32))\"",
      identity: ContentHash.of(2, ContentHash.of(text)))
  }

  static let everyConfiguration = Self(form: .everyConfiguration, label: "*", identity: 3)
  static let unstated = Self(form: .unstated, label: "no system prompt", identity: 4)

  static func == (a: Self, b: Self) -> Bool { a.identity == b.identity }
  func hash(into hasher: inout Hasher) { hasher.combine(identity) }
}
