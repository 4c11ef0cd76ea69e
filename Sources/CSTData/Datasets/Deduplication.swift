import CSTCore
import Foundation

/// Which rows of a dataset say what an earlier row says already.
///
/// ```swift
/// let found = Deduplication(of: rows)
/// let distinct = found.kept.map { rows[$0] }
/// ```
///
/// A row is an *exact duplicate* where it equals an earlier row in everything but the column `cst_row`. Among the others,
/// a row's prompt decides:
///
/// - Rows with the same prompt are held against each other by what they say. Rows that share an answer are twins (a flip
///   written out with system prompts) and stay or go together. A second set of twins stays only if it is about other system
///   prompts or configurations than those before it; rows for which a policy has the system prompts are about all of them.
/// - A prompt that is a near duplicate of one kept before goes, with all its rows. Every removed prompt is at least
///   as similar to the kept one as the threshold says; no two kept prompts are.
public struct Deduplication: Sendable {
  /// Why a row goes.
  @nonexhaustive
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    /// It equals an earlier row.
    case exact = "exact duplicate"
    /// Its prompt is one of an earlier row, or nearly.
    case nearDuplicate = "near duplicate"
  }

  /// A row that goes.
  public struct Removal: Hashable, Sendable {
    /// Its position.
    public let row: Int
    /// The position of the row that is kept in its place, the first if there are several.
    public let kept: Int
    /// Why it goes.
    public let reason: Reason
    /// The similarity of the two prompts.
    public let similarity: Double
  }

  /// The positions of the rows that stay, ascending.
  public let kept: [Int]
  /// The rows that go, ascending.
  public let removed: [Removal]

  /// Looks through a dataset.
  ///
  /// - Parameter rows: The dataset.
  /// - Parameter nearDuplicates: What counts as the same prompt; `nil` removes exact duplicates only.
  /// - Complexity: That of ``NearDuplicates/groups(in:)`` over the distinct prompts.
  public init(of rows: [PreferencePair], nearDuplicates: NearDuplicates? = NearDuplicates()) {
    var removals: [Int: Removal] = [:]
    var firsts: [PreferencePair: Int] = [:]
    var distinct: [Int] = []
    for (position, row) in rows.enumerated() {
      var content = row
      content.columns[PreferencePair.groupColumn] = nil
      if let first = firsts[content] {
        removals[position] = Removal(row: position, kept: first, reason: .exact, similarity: 1)
      } else {
        firsts[content] = position
        distinct.append(position)
      }
    }
    if let nearDuplicates {
      for removal in Self.nearDuplicates(among: distinct, of: rows, nearDuplicates) { removals[removal.row] = removal }
    }
    kept = rows.indices.filter { removals[$0] == nil }
    removed = removals.values.sorted { $0.row < $1.row }
  }

  private static func nearDuplicates(
    among positions: [Int], of rows: [PreferencePair], _ detector: NearDuplicates
  ) -> [Removal] {
    var removals: [Removal] = []
    var prompts: [[Message]: Int] = [:]
    var rowsOfPrompt: [[Int]] = []
    for position in positions {
      let number = prompts[rows[position].prompt] ?? rowsOfPrompt.count
      if number == rowsOfPrompt.count {
        prompts[rows[position].prompt] = number
        rowsOfPrompt.append([])
      }
      rowsOfPrompt[number].append(position)
    }
    let texts = rowsOfPrompt.map { rows[$0[0]].promptText }
    for group in detector.groups(in: texts) {
      var kept: [Int] = []
      for prompt in group {
        let similar = kept.lazy.map { ($0, detector.similarity(texts[$0], texts[prompt])) }
          .first { $0.1 >= detector.threshold }
        if let (other, similarity) = similar {
          removals += rowsOfPrompt[prompt].map {
            Removal(row: $0, kept: rowsOfPrompt[other][0], reason: .nearDuplicate, similarity: similarity)
          }
        } else {
          kept.append(prompt)
          let stays = PromptTwins(rowsOfPrompt[prompt], of: rows).kept
          for position in rowsOfPrompt[prompt] where !stays.contains(position) {
            removals.append(
              Removal(row: position, kept: rowsOfPrompt[prompt][0], reason: .nearDuplicate, similarity: 1))
          }
        }
      }
    }
    return removals
  }
}

/// Rows with one prompt, in sets of twins.
private struct PromptTwins {
  private(set) var kept: Set<Int> = []

  init(_ positions: [Int], of rows: [PreferencePair]) {
    var sets: [(answers: Set<String>, positions: [Int])] = []
    for position in positions {
      let answers = Self.answers(of: rows[position])
      var (joined, others) = ((answers: answers, positions: [position]), [(answers: Set<String>, positions: [Int])]())
      // A row may join sets that had nothing in common before.
      for set in sets {
        if set.answers.isDisjoint(with: answers) {
          others.append(set)
        } else {
          joined = (joined.answers.union(set.answers), set.positions + joined.positions)
        }
      }
      sets = (others + [joined])
    }
    sets.sort { ($0.positions.min() ?? 0) < ($1.positions.min() ?? 0) }
    var seen: Set<PreferencePair.Scope> = []
    for set in sets {
      let scopes = Set(set.positions.compactMap { Self.scope(of: rows[$0]) })
      let isAboutAll = scopes.count < Set(set.positions.map { Self.scope(of: rows[$0]) }).count
      let isNew = kept.isEmpty || !isAboutAll && !seen.contains(.everyConfiguration) && scopes.isDisjoint(with: seen)
      guard isNew else { continue }
      kept.formUnion(set.positions)
      seen.formUnion(isAboutAll ? scopes.union([.everyConfiguration]) : scopes)
    }
  }

  /// The system prompt or configuration a row is about; `nil` for all of them.
  private static func scope(of row: PreferencePair) -> PreferencePair.Scope? {
    switch row.answers {
    case .byConfiguration, .ranked(_, _, .everyConfiguration), .ranked(_, _, .unstated): nil
    case .ranked(_, _, let scope): scope
    }
  }

  /// Rows that share one of these are twins.
  private static func answers(of row: PreferencePair) -> Set<String> {
    switch row.answers {
    case .byConfiguration(let texts): Set(texts.values)
    case .ranked(let chosen, let rejected, _): [chosen, rejected]
    }
  }
}
