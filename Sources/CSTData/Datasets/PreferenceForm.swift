import CSTCore

/// A way of writing preference data. Every one of them is read by `Swift/Array/init(contentsOf:)` without being named.
///
/// Columns that have no meaning here, `task` and `judge_scores` are written in every form.
@nonexhaustive
public enum PreferenceForm: String, Hashable, Sendable, CaseIterable {
  /// This project's: `prompt` with one answer per configuration in `answers`, or `chosen` and `rejected` with
  /// `configuration` (a name, or `*` for a neutral row) or `system`.
  case native
  /// TRL's standard form: the texts `system` (where there is one), `prompt`, `chosen` and `rejected`. The form datasets are
  /// published in; conversations of several turns have no place in it.
  case trl
  /// TRL's conversational form: `prompt`, `chosen` and `rejected` as lists of messages, the system message first in
  /// `prompt`.
  case conversational
}

extension PreferenceForm {
  /// Says why a row cannot be written in this form.
  func check(_ pair: PreferencePair, row: Int) throws(PreferenceError) {
    guard self != .native else { return }
    let what: String? =
      switch pair.answers {
      case .byConfiguration: "has one answer per configuration"
      case .ranked(_, _, .everyConfiguration): "holds under every configuration"
      case .ranked(_, _, .configuration(let name)): "names the configuration \"\(name)\""
      case .ranked(_, _, .systemPrompt), .ranked(_, _, .unstated): nil
      }
    if let what {
      throw pair.error(
        .needsPolicy, row: row,
        "it \(what), and the form \(rawValue) spells out system prompts; give the policy that has them")
    }
    try checkPrompt(of: pair, row: row)
  }

  func checkPrompt(of pair: PreferencePair, row: Int) throws(PreferenceError) {
    guard self == .trl else { return }
    let messages = pair.prompt + ["chosen", "rejected"].map { pair.answerMessage($0, "") }
    if let field = messages.flatMap(\.fields).first(where: { !$0.value.saysNothing }) {
      throw pair.error(
        .inexpressible, row: row,
        "a message has \"\(field.key.excerpt())\", and the form trl has texts only; use the form conversational")
    }
    guard pair.prompt.count != 1 else { return }
    throw pair.error(
      .inexpressible, row: row,
      "the prompt has \(pair.prompt.count) messages, and the form trl has one text; use the form conversational")
  }
}

/// A row as it is written in a form.
struct FormattedRow: Encodable {
  let pair: PreferencePair
  let form: PreferenceForm
  let row: Int

  private enum Key: String, CodingKey {
    case prompt, chosen, rejected, system, task
    case judgeScores = "judge_scores"
  }

  func encode(to encoder: any Encoder) throws {
    try form.check(pair, row: row)
    guard form != .native, case .ranked(let chosen, let rejected, let scope) = pair.answers else {
      return try pair.encode(to: encoder)
    }
    let system: String? = if case .systemPrompt(let text) = scope { text } else { nil }
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encodeIfPresent(pair.task, forKey: .task)
    try fields.encodeIfPresent(pair.judgeScores, forKey: .judgeScores)
    try pair.encodeColumns(to: encoder)
    if form == .trl {
      try fields.encodeIfPresent(system, forKey: .system)
      try fields.encode(pair.prompt[0].content, forKey: .prompt)
      try fields.encode(chosen, forKey: .chosen)
      try fields.encode(rejected, forKey: .rejected)
    } else {
      try fields.encode((system.map { [.system($0)] } ?? []) + pair.prompt, forKey: .prompt)
      try fields.encode([pair.answerMessage("chosen", chosen)], forKey: .chosen)
      try fields.encode([pair.answerMessage("rejected", rejected)], forKey: .rejected)
    }
  }
}
