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
    let found = rowsAlike(ownCount: ownCount, &index)
    for (row, match) in found.sorted(by: { $0.key < $1.key }) where !skipped.contains(row) {
      let similarity = Int((100 * match.similarity).rounded(.down))
      let other = line(of: match.row)
      report(.nearDuplicatePrompt, row, other: match.row) {
        match.similarity == 1
          ? "asks the same as line \(other), with other answers: \($0.promptExcerpt(row))"
          : "\(similarity) % alike with line \(other): \($0.promptExcerpt(row))"
      }
    }
    checkLeaks(others, ownCount: ownCount, sets, &index)
  }

  /// A row that is like an earlier one.
  private struct Match {
    let row: UInt32
    let similarity: Double
  }

  /// For every row whose prompt is like that of an earlier row under the same scope, such a row. All prompts are in the
  /// index then.
  private func rowsAlike(ownCount: Int, _ index: inout ShingleIndex) -> [UInt32: Match] {
    var found: [UInt32: Match] = [:]
    // The first row of every prompt under every scope.
    var firstRows: [UInt64: UInt32] = [:]
    var scopesOfPrompt = [[UInt32]](repeating: [], count: ownCount)
    for entry in entries {
      let prompt = promptOfRow[Int(entry.row)]
      let key = UInt64(prompt) << 32 | UInt64(entry.scope)
      if let first = firstRows[key] {
        if first != entry.row, found[entry.row] == nil { found[entry.row] = Match(row: first, similarity: 1) }
      } else {
        firstRows[key] = entry.row
        scopesOfPrompt[Int(prompt)].append(entry.scope)
      }
    }
    for prompt in 0..<ownCount {
      var open = scopesOfPrompt[prompt]
      if !open.isEmpty {
        index.forEachMatch(of: prompt) { match, similarity in
          open.removeAll { scope in
            guard let a = firstRows[UInt64(prompt) << 32 | UInt64(scope)],
              let b = firstRows[UInt64(match) << 32 | UInt64(scope)]
            else { return false }
            let (earlier, later) = (min(a, b), max(a, b))
            if found[later] == nil { found[later] = Match(row: earlier, similarity: similarity) }
            return true
          }
          return !open.isEmpty
        }
      }
      index.insert(prompt)
    }
    return found
  }

  /// - Parameter index: Holds the dataset's own prompts; the others' follow them in `sets`.
  private mutating func checkLeaks(
    _ others: [OtherPrompts], ownCount: Int, _ sets: ShingleSets, _ index: inout ShingleIndex
  ) {
    var next = ownCount
    for other in others {
      // For every own prompt that leaks, where to.
      var leaks: [UInt32: (position: Int, similarity: Double)] = [:]
      var lineOfWords: [UInt64: Int] = [:]
      for (position, prompt) in other.prompts.enumerated() {
        if lineOfWords[prompt.words] == nil { lineOfWords[prompt.words] = other.lines[position] }
        index.forEachMatch(of: next) { match, similarity in
          if similarity > leaks[UInt32(match)]?.similarity ?? 0 { leaks[UInt32(match)] = (position, similarity) }
          return true
        }
        next += 1
      }
      guard !leaks.isEmpty else { continue }
      for row in 0..<UInt32(promptOfRow.count) {
        guard let leak = leaks[promptOfRow[Int(row)]] else { continue }
        if let line = lineOfWords[wordsOfRow[Int(row)]] {
          report(.leakedPrompt, row, otherLine: line, otherFile: other.name) {
            "stands on line \(line) of \(other.name) too: \($0.promptExcerpt(row))"
          }
        } else {
          let line = other.lines[leak.position]
          let similarity = Int((100 * leak.similarity).rounded(.down))
          report(.nearlyLeakedPrompt, row, otherLine: line, otherFile: other.name) {
            "\(similarity) % alike with line \(line) of \(other.name): \($0.promptExcerpt(row))"
          }
        }
      }
    }
  }
}
