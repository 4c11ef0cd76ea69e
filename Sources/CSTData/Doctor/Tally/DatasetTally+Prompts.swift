extension DatasetTally {
  /// Looks for prompts that are alike: in other files, and under the same system prompt in other rows.
  ///
  /// The twins of a flip have one prompt under different system prompts, so they are not alike in this sense.
  /// - Parameter skipped: Rows that other findings name already.
  mutating func checkPrompts(except skipped: Set<UInt32>, against others: [OtherPrompts]) {
    let ownCount = promptOfRow.lazy.filter { $0 != Self.none }.max().map { Int($0) + 1 } ?? 0
    var builder = prompts
    for other in others {
      for prompt in other.prompts { builder.append(prompt.shingles) }
    }
    let sets = builder.sets()
    var index = ShingleIndex(sets, threshold: nearDuplicates.threshold)
    let found = rowsAlike(&index)
    for (row, match) in found.sorted(by: { $0.key < $1.key }) where !skipped.contains(row) {
      let similarity = Int((100 * match.similarity).rounded(.down))
      let other = line(of: match.row)
      report(.nearDuplicatePrompt, row, other: match.row) {
        match.similarity == 1
          ? "asks the same as line \(other), with other answers: \($0.promptExcerpt(row))"
          : "\(similarity) % alike with line \(other): \($0.promptExcerpt(row))"
      }
    }
    checkLeaks(others, ownCount: ownCount, &index)
  }

  /// A row that is like an earlier one.
  private struct Match {
    let row: UInt32
    let similarity: Double
  }

  /// For every row whose prompt is like that of an earlier row under the same scope, such a row.
  ///
  /// Scopes are looked through one by one, and one match is enough, so that many alike prompts cost no more than others.
  /// - Parameter index: Empty before and after.
  private func rowsAlike(_ index: inout ShingleIndex) -> [UInt32: Match] {
    var found: [UInt32: Match] = [:]
    // The first row of every prompt under every scope.
    var firstRows: [UInt64: UInt32] = [:]
    var promptsOfScope = [[UInt32]](repeating: [], count: scopes.count)
    for entry in entries {
      let prompt = promptOfRow[Int(entry.row)]
      let key = UInt64(prompt) << 32 | UInt64(entry.scope)
      if let first = firstRows[key] {
        if first != entry.row, found[entry.row] == nil { found[entry.row] = Match(row: first, similarity: 1) }
      } else {
        firstRows[key] = entry.row
        promptsOfScope[Int(entry.scope)].append(prompt)
      }
    }
    for (scope, prompts) in promptsOfScope.enumerated() {
      for prompt in prompts {
        guard let row = firstRows[UInt64(prompt) << 32 | UInt64(scope)] else { continue }
        index.forEachMatch(of: Int(prompt)) { match, similarity in
          if found[row] == nil {
            found[row] = firstRows[UInt64(match) << 32 | UInt64(scope)].map { Match(row: $0, similarity: similarity) }
          }
          return false
        }
        index.insert(Int(prompt))
      }
      index.removeAll()
    }
    return found
  }

  /// - Parameter index: Empty before and after; the others' prompts follow the dataset's own in its sets.
  private mutating func checkLeaks(_ others: [OtherPrompts], ownCount: Int, _ index: inout ShingleIndex) {
    var next = ownCount
    for other in others {
      var lineOfWords: [UInt64: Int] = [:]
      let first = next
      for (line, prompt) in zip(other.lines, other.prompts) {
        if lineOfWords[prompt.words] == nil { lineOfWords[prompt.words] = line }
        index.insert(next)
        next += 1
      }
      var leaks = [(line: Int, similarity: Double)?](repeating: nil, count: ownCount)
      for prompt in 0..<ownCount {
        index.forEachMatch(of: prompt) { match, similarity in
          leaks[prompt] = (other.lines[match - first], similarity)
          return false
        }
      }
      index.removeAll()
      for row in 0..<UInt32(promptOfRow.count) where promptOfRow[Int(row)] != Self.none {
        if let line = lineOfWords[wordsOfRow[Int(row)]] {
          report(.leakedPrompt, row, otherLine: line, otherFile: other.name) {
            "stands on line \(line) of \(other.name) too: \($0.promptExcerpt(row))"
          }
        } else if let leak = leaks[Int(promptOfRow[Int(row)])] {
          let similarity = Int((100 * leak.similarity).rounded(.down))
          report(.nearlyLeakedPrompt, row, otherLine: leak.line, otherFile: other.name) {
            "\(similarity) % alike with line \(leak.line) of \(other.name): \($0.promptExcerpt(row))"
          }
        }
      }
    }
  }
}
