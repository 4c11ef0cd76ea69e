import CSTCore

extension DatasetTally {
  /// A group of preferences whose lengths are looked at together.
  private struct LengthGroup {
    let name: String
    var lengths: [(chosen: Int, rejected: Int)] = []
  }

  /// At most this many system prompts are listed by themselves; the rest count together.
  private static let listedSystemPrompts = 8
  /// The fewest preferences for which a system prompt is listed by itself.
  private static let leastListed = 20

  /// Numbers for each configuration in order, then for neutral rows.
  var configurations: [ConfigurationSummary] {
    var counts = [Int](repeating: 0, count: scopes.count)
    for entry in entries where !entry.statement.traits.contains(.neutral) { counts[Int(entry.scope)] += 1 }
    let prompts = scopes.indices.filter { scopes[$0].form == .systemPrompt && counts[$0] > 0 }
    let ranked = prompts.sorted { (counts[$1], $0) < (counts[$0], $1) }
    let isFew = prompts.count <= Self.listedSystemPrompts
    let listed = Set(isFew ? ranked : ranked.prefix(Self.listedSystemPrompts).filter { counts[$0] >= Self.leastListed })

    var groups: [LengthGroup] = []
    var groupOfScope = [Int](repeating: -1, count: scopes.count)
    for scope in scopes.indices
    where counts[scope] > 0 && (scopes[scope].form != .systemPrompt || listed.contains(scope)) {
      groupOfScope[scope] = groups.count
      groups.append(LengthGroup(name: scopes[scope].label))
    }
    let rest = groups.count
    groups.append(LengthGroup(name: "\(prompts.count - listed.count) other system prompts"))
    groups.append(LengthGroup(name: PreferencePair.everyConfigurationMark))
    for entry in entries where !entry.statement.traits.contains(.again) {
      let statement = entry.statement
      let own = groupOfScope[Int(entry.scope)]
      let group = statement.traits.contains(.neutral) ? rest + 1 : own < 0 ? rest : own
      groups[group].lengths.append((Int(statement.chosenLength), Int(statement.rejectedLength)))
    }
    return groups.filter { !$0.lengths.isEmpty }.map { ConfigurationSummary(name: $0.name, lengths: $0.lengths) }
  }

  /// Looks for configurations in which length nearly tells which answer is preferred.
  mutating func checkLengths() {
    for configuration in configurations where configuration.lengthPredictsLabel {
      let share = Int((100 * configuration.chosenLongerShare).rounded())
      let ratio = FixedPoint.text(configuration.meanRatio ?? 0, decimals: 2)
      let detail =
        "\(configuration.name): the preferred answer is the longer one in \(share) % of \(configuration.pairs) pairs, "
        + "and \(ratio) times as long on average"
      findings.add(.lengthGap, .init(line: nil, detail: detail))
    }
  }

  /// The fewest preferred answers of which an opener is said to be common.
  private static let leastAnswers = 50

  /// Looks for openers that make up more than half of a configuration's preferred answers.
  mutating func checkOpeners() {
    // Boyer and Moore's majority vote: the only opener that can be in the majority, per scope.
    var candidates = [(opener: UInt64, votes: Int)](repeating: (0, 0), count: scopes.count)
    for entry in entries {
      let scope = Int(entry.scope)
      if candidates[scope].votes == 0 { candidates[scope].opener = entry.statement.opener }
      candidates[scope].votes += candidates[scope].opener == entry.statement.opener ? 1 : -1
    }
    var counts = [(all: Int, alike: Int, row: UInt32)](repeating: (0, 0, Self.none), count: scopes.count)
    for entry in entries {
      let scope = Int(entry.scope)
      counts[scope].all += 1
      guard candidates[scope].opener == entry.statement.opener, entry.statement.opener != 0 else { continue }
      counts[scope].alike += 1
      counts[scope].row = min(counts[scope].row, entry.row)
    }
    for (scope, count) in counts.enumerated() where count.all >= Self.leastAnswers && 2 * count.alike > count.all {
      report(.commonOpener, count.row) { tally in
        let opener = tally.opener(candidates[scope].opener, ofRow: count.row)
        return "\(tally.scopes[scope].label): \(count.alike) of \(count.all) preferred answers begin with \"\(opener)\""
      }
    }
  }

  /// The opener with this hash, in the row's own words.
  private func opener(_ hash: UInt64, ofRow row: UInt32) -> String {
    guard let pair = try? source.pair(at: Int(row)) else { return "" }
    let answers: [String] =
      switch pair.answers {
      case .byConfiguration(let texts): texts.values.sorted()
      case .ranked(let chosen, _, _): [chosen]
      }
    return answers.compactMap(RowExaminer.opener).first { ContentHash.of($0) == hash } ?? ""
  }
}
