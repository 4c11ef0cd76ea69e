import CSTCore

/// What kinds of rows are told apart where each kind should be divided alike.
@nonexhaustive
public enum PreferenceStratum: String, Hashable, Sendable, CaseIterable {
  /// By the row's `task`; rows without one are a kind.
  case task
  /// By what the row says: answers per configuration (*switchable*), neutral, one named configuration, a system prompt of
  /// its own, or nothing. Rows that were written out with system prompts count as what they were.
  case form

  /// The kind a row is of.
  func kind(of pair: PreferencePair) -> String {
    switch self {
    case .task: return pair.task.map { "task \($0)" } ?? "no task"
    case .form:
      if let form = pair.spelledForm, form != .configuration { return form.rawValue }
      switch pair.answers {
      case .byConfiguration: return "answers"
      case .ranked(_, _, .everyConfiguration): return "neutral"
      case .ranked(_, _, .configuration(let name)): return "configuration \(name)"
      case .ranked(_, _, .systemPrompt(let text)):
        return pair.spelledForm == .configuration ? "configuration, prompt \(text)" : "system"
      case .ranked(_, _, .unstated): return "unstated"
      }
    }
  }
}
