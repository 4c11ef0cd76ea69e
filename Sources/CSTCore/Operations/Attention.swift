import Foundation

/// Sizes of grouped-query attention: query heads share key-value heads in equal groups.
public struct AttentionHeads: Sendable, Hashable {
  /// Number of query heads.
  public let queryHeads: Int
  /// Number of key-value heads; divides the query heads.
  public let keyValueHeads: Int
  /// Width of one head.
  public let headWidth: Int

  /// Traps where the key-value heads do not divide the query heads.
  public init(queryHeads: Int, keyValueHeads: Int, headWidth: Int) {
    require(
      keyValueHeads > 0 && queryHeads % keyValueHeads == 0,
      "\(keyValueHeads) key-value heads cannot be shared by \(queryHeads) query heads")
    self.queryHeads = queryHeads
    self.keyValueHeads = keyValueHeads
    self.headWidth = headWidth
  }

  /// Query heads per key-value head.
  package var group: Int { queryHeads / keyValueHeads }
  var queryWidth: Int { queryHeads * headWidth }
  var keyValueWidth: Int { keyValueHeads * headWidth }
  /// 1/√headWidth.
  package var scale: Float { Float(1 / Double(headWidth).squareRoot()) }

  fileprivate func shape(rows: Int, prefixRows: Int, window: Int?) -> AttentionHeadShape {
    AttentionHeadShape(
      rows: rows, prefixRows: prefixRows, group: group, headWidth: headWidth, scale: scale, window: window)
  }
}

/// Rows of queries of one sequence, and the keys and values of all heads that they see. Whoever makes it keeps those
/// alive.
struct AttentionSegment {
  /// Rows of the queries; `own` has as many.
  let rows: Range<Int>
  /// Rows of `prefix`, the positions before the first query's own.
  let prefixRows: Int
  let prefix: KeyValueSource
  let own: KeyValueSource

  /// Keys that the rows see, summed over them.
  fileprivate func seenKeys(window: Int?) -> Double {
    let (rows, prefix) = (Double(rows.count), Double(prefixRows))
    guard let window else { return rows * prefix + rows * (rows + 1) / 2 }
    return (0..<self.rows.count).reduce(0.0) { $0 + Double(min(window, prefixRows + $1 + 1)) }
  }
}

extension Tensor {
  /// Causal scaled dot-product attention over packed sequences (Vaswani et al., arXiv 1706.03762, equation 1).
  ///
  /// Scores are never kept: the backward pass computes them again from the log-sums.
  /// - Shape: self (queries) `[tokens, queryHeads·headWidth]`; `keys` and `values` `[tokens, keyValueHeads·headWidth]`;
  ///   result like self. Traps where these do not fit `heads` and `sequences`.
  /// - Parameter window: How many of the latest positions of its sequence a row sees, itself among them (Beltagy et al.,
  ///   arXiv 2004.05150); all where `nil`. Traps below 1.
  /// - Complexity: Per sequence O(rows · seen keys · width) time; memory is linear in the rows.
  package func attention(
    keys: Tensor, values: Tensor, heads: AttentionHeads, over sequences: PackedSequences, window: Int? = nil
  ) -> Tensor {
    let rows = sequences.rowCount
    require(window ?? 1 >= 1, "an attention window holds at least the row itself, not \(window ?? 0) rows")
    require(
      shape == [rows, heads.queryWidth] && keys.shape == [rows, heads.keyValueWidth] && values.shape == keys.shape,
      "queries \(shape), keys \(keys.shape), values \(values.shape) do not fit \(heads) over \(rows) rows")
    let pass = AttentionPass(
      queries: detached(), keys: keys.detached(), values: values.detached(), heads: heads, window: window,
      sequences: sequences)
    let logSums = Tensor(shape: [rows, heads.queryHeads]) { _ in }
    let out = Tensor(shape: shape) { pass.forward(into: $0, logSums: logSums.storage.start) }
    let outValues = out.detached()
    return out.recorded(from: [self, keys, values]) {
      [queryNode = node, keyNode = keys.node, valueNode = values.node] gradient in
      let (dQueries, dKeys, dValues) = pass.backward(gradient, out: outValues, logSums: logSums)
      queryNode?.accumulate(sharing: dQueries)
      keyNode?.accumulate(sharing: dKeys)
      valueNode?.accumulate(sharing: dValues)
    }
  }
  /// The same over keys and values that are kept elsewhere, for rows that continue sequences. A constant.
  func attention(over segments: [AttentionSegment], heads: AttentionHeads, window: Int?) -> Tensor {
    Tensor(shape: shape) { attend(segments, heads, window, into: $0, logSums: nil) }
  }

