/// Keys and values of the tokens one sequence has seen, so that each new token costs one row.
///
/// Not Sendable: it belongs to the one generation that grows it.
final class KeyValueCache {
  /// Tokens seen.
  private(set) var count = 0
  private let width: Int
  private var capacity: Int
  private var keys: [TensorStorage]
  private var values: [TensorStorage]

  init(configuration: ModelConfiguration, capacity: Int = 128) {
    width = configuration.heads.keyValueWidth
    self.capacity = max(1, capacity)
    let length = self.capacity * width
    keys = (0..<configuration.layerCount).map { _ in TensorStorage(count: length) }
    values = (0..<configuration.layerCount).map { _ in TensorStorage(count: length) }
  }

  /// Makes room for `rows` more tokens.
  func reserve(_ rows: Int) {
    guard count + rows > capacity else { return }
    capacity = max(count + rows, 2 * capacity)
    keys = keys.map(grown)
    values = values.map(grown)
  }

  /// Writes the new tokens' keys and values of one layer behind those seen; `advance(by:)` makes them seen.
  func write(layer: Int, keys newKeys: FloatSource, values newValues: FloatSource, rows: Int) {
    keys[layer].start.advanced(by: count * width).update(from: newKeys, count: rows * width)
    values[layer].start.advanced(by: count * width).update(from: newValues, count: rows * width)
  }

  func advance(by rows: Int) { count += rows }

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

extension Transformer {
  /// Runs new tokens of several sequences at once, growing their caches, and returns the hidden state of each
  /// sequence's last new token.
  ///
  /// - Shape: result `[sequences.count, width]`. Every sequence has at least one new token.
  func advance(
    _ sequences: [(tokens: [Int32], cache: KeyValueCache)], adaptation: Adaptation?, precision: Precision
  ) -> Tensor {
    var positions: [Int32] = []
    var starts: [Int] = []
    for (tokens, cache) in sequences {
      starts.append(positions.count)
      cache.reserve(tokens.count)
      positions += (Int32(cache.count)..<Int32(cache.count + tokens.count))
    }
    let heads = configuration.heads
    let hidden = hiddenStates(
      tokens: sequences.flatMap(\.tokens), positions: positions, adaptation: adaptation, precision: precision
    ) { layer, queries, keys, values in
      for (start, (tokens, cache)) in zip(starts, sequences) {
        let offset = start * heads.keyValueWidth
        cache.write(layer: layer, keys: keys.start + offset, values: values.start + offset, rows: tokens.count)
      }
      return Tensor(shape: queries.shape) { out in
        ComputePool.shared.forEachItem(count: sequences.count * heads.keyValueHeads) { item in
          let (sequence, head) = item.quotientAndRemainder(dividingBy: heads.keyValueHeads)
          let (tokens, cache) = sequences[sequence]
          let shape = heads.shape(rows: tokens.count, prefixRows: cache.count)
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
    for (tokens, cache) in sequences { cache.advance(by: tokens.count) }
    return hidden.rows(at: zip(starts, sequences).map { $0 + $1.tokens.count - 1 })
  }
}
