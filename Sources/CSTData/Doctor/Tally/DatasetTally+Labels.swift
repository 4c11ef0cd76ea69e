extension DatasetTally {
  /// Looks for preferences that are repeated or contradict each other, under the same system prompt and prompt.
  /// - Returns: The rows it reported.
  mutating func checkLabels() -> Set<UInt32> {
    var reported: Set<UInt32> = []
    // The first row of every statement, and of every answer as a preferred or a rejected one.
    var stated: [UInt64: UInt32] = [:]
    var preferred: [UInt64: UInt32] = [:]
    var rejected: [UInt64: UInt32] = [:]
    var position = 0
    while position < entries.count {
      let row = entries[position].row
      let end = entries[position...].firstIndex { $0.row != row } ?? entries.endIndex
      var repeated: UInt32? = row
      for entry in entries[position..<end] {
        let scope = UInt64(entry.scope)
        let statement = entry.statement
        let key = ContentHash.of(scope, statement.preference)
        let chosenKey = ContentHash.of(scope, statement.prompt, statement.chosen)
        let rejectedKey = ContentHash.of(scope, statement.prompt, statement.rejected)
        if let earlier = stated[key], earlier != row {
          if repeated == row { repeated = earlier }
        } else {
          repeated = nil
          stated[key] = row
        }
        if reported.contains(row) || repeated != nil { continue }
        if let earlier = stated[ContentHash.of(scope, statement.flipped)], earlier != row {
          add(.oppositeLabels, row, earlier, "prefers the other answer", under: entry.scope)
          reported.insert(row)
        } else if let earlier = rejected[chosenKey], earlier != row {
          add(.conflictingLabels, row, earlier, "prefers an answer that is rejected there", under: entry.scope)
          reported.insert(row)
        } else if let earlier = preferred[rejectedKey], earlier != row {
          add(.conflictingLabels, row, earlier, "rejects an answer that is preferred there", under: entry.scope)
          reported.insert(row)
        }
        if preferred[chosenKey] == nil { preferred[chosenKey] = row }
        if rejected[rejectedKey] == nil { rejected[rejectedKey] = row }
      }
      if let repeated {
        report(.exactDuplicate, row, other: repeated) {
          "says the same as line \($0.line(of: repeated)): \($0.promptExcerpt(row))"
        }
        reported.insert(row)
      }
      position = end
    }
    return reported
  }

  private mutating func add(_ kind: Finding.Kind, _ row: UInt32, _ other: UInt32, _ what: String, under scope: UInt32) {
    report(kind, row, other: other) {
      "\(what) (line \($0.line(of: other)), \($0.scopes[Int(scope)].label)): \($0.promptExcerpt(row))"
    }
  }

  /// Looks for preferences that hold under one system prompt and have no flipped twin under another, if at least a quarter
  /// of those that could have one do; and for preferred answers that are not what their configuration expects.
  ///
  /// A preference that holds under several system prompts alike is neutral: it needs no twin, and says nothing about what
  /// a configuration expects.
  mutating func checkTwins() {
    // The scope of every preference, or `none` where it has several.
    var scopeOfPreference: [UInt64: UInt32] = [:]
    for entry in entries {
      let known = scopeOfPreference.updateValue(entry.scope, forKey: entry.statement.preference)
      if let known, known != entry.scope { scopeOfPreference[entry.statement.preference] = Self.none }
    }
    var lonely: [UInt32] = []
    var twins = 0
    for entry in entries {
      let statement = entry.statement
      let isNeutral = statement.traits.contains(.neutral)
      if !isNeutral, scopeOfPreference[statement.preference] == Self.none { continue }
      checkBehaviour(of: entry)
      let form = scopes[Int(entry.scope)].form
      guard statement.traits.contains(.ranked), form == .systemPrompt || form == .configuration else { continue }
      if let scope = scopeOfPreference[statement.flipped], scope != entry.scope {
        twins += 1
      } else {
        lonely.append(entry.row)
      }
    }
    guard twins > 0, twins * 3 >= lonely.count else { return }
    for row in lonely {
      report(.missingTwin, row) {
        "no row prefers the other answer under another system prompt: \($0.promptExcerpt(row))"
      }
    }
  }

  private mutating func checkBehaviour(of entry: Entry) {
    let traits = entry.statement.traits
    guard !traits.contains(.again) else { return }
    let place = traits.contains(.neutral) ? "a neutral row" : "under \"\(scopes[Int(entry.scope)].label)\""
    if traits.contains(.unexpectedRefusal) {
      report(.unexpectedRefusal, entry.row) { "\(place), a refusal is preferred: \($0.promptExcerpt(entry.row))" }
    }
    if traits.contains(.unexpectedAnswer) {
      report(.unexpectedAnswer, entry.row) { "\(place), an answer is preferred: \($0.promptExcerpt(entry.row))" }
    }
  }
}
