import CSTCore

extension Collection where Element == PreferencePair {
  /// Divides the rows into those to train on and those kept back to evaluate on.
  ///
  /// Split rows, then flip: the twins of a row then stand on one side. Rows whose prompts are near duplicates stay together
  /// too (the system prompt and the answers do not count), so that a held-out prompt is never a training prompt reworded by
  /// a comma, and rows that were written out with system prompts stay with their twins. Both parts keep the order of the
  /// rows.
  ///
  /// ```swift
  /// let (training, heldOut) = pairs.split(heldOut: 0.1, seed: 17, stratifiedBy: [.task, .form])
  /// ```
  ///
  /// The rule: groups of rows that stay together are taken in an order drawn from the seed, each one that still fits. With
  /// strata, room is counted for every kind of row by itself. The share of a kind's rows is rarely a whole number, so every
  /// kind gets that number rounded down, and what is left to the rounded share of all rows goes, a row each, to the kinds
  /// that lost most, earlier kinds first. A group fits where there is room for its rows of every kind: no kind gets more
  /// than its room, and no group is left that would still fit.
  ///
  /// - Parameters:
  ///   - heldOut: The share to keep back, from 0 to 1. The part has that many rows, rounded to the nearest, or fewer
  ///     where a group of near duplicates would not fit any more.
  ///   - seed: Determines the choice together with the rows, on every machine.
  ///   - nearDuplicates: What counts as the same prompt.
  ///   - strata: Keep the share within each kind of rows, and each combination of kinds where there are several strata.
  /// - Precondition: `heldOut` is from 0 to 1.
  public func split(
    heldOut share: Double, seed: UInt64, nearDuplicates: NearDuplicates = NearDuplicates(),
    stratifiedBy strata: Set<PreferenceStratum> = []
  ) -> (training: [PreferencePair], heldOut: [PreferencePair]) {
    precondition((0...1).contains(share), "split(heldOut:seed:) needs a share from 0 to 1, not \(share)")
    let groups = nearDuplicates.groups(in: map(\.promptText))
    let (kinds, kindCount) = kinds(by: strata)
    var room = Self.room(share, of: kinds, kindCount)
    var generator = SeededGenerator(seed: seed)
    var isHeldOut = [Bool](repeating: false, count: count)
    for position in generator.permutation(of: groups.count) {
      let needed = Dictionary(groups[position].map { (kinds[$0], 1) }, uniquingKeysWith: +)
      guard needed.allSatisfy({ room[$0.key] >= $0.value }) else { continue }
      for (kind, rows) in needed { room[kind] -= rows }
      for row in groups[position] { isHeldOut[row] = true }
    }
    let rows = zip(self, isHeldOut)
    return (rows.filter { !$0.1 }.map(\.0), rows.filter { $0.1 }.map(\.0))
  }

  /// The kind of every row as a number, in order of first appearance, and how many kinds there are.
  private func kinds(by strata: Set<PreferenceStratum>) -> (of: [Int], count: Int) {
    let strata = PreferenceStratum.allCases.filter(strata.contains)
    var numbers: [[String]: Int] = [:]
    let kinds = map { pair in
      let kind = strata.map { $0.kind(of: pair) }
      let number = numbers[kind] ?? numbers.count
      numbers[kind] = number
      return number
    }
    return (kinds, numbers.count)
  }

  /// How many rows of each kind to hold out: the method of largest remainders.
  private static func room(_ share: Double, of kinds: [Int], _ kindCount: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: kindCount)
    for kind in kinds { counts[kind] += 1 }
    let exact = counts.map { share * Double($0) }
    var room = exact.map { Int($0) }
    let left = Int((share * Double(kinds.count)).rounded()) - room.reduce(0, +)
    let byLoss = room.indices.sorted { a, b in
      let (lossA, lossB) = (exact[a] - Double(room[a]), exact[b] - Double(room[b]))
      return lossA == lossB ? a < b : lossA > lossB
    }
    for kind in byLoss.prefix(Swift.max(0, left)) { room[kind] += 1 }
    return room
  }
}

extension PreferencePair {
  package var promptText: String { prompt.map(\.content).joined(separator: "\n") }
}

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