  /// The forward pass of these queries, split between threads by head and sequence. `logSums`, `[rows, queryHeads]`, is
  /// for the backward pass.
  fileprivate func attend(
    _ segments: [AttentionSegment], _ heads: AttentionHeads, _ window: Int?, into out: FloatDestination,
    logSums: FloatDestination?
  ) {
    let operations = 4 * heads.products(segments, window)
    WorkRecorder.measure(.attention, floatingPointOperations: operations) {
      ComputePool.shared.forEachItem(count: segments.count * heads.keyValueHeads) { item in
        let (segment, head) = (segments[item % segments.count], item / segments.count)
        let shape = heads.shape(rows: segment.rows.count, prefixRows: segment.prefixRows, window: window)
        let (first, stride) = (segment.rows.lowerBound, heads.queryWidth)
        let offset = first * stride + head * heads.group * heads.headWidth
        withScratch(Float.self, count: max(1, Kernels.current.attentionScratch(shape))) { scratch in
          Kernels.current.attention(
            MatrixDestination(start: out + offset, stride: stride),
            logSum: logSums.map {
              MatrixDestination(start: $0 + first * heads.queryHeads + head * heads.group, stride: heads.queryHeads)
            },
            q: MatrixSource(start: start + offset, stride: stride),
            prefix: segment.prefix.advanced(by: head * heads.headWidth),
            own: segment.own.advanced(by: head * heads.headWidth), shape: shape, scratch: scratch)
        }
      }
    }
  }
}

extension AttentionHeads {
  /// The products q·k of all heads, in multiply-adds; the backward pass makes five such products, the forward pass two.
  func products(_ segments: [AttentionSegment], _ window: Int?) -> Double {
    segments.reduce(0) { $0 + $1.seenKeys(window: window) } * Double(queryWidth)
  }
}

extension KeyValueSource {
  func advanced(by offset: Int) -> KeyValueSource {
    KeyValueSource(keys: keys + offset, values: values + offset, stride: stride)
  }
}

private typealias AttentionGradients = (queries: TensorStorage, keys: TensorStorage, values: TensorStorage)

/// The operands of one attention over packed sequences, split between threads by head and sequence.
private struct AttentionPass {
  let queries: Tensor
  let keys: Tensor
  let values: Tensor
  let heads: AttentionHeads
  let window: Int?
  let sequences: PackedSequences

  private var queryStride: Int { heads.queryWidth }
  private var keyStride: Int { heads.keyValueWidth }

  private var segments: [AttentionSegment] {
    sequences.segments.map { own, prefix in
      AttentionSegment(
        rows: own, prefixRows: prefix.count, prefix: source(row: prefix.lowerBound), own: source(row: own.lowerBound))
    }
  }

  func forward(into out: FloatDestination, logSums: FloatDestination) {
    queries.attend(segments, heads, window, into: out, logSums: logSums)
  }

  func backward(_ gradient: TensorStorage, out: Tensor, logSums: Tensor) -> AttentionGradients {
    WorkRecorder.measure(.attention, floatingPointOperations: 10 * heads.products(segments, window)) {
      computeBackward(gradient, out: out, logSums: logSums)
    }
  }

  private func computeBackward(_ gradient: TensorStorage, out: Tensor, logSums: Tensor) -> AttentionGradients {
    let dQueries = TensorStorage(count: queries.count)
    let dKeys = TensorStorage(count: keys.count)
    let dValues = TensorStorage(count: values.count)
    dKeys.elements.update(repeating: 0)
    dValues.elements.update(repeating: 0)
    // A group's continuations add to the same prefix, so one thread does a whole group of one head, in a fixed order.
    let groups = sequences.groups
    ComputePool.shared.forEachItem(count: groups.count * heads.keyValueHeads) { item in
      let (group, head) = (groups[item % groups.count], item / groups.count)
      let noPrefix = group.prefix.lowerBound..<group.prefix.lowerBound
      for (own, prefix) in group.continuations.map({ ($0, group.prefix) }) + [(group.prefix, noPrefix)] {
        let shape = heads.shape(rows: own.count, prefixRows: prefix.count, window: window)
        let queryOffset = own.lowerBound * queryStride + head * heads.group * heads.headWidth
        let query = { (start: FloatSource) in MatrixSource(start: start + queryOffset, stride: queryStride) }
        let keyValue = { (row: Int) -> KeyValueDestination in
          let offset = row * keyStride + head * heads.headWidth
          return KeyValueDestination(keys: dKeys.start + offset, values: dValues.start + offset, stride: keyStride)
        }
        withScratch(Float.self, count: max(1, Kernels.current.attentionBackwardScratch(shape))) { scratch in
          Kernels.current.attentionBackward(
            dq: MatrixDestination(start: dQueries.start + queryOffset, stride: queryStride),
            dPrefix: keyValue(prefix.lowerBound), dOwn: keyValue(own.lowerBound), dOut: query(gradient.start),
            out: query(out.start),
            logSum: MatrixSource(
              start: logSums.start + own.lowerBound * heads.queryHeads + head * heads.group, stride: heads.queryHeads),
            q: query(queries.start), prefix: source(row: prefix.lowerBound).advanced(by: head * heads.headWidth),
            own: source(row: own.lowerBound).advanced(by: head * heads.headWidth), shape: shape, scratch: scratch)
        }
      }
    }
    return (dQueries, dKeys, dValues)
  }

  private func source(row: Int) -> KeyValueSource {
    KeyValueSource(keys: keys.start, values: values.start, stride: keyStride).advanced(by: row * keyStride)
  }
}
