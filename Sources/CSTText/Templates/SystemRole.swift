/// What becomes of the system text, the configuration, in a model's chat template.
public enum SystemRole: String, Sendable, Hashable, Codable {
  /// The template writes it itself.
  case native
  /// The template has no place for it; it stands before the first user text, with an empty line between them.
  case folded
  /// The template has no place for it, and conversations with one are refused.
  case refused

  /// What to do where a template has no place for a system text.
  public enum Policy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Put it before the first user text.
    case nativeOrFold = "native-or-fold"
    /// Refuse conversations that have one.
    case nativeOrRefuse = "native-or-refuse"
  }
}
