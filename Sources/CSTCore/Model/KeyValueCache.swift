/// Keys and values of the tokens one sequence has seen, so that each new token costs one row.
///
/// Not Sendable: it belongs to the one generation that grows it.
final class KeyValueCache {
  /// The tokens seen, oldest first.
  private(set) var tokens: [Int32] = []
  private(set) var capacity: Int
  private var layers: [KeyValueRows]
  /// Whether the keys were rotated as those of a sequence longer than ``RotaryTable/switchLength`` are.
  fileprivate(set) var isRotatedForLength = false

  init(configuration: ModelConfiguration, capacity: Int = 128) {
    let capacity = max(1, capacity)
    self.capacity = capacity
    layers = (0..<configuration.layerCount).map { _ in
      KeyValueRows(width: configuration.heads.keyValueWidth, capacity: capacity)
    }
  }

  var count: Int { tokens.count }

  /// Makes room for `rows` more tokens, and for some more than that where it has to grow.
  func reserve(_ rows: Int) {
    guard count + rows > capacity else { return }
    capacity = max(count + rows, capacity + capacity / 2)
    layers = layers.map { $0.grown(to: capacity, keeping: count) }
  }

  /// Writes the new tokens' keys and values of one layer, the given rows, behind those seen; `append` makes them seen.
  /// - Returns: What their queries, which are the same rows, attend to.
  func write(layer: Int, keys: Tensor, values: Tensor, rows: Range<Int>) -> AttentionSegment {
    layers[layer].write(keys: keys, values: values, rows: rows, at: count)
    return layers[layer].segment(queries: rows, after: count)
  }

  func append(_ newTokens: [Int32]) { tokens += newTokens }

  /// How many of the tokens seen are also the first of `other`.
  func commonPrefix(with other: [Int32]) -> Int { tokens.commonPrefix(with: other) }

  /// Forgets all but the first `count` tokens.
  func truncate(to count: Int) { tokens.removeLast(max(0, self.count - count)) }

  /// Takes over the keys and values of the first `rows` tokens of a cache that begins with the tokens seen here.
  func adopt(_ rows: Int, of other: KeyValueCache) {
    if isRotatedForLength != other.isRotatedForLength { truncate(to: 0) }
    let start = count
    guard rows > start else { return }
    isRotatedForLength = other.isRotatedForLength
    reserve(rows - start)
    for (mine, theirs) in zip(layers, other.layers) { mine.copy(start..<rows, of: theirs) }
    tokens += other.tokens[start..<rows]
  }
}

extension [Int32] {
  func commonPrefix(with other: [Int32]) -> Int {
    var length = 0
    while length < count, length < other.count, self[length] == other[length] { length += 1 }
    return length
  }
}

extension Transformer {
  /// Runs new tokens of several sequences at once, growing their caches, and returns the hidden state of each
  /// sequence's last new token.
  /// - Shape: result `[sequences.count, width]`. Every sequence has at least one new token.
  func advance(
    _ sequences: [(tokens: [Int32], cache: KeyValueCache)], adaptation: Adaptation?, precision: Precision
  ) -> Tensor {
    var rotaryRows: [Int32] = []
    var starts: [Int] = []
    let sequences = sequences.map { withMatchingRotation($0.tokens, $0.cache) }
    for (tokens, cache) in sequences {
      starts.append(rotaryRows.count)
      cache.reserve(tokens.count)
      let length = cache.count + tokens.count
      rotaryRows += rotary.rows(at: Int32(cache.count)..<Int32(length), sequenceLength: length)
    }
    let hidden = hiddenStates(
      tokens: sequences.flatMap(\.tokens), rotaryRows: rotaryRows, adaptation: adaptation, precision: precision,
      access: .stored
    ) { [configuration] layer, queries, keys, values in
      let segments = zip(starts, sequences).map { start, sequence in
        sequence.cache.write(layer: layer, keys: keys, values: values, rows: start..<start + sequence.tokens.count)
      }
      return queries.attention(over: segments, heads: configuration.heads, window: configuration.window(layer: layer))
    }
    for (tokens, cache) in sequences { cache.append(tokens) }
    return hidden.rows(at: zip(starts, sequences).map { $0 + $1.tokens.count - 1 })
  }

  /// Where a sequence grows beyond the length up to which it is rotated in one way, or was cut back to it, all of it has
  /// to be computed again.
  private func withMatchingRotation(
    _ tokens: [Int32], _ cache: KeyValueCache
  ) -> (tokens: [Int32], cache: KeyValueCache) {
    let isLong = cache.count + tokens.count > rotary.switchLength ?? .max
    guard isLong != cache.isRotatedForLength else { return (tokens, cache) }
    let all = cache.tokens + tokens
    cache.truncate(to: 0)
    cache.isRotatedForLength = isLong
    return (all, cache)
  }
}
