import CSTCore
import Foundation

extension Collection where Element == PreferencePair {
  /// Rows with a policy's system prompts brought back into the rows they were, or could have been, before the flip.
  ///
  /// Rows that ``spelledOut(by:)`` marked become the rows they were. Of the others, those whose system prompt is exactly a
  /// configuration's (paraphrases do not count) are folded by what they say, where prompt, task and other columns agree:
  ///
  /// - the same preference under all of two or more configurations: one neutral row;
  /// - all ordered pairs of one answer per configuration: one row with answers per configuration;
  /// - anything else: a row of the named configuration.
  ///
  /// A folded row stands where the first of its parts stood. Every fold is checked by undoing it: only rows that come back
  /// byte for byte are replaced, so nothing is lost.
  ///
  /// - Throws: ``CSTCore/PreferenceError`` with reason `inexpressible`, naming the first row of marked rows that do not make
  ///   the row they say they were, because some are gone or changed or the policy is another.
  public func folded(by policy: SafetyPolicy) throws(PreferenceError) -> [PreferencePair] {
    for (row, pair) in enumerated() { try pair.checkWritable(row: row) }
    var folding = Folding(rows: Array(self), policy: policy)
    try folding.foldMarkedRows()
    folding.foldOtherRows()
    return folding.result.compactMap { $0 }
  }
}

/// A fold on its way. Texts are compared as bytes: Swift calls texts equal that differ in how accents are composed.
private struct Folding {
  let rows: [PreferencePair]
  let policy: SafetyPolicy
  /// What stands in place of each row; `nil` where it went into an earlier one.
  var result: [PreferencePair?]

  init(rows: [PreferencePair], policy: SafetyPolicy) {
    self.rows = rows
    self.policy = policy
    result = rows
  }

  // MARK: Marked rows

  mutating func foldMarkedRows() throws(PreferenceError) {
    var groups: [JSONValue: [Int]] = [:]
    var order: [JSONValue] = []
    for (position, row) in rows.enumerated() where row.isSpelledOut {
      let (group, form) = (row.columns[PreferencePair.groupColumn], row.columns[PreferencePair.formColumn])
      guard group != nil || form != nil else { continue }
      guard let group, let form = row.spelledForm else {
        throw failure(position, "of the columns cst_row and cst_form one is missing or none of this project's")
      }
      if form == .system {
        result[position] = row.unmarked()
        continue
      }
      if groups[group] == nil { order.append(group) }
      groups[group, default: []].append(position)
    }
    for group in order {
      let positions = groups[group] ?? []
      try fold(positions)
    }
  }

  private mutating func fold(_ positions: [Int]) throws(PreferenceError) {
    let (first, parts) = (positions[0], positions.map { rows[$0].unmarked() })
    guard let whole = whole(of: parts, form: rows[first].spelledForm) else {
      throw failure(first, "its system prompt, or that of its part, is not one of the policy \"\(policy.name)\"")
    }
    let expected = parts.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
    guard spelledOut(whole).map(\.bytes).sorted(by: { $0.lexicographicallyPrecedes($1) }) == expected else {
      throw failure(
        first,
        "the \(parts.count == 1 ? "1 row" : "\(parts.count) rows") with its cst_row do not make one "
          + "\(rows[first].spelledForm?.rawValue ?? "") row under the policy \"\(policy.name)\"")
    }
    for position in positions { result[position] = nil }
    result[first] = whole
  }

  /// The row that the parts were, if they are all of it.
  private func whole(of parts: [PreferencePair], form: PreferencePair.SpelledForm?) -> PreferencePair? {
    guard let first = parts.first, let ranking = first.ranking else { return nil }
    switch form {
    case .neutral: return first.replacing(.everyConfiguration)
    case .configuration:
      return configuration(of: ranking.system).map { first.replacing(.configuration(policy.configurations[$0].name)) }
    case .answers:
      var chosen: [Int: PreferencePair] = [:]
      for part in parts {
        guard let index = part.ranking.flatMap({ configuration(of: $0.system) }) else { return nil }
        if chosen[index] == nil { chosen[index] = part }
      }
      return joined(chosen)
    case .system, nil: return nil
    }
  }

