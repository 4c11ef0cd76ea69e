/// Caches of conversations that have ended, kept for those that begin with the same tokens.
///
/// What is found here saves time and decides nothing: a key or value depends only on the tokens before it, bit for bit.
struct RetainedCaches {
  private struct Entry {
    let cache: KeyValueCache
    /// The tokens that were given; those behind them were generated.
    let promptCount: Int
  }

  /// Most tokens that the caches kept have memory for, all together.
  private let tokenBudget: Int
  /// The least recently used first.
  private var entries: [Entry] = []

  init(tokenBudget: Int) { self.tokenBudget = max(0, tokenBudget) }

  /// Keeps a cache, and lets go of the least recently used until all fit the budget.
  mutating func retain(_ cache: KeyValueCache, promptCount: Int) {
    entries.append(Entry(cache: cache, promptCount: promptCount))
    var held = entries.reduce(0) { $0 + $1.cache.capacity }
    while held > tokenBudget, !entries.isEmpty { held -= entries.removeFirst().cache.capacity }
  }

  /// How many tokens of a prompt the conversation that it continues has in its cache; 0 where none is kept.
  func continuedCount(of prompt: [Int32]) -> Int { continued(by: prompt)?.count ?? 0 }

  /// The cache of the conversation that a prompt continues, cut to what they have in common and no longer kept here:
  /// the next conversation that begins like it finds it in the one that goes on.
  mutating func takeContinued(by prompt: [Int32]) -> KeyValueCache? {
    guard let (index, count) = continued(by: prompt) else { return nil }
    let cache = entries.remove(at: index).cache
    cache.truncate(to: min(count, prompt.count - 1))
    return cache
  }

  /// The cache that begins with the most tokens of a prompt, which counts as a use of it; `nil` where none begins alike.
  mutating func longestPrefix(of prompt: [Int32]) -> (cache: KeyValueCache, count: Int)? {
    var best: (index: Int, count: Int)?
    for (index, entry) in entries.enumerated() {
      let count = entry.cache.commonPrefix(with: prompt)
      if count > best?.count ?? 0 { best = (index, count) }
    }
    guard let best else { return nil }
    let entry = entries.remove(at: best.index)
    entries.append(entry)
    return (entry.cache, best.count)
  }

  /// A prompt continues a conversation where it agrees with it beyond what that conversation was given.
  private func continued(by prompt: [Int32]) -> (index: Int, count: Int)? {
    var best: (index: Int, count: Int)?
    for (index, entry) in entries.enumerated() {
      let count = entry.cache.commonPrefix(with: prompt)
      if count > entry.promptCount, count > best?.count ?? 0 { best = (index, count) }
    }
    return best
  }
}
