import Synchronization

/// Log-probabilities under the reference model, kept so that each group of completions is scored once.
///
/// The key is what determines the scores: the tokens of prompt and completions. One cache belongs to one reference
/// model in one precision; it may be shared by runs that have that in common. It never forgets: an entry
/// takes 4 bytes a token and a little more.
public final class ReferenceScores: Sendable {
  private let scores = Mutex<[CompletionGroup: [Double]]>([:])

  /// No scores yet.
  public init() {}

  /// Scores of the groups in their order, computing those not known with one call of `score`.
  func values(of groups: [CompletionGroup], score: ([CompletionGroup]) -> [[Double]]) -> [[Double]] {
    let missing = scores.withLock { known in groups.filter { known[$0] == nil } }
    let computed = missing.isEmpty ? [] : score(missing)
    return scores.withLock { known in
      for (group, value) in zip(missing, computed) { known[group] = value }
      return groups.map { known[$0] ?? [] }
    }
  }
}
