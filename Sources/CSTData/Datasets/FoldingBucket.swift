import CSTCore
import Foundation

/// Rows with system prompts of a policy that agree in everything but system prompt, answers and judge scores, on the way to
/// being folded.
struct FoldingBucket {
  /// One of the rows.
  struct Part {
    let row: PreferencePair
    let position: Int
    let configuration: Int
  }

  private struct Preference: Hashable {
    let configuration: Int
    let chosen: String
    let rejected: String
  }

  /// The rows not yet folded, by position.
  private(set) var parts: [Int: Part] = [:]
  /// Positions by the bytes of the row, in order.
  private var positions: [Data: [Int]] = [:]
  private var preferences: [Preference: Int] = [:]
  private var positionsByConfiguration: [Int: [Int]] = [:]

  mutating func add(_ row: PreferencePair, position: Int, configuration: Int) {
    let part = Part(row: row, position: position, configuration: configuration)
    parts[position] = part
    positions[row.bytes, default: []].append(position)
    positionsByConfiguration[configuration, default: []].append(position)
    if let preference = Self.preference(of: part) { preferences[preference, default: 0] += 1 }
  }

  /// Whether a row is left that says so.
  func contains(_ configuration: Int, _ chosen: String, over rejected: String) -> Bool {
    preferences[Preference(configuration: configuration, chosen: chosen, rejected: rejected), default: 0] > 0
  }

  /// Of the rows left under a configuration, the first for every answer that is preferred.
  func firstChoices(under configuration: Int) -> [PreferencePair] {
    var seen: Set<[UInt8]> = []
    return (positionsByConfiguration[configuration] ?? []).compactMap { parts[$0]?.row }.filter { row in
      row.ranking.map { seen.insert(Array($0.chosen.utf8)).inserted } ?? false
    }
  }

  /// Takes rows of these bytes out, if all are there.
  /// - Returns: Their positions, or `nil` and nothing is taken.
  mutating func take(_ rows: [Data], including position: Int) -> [Int]? {
    let needed = Dictionary(rows.map { ($0, 1) }, uniquingKeysWith: +)
    guard needed.allSatisfy({ positions[$0.key, default: []].count >= $0.value }) else { return nil }
    guard needed.keys.contains(where: { positions[$0, default: []].contains(position) }) else { return nil }
    var taken: [Int] = []
    for bytes in rows {
      let index = positions[bytes]?.firstIndex(of: position) ?? 0
      if let position = positions[bytes]?.remove(at: index) { taken.append(position) }
    }
    for position in taken {
      if let part = parts.removeValue(forKey: position), let preference = Self.preference(of: part) {
        preferences[preference, default: 0] -= 1
      }
    }
    return taken
  }

  private static func preference(of part: Part) -> Preference? {
    part.row.ranking.map { Preference(configuration: part.configuration, chosen: $0.chosen, rejected: $0.rejected) }
  }
}

extension PreferencePair {
  /// The answers and the system prompt of a row that spells it out.
  var ranking: (chosen: String, rejected: String, system: String)? {
    if case .ranked(let chosen, let rejected, .systemPrompt(let system)) = answers {
      (chosen, rejected, system)
    } else {
      nil
    }
  }

  var isSpelledOut: Bool { ranking != nil }

  var isMarked: Bool { columns[Self.groupColumn] != nil || columns[Self.formColumn] != nil }

  func replacing(_ scope: Scope) -> PreferencePair {
    guard case .ranked(let chosen, let rejected, _) = answers else { return self }
    var copy = self
    copy.answers = .ranked(chosen: chosen, rejected: rejected, scope: scope)
    return copy
  }

  /// The row as a file has it: equal bytes are equal rows, and the other way round.
  /// - Precondition: The row can be written; see `checkWritable(row:)`.
  var bytes: Data {
    do { return try JSONEncoder.rows.encode(self) } catch {
      preconditionFailure("a row that cannot be written: \(error)")
    }
  }

  func checkWritable(row: Int) throws(PreferenceError) {
    do { _ = try JSONEncoder.rows.encode(self) } catch let problem {
      throw error(.inexpressible, row: row, "it cannot be written as JSON: \(problem)")
    }
  }

  /// The bytes of everything but system prompt, answers and judge scores.
  var context: Data {
    var copy = self
    copy.answers = .byConfiguration([:])
    copy.judgeScores = nil
    return copy.bytes
  }
}

extension JSONEncoder {
  /// Sorted keys, so that equal datasets are equal files.
  package static var rows: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}