  private func failure(_ position: Int, _ problem: String) -> PreferenceError {
    rows[position].error(
      .inexpressible, row: position,
      "\(problem); fold with all rows and the policy they were written with, or remove the columns cst_row and cst_form to "
        + "fold rows by what they say")
  }

  // MARK: Other rows

  mutating func foldOtherRows() {
    var buckets: [Data: FoldingBucket] = [:]
    var order: [(key: Data, position: Int)] = []
    for (position, row) in rows.enumerated() where row.isSpelledOut && !row.isMarked {
      guard let ranking = row.ranking, let index = configuration(of: ranking.system) else { continue }
      let key = row.context
      buckets[key, default: FoldingBucket()].add(row, position: position, configuration: index)
      order.append((key, position))
    }
    for (key, position) in order {
      guard let bucket = buckets[key], let part = bucket.parts[position] else { continue }
      var whole: (row: PreferencePair, positions: [Int])?
      for candidate in wholes(startingAt: part, in: bucket) where whole == nil {
        let parts = spelledOut(candidate).map(\.bytes)
        whole = buckets[key]?.take(parts, including: position).map { (candidate, $0) }
      }
      if whole == nil {
        let name = policy.configurations[part.configuration].name
        let named = part.row.replacing(.configuration(name))
        // A row that prefers nothing cannot be spelled out, and stays.
        if !spelledOut(named).isEmpty { whole = (named, [position]) }
        _ = buckets[key]?.take([part.row.bytes], including: position)
      }
      guard let whole else { continue }
      for taken in whole.positions { result[taken] = nil }
      result[position] = whole.row
    }
  }

  /// The rows that a part could be of: a neutral one first, then ones with an answer per configuration.
  private func wholes(startingAt part: FoldingBucket.Part, in bucket: FoldingBucket) -> [PreferencePair] {
    guard policy.configurations.count > 1 else { return [] }
    var found = [part.row.replacing(.everyConfiguration)]
    var chosen = [part.configuration: part.row]
    func extend() {
      guard let next = policy.configurations.indices.first(where: { chosen[$0] == nil }) else {
        if let whole = joined(chosen) { found.append(whole) }
        return
      }
      for candidate in bucket.firstChoices(under: next) {
        let agrees = chosen.allSatisfy { index, row in
          guard let own = candidate.ranking?.chosen, let other = row.ranking?.chosen else { return false }
          return own == other || bucket.contains(next, own, over: other) && bucket.contains(index, other, over: own)
        }
        // Bytes are compared when the candidate is undone; here texts need only be equal.
        guard agrees else { continue }
        chosen[next] = candidate
        extend()
        chosen[next] = nil
      }
    }
    extend()
    return found
  }

  // MARK: Both

  /// The row with an answer per configuration, from a row under each that prefers it.
  private func joined(_ chosen: [Int: PreferencePair]) -> PreferencePair? {
    var texts: [String: String] = [:]
    var scores: [String: AnswerScore] = [:]
    for (index, configuration) in policy.configurations.enumerated() {
      guard let row = chosen[index], let ranking = row.ranking else { return nil }
      texts[configuration.name] = ranking.chosen
      scores[configuration.name] = row.judgeScores?["chosen"]
    }
    guard var whole = chosen[0] else { return nil }
    whole.answers = .byConfiguration(texts)
    whole.judgeScores = whole.judgeScores == nil ? nil : scores
    return whole
  }

  /// The position of the configuration whose system prompt has the same bytes.
  private func configuration(of system: String) -> Int? {
    policy.configurations.firstIndex { $0.systemPrompt.utf8.elementsEqual(system.utf8) }
  }

  private func spelledOut(_ row: PreferencePair) -> [PreferencePair] {
    // A row that cannot be spelled out is not what the parts were.
    ((try? row.spelledOut(by: policy, row: 0, group: 0)) ?? []).map { $0.row.unmarked() }
  }
}
