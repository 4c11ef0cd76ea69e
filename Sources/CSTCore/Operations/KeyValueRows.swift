/// Keys and values of one layer of one sequence, a row a token, in memory that grows. Copies share it.
struct KeyValueRows {
  private let width: Int
  private var keys: TensorStorage
  private var values: TensorStorage

  init(width: Int, capacity: Int) {
    self.width = width
    keys = TensorStorage(count: capacity * width)
    values = TensorStorage(count: capacity * width)
  }

  /// Other memory, for `capacity` rows, with the first `rows` rows.
  func grown(to capacity: Int, keeping rows: Int) -> KeyValueRows {
    let larger = KeyValueRows(width: width, capacity: capacity)
    larger.copy(0..<rows, of: self)
    return larger
  }

  func write(keys newKeys: Tensor, values newValues: Tensor, rows: Range<Int>, at row: Int) {
    let (from, to, count) = (rows.lowerBound * width, row * width, rows.count * width)
    (keys.start + to).update(from: newKeys.start + from, count: count)
    (values.start + to).update(from: newValues.start + from, count: count)
  }

  /// Takes over rows that another sequence has in the same places.
  func copy(_ rows: Range<Int>, of other: KeyValueRows) {
    let (offset, count) = (rows.lowerBound * width, rows.count * width)
    (keys.start + offset).update(from: other.keys.start + offset, count: count)
    (values.start + offset).update(from: other.values.start + offset, count: count)
  }

  /// What rows of queries see that come after `prefixRows` tokens, their own keys and values written behind those.
  func segment(queries rows: Range<Int>, after prefixRows: Int) -> AttentionSegment {
    let prefix = KeyValueSource(keys: keys.start, values: values.start, stride: width)
    return AttentionSegment(
      rows: rows, prefixRows: prefixRows, prefix: prefix, own: prefix.advanced(by: prefixRows * width))
  }
}
