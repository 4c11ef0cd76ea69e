import CSTCore

extension Collection where Element == PreferencePair {
  /// The rows as a form can hold them; `write(to:as:)` then writes them.
  ///
  /// To `trl` and `conversational` with a policy: ``spelledOut(by:)``. To `native` with a policy: ``folded(by:)``, the way
  /// back. Without one the rows stay as they are.
  ///
  /// ```swift
  /// try rows.converted(to: .trl, by: policy).write(to: file, as: .trl)
  /// ```
  ///
  /// - Throws: ``CSTCore/PreferenceError`` naming the row that the form has no place for: nothing is left out.
  public func converted(
    to form: PreferenceForm, by policy: SafetyPolicy? = nil
  ) throws(PreferenceError) -> [PreferencePair] {
    for (row, pair) in enumerated() {
      if policy == nil { try form.check(pair, row: row) } else { try form.checkPrompt(of: pair, row: row) }
    }
    guard let policy else { return Array(self) }
    return form == .native ? try folded(by: policy) : try spelledOut(by: policy)
  }

  /// Every preference as a row of its own with the system prompt it holds under: the flip, written out.
  ///
  /// A row with answers per configuration gives a row for every ordered pair of configurations, a neutral row one for every
  /// configuration, a row of a named configuration one, in the order of `configured(by:)`. Rows that spell out a system
  /// prompt or have none stay. Judge scores move along, as `chosen` and `rejected`.
  ///
  /// What was one row has one number in the column `cst_row`, and `cst_form` says what it was, so that ``folded(by:)`` gives
  /// back equal rows in equal order, whatever order the rows were brought into. Rows whose own system prompt is a
  /// configuration's are marked too, lest they be folded; rows that have the columns already keep them.
  ///
  /// - Throws: ``CSTCore/PreferenceError`` naming the row, as `configured(by:)` does; `inexpressible` where a row has a
  ///   column of those names, or judge scores of answers it does not have.
  /// - Complexity: O(*n*·*k*²) for *n* rows and *k* configurations.
  public func spelledOut(by policy: SafetyPolicy) throws(PreferenceError) -> [PreferencePair] {
    let firstGroup = (compactMap { $0.columns[PreferencePair.groupColumn]?.integer }.max() ?? -1) + 1
    var rows: [PreferencePair] = []
    for (row, pair) in enumerated() {
      rows += try pair.spelledOut(by: policy, row: row, group: firstGroup + row).map(\.row)
    }
    return rows
  }
}

extension PreferencePair {
  /// The row's preferences as rows, each with the configuration it holds under.
  /// - Parameter group: The number that marks them as one row.
  func spelledOut(
    by policy: SafetyPolicy, row: Int, group: Int
  ) throws(PreferenceError) -> [(row: PreferencePair, configuration: SafetyConfiguration?)] {
    let form: SpelledForm
    switch answers {
    case .byConfiguration: form = .answers
    case .ranked(_, _, .everyConfiguration): form = .neutral
    case .ranked(_, _, .configuration): form = .configuration
    case .ranked(_, _, .unstated): return [(self, nil)]
    case .ranked(_, _, .systemPrompt(let text)):
      let configuration = policy.configuration(withSystemPrompt: text)
      let isMarked = columns[Self.groupColumn] != nil || columns[Self.formColumn] != nil
      guard let configuration, !isMarked else { return [(self, configuration)] }
      return [(marked(.system, group: group), configuration)]
    }
    if let taken = [Self.groupColumn, Self.formColumn].first(where: { columns[$0] != nil }) {
      throw error(
        .inexpressible, row: row,
        "it has a column \"\(taken)\", which rows with system prompts are marked by; rename it")
    }
    if case .byConfiguration(let texts) = answers, let name = judgeScores?.keys.filter({ texts[$0] == nil }).min() {
      throw error(.inexpressible, row: row, "it has judge scores of \"\(name)\", which is not one of its answers")
    }
    return try preferences(by: policy, row: row).map { preference in
      var copy = marked(form, group: group)
      copy.answers = .ranked(
        chosen: preference.chosen, rejected: preference.rejected, scope: .systemPrompt(preference.system))
      if form == .answers, let judgeScores {
        copy.judgeScores = [:]
        copy.judgeScores?["chosen"] = judgeScores[preference.scoreNames.chosen]
        copy.judgeScores?["rejected"] = judgeScores[preference.scoreNames.rejected]
      }
      return (copy, preference.configuration)
    }
  }

  private func marked(_ form: SpelledForm, group: Int) -> PreferencePair {
    var copy = self
    copy.columns[Self.groupColumn] = .integer(group)
    copy.columns[Self.formColumn] = .string(form.rawValue)
    return copy
  }

  func unmarked() -> PreferencePair {
    guard !columns.isEmpty else { return self }
    var copy = self
    copy.columns[Self.groupColumn] = nil
    copy.columns[Self.formColumn] = nil
    return copy
  }
}
