/// Keys and values of the tokens one sequence has seen, so that each new token costs one row.
///
/// Not Sendable: it belongs to the one generation that grows it.
final class KeyValueCache {
  /// The tokens seen, oldest first.
  private(set) var tokens: [Int32] = []
  /// Tokens there is memory for.
  private(set) var capacity: Int
  private let width: Int
  private var keys: [TensorStorage]
  private var values: [TensorStorage]
  /// Whether the keys were rotated as those of a sequence longer than ``RotaryTable/switchLength`` are.
  fileprivate(set) var isRotatedForLength = false

  init(configuration: ModelConfiguration, capacity: Int = 128) {
    width = configuration.heads.keyValueWidth
    self.capacity = max(1, capacity)
    let length = self.capacity * width
    keys = (0..<configuration.layerCount).map { _ in TensorStorage(count: length) }
    values = (0..<configuration.layerCount).map { _ in TensorStorage(count: length) }
  }

  /// Tokens seen.
  var count: Int { tokens.count }

  /// Makes room for `rows` more tokens, and for some more than that where it has to grow.
  func reserve(_ rows: Int) {
    guard count + rows > capacity else { return }
    capacity = max(count + rows, capacity + capacity / 2)
    keys = keys.map(grown)
    values = values.map(grown)
  }

  /// Writes the new tokens' keys and values of one layer behind those seen; `append` makes them seen.
  func write(layer: Int, keys newKeys: FloatSource, values newValues: FloatSource, rows: Int) {
    keys[layer].start.advanced(by: count * width).update(from: newKeys, count: rows * width)
    values[layer].start.advanced(by: count * width).update(from: newValues, count: rows * width)
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
    let (range, offset) = ((rows - start) * width, start * width)
    for (mine, theirs) in zip(keys + values, other.keys + other.values) {
      mine.start.advanced(by: offset).update(from: theirs.start + offset, count: range)
    }
    tokens += other.tokens[start..<rows]
  }

  /// Keys and values of one head, the first of the tokens seen.
  func source(layer: Int, headOffset: Int) -> KeyValueSource {
    KeyValueSource(
      keys: UnsafePointer(keys[layer].start) + headOffset, values: UnsafePointer(values[layer].start) + headOffset,
      stride: width)
  }

  private func grown(_ storage: TensorStorage) -> TensorStorage {
    let larger = TensorStorage(count: capacity * width)
    larger.start.update(from: storage.start, count: count * width)
    return larger
  }
}

extension [Int32] {
  /// How many elements at the start are the same.
  func commonPrefix(with other: [Int32]) -> Int {
    var length = 0
    while length < count, length < other.count, self[length] == other[length] { length += 1 }
    return length
  }
}

extension Transformer {
  /// Runs new tokens of several sequences at once, growing their caches, and returns the hidden state of each
  /// sequence's last new token.
  ///
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
    let heads = configuration.heads
    let hidden = hiddenStates(
      tokens: sequences.flatMap(\.tokens), rotaryRows: rotaryRows, adaptation: adaptation, precision: precision,
      access: .stored
    ) { layer, queries, keys, values in
      for (start, (tokens, cache)) in zip(starts, sequences) {
        let offset = start * heads.keyValueWidth
        cache.write(layer: layer, keys: keys.start + offset, values: values.start + offset, rows: tokens.count)
      }
      return Tensor(shape: queries.shape) { out in
        WorkRecorder.measure(.attention) {
          ComputePool.shared.forEachItem(count: sequences.count * heads.keyValueHeads) { item in
            let (sequence, head) = item.quotientAndRemainder(dividingBy: heads.keyValueHeads)
            let (tokens, cache) = sequences[sequence]
            let shape = heads.shape(
              rows: tokens.count, prefixRows: cache.count, window: configuration.window(layer: layer))
            let cached = cache.source(layer: layer, headOffset: head * heads.headWidth)
            let new = cache.count * cached.stride
            let queryOffset = starts[sequence] * heads.queryWidth + head * heads.group * heads.headWidth
            withScratch(Float.self, count: max(1, Kernels.current.attentionScratch(shape))) { scratch in
              Kernels.current.attention(
                MatrixDestination(start: out + queryOffset, stride: heads.queryWidth), logSum: nil,
                q: MatrixSource(start: queries.start + queryOffset, stride: heads.queryWidth), prefix: cached,
                own: KeyValueSource(keys: cached.keys + new, values: cached.values + new, stride: cached.stride),
                shape: shape, scratch: scratch)
            }
          }
        }
      }
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
