import Foundation

/// Attention of one KV head with a prefix and causal own rows, in Double, one query at a time.
public struct AttentionOracle: Sendable {
  /// Query rows, and own key rows.
  public var rows: Int
  /// Key rows before the first query's own.
  public var prefixRows: Int
  /// Most keys a query sees, its own among them; 0 for all.
  public var window: Int
  /// Query heads a row.
  public var group: Int
  /// Components of a head.
  public var headWidth: Int
  /// Multiplies q.k.
  public var scale: Double
  /// [rows, group * headWidth]
  public var q: [Double]
  /// [prefixRows + rows, headWidth], prefix first
  public var k: [Double]
  /// As k.
  public var v: [Double]

  /// Attention of these inputs; nothing is computed yet.
  public init(
    rows: Int, prefixRows: Int, group: Int, headWidth: Int, scale: Double, window: Int = 0, q: [Double], k: [Double],
    v: [Double]
  ) {
    self.window = window
    (self.rows, self.prefixRows, self.group, self.headWidth, self.scale) = (rows, prefixRows, group, headWidth, scale)
    (self.q, self.k, self.v) = (q, k, v)
  }

  /// Numbers with the errors a float32 kernel may make in them.
  public struct Bounded: Sendable {
    /// What exact arithmetic gives.
    public var values: [Double]
    /// How far from it a float32 kernel may be, element by element.
    public var errors: [Double]

    init(zeros count: Int) {
      values = [Double](repeating: 0, count: count)
      errors = values
    }
  }

  /// The gradients of the backward pass.
  public struct Gradients: Sendable {
    /// [rows, group * headWidth]
    public var q: Bounded
    /// [prefixRows + rows, headWidth]
    public var k: Bounded
    /// [prefixRows + rows, headWidth]
    public var v: Bounded
  }

  static let u = 0x1p-24

  /// What one query sees: query t is head t % group of row t / group.
  struct Query {
    /// The first key it sees.
    var begin: Int
    /// Of the keys from `begin` on.
    var probabilities: [Double]
    var logSum: Double
    /// How far a float32 score may be off: a chain of headWidth products, the scale, the difference with the maximum
    /// (or log_sum).
    var scoreError: Double
  }

  /// The dot product of head `i` of a and head `j` of b, and that of their magnitudes. Indexed loops: tests are built
  /// without optimisation, and this is where the time goes.
  func dot(_ a: [Double], _ i: Int, _ b: [Double], _ j: Int) -> (value: Double, size: Double) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var (value, size, d) = (0.0, 0.0, 0)
        while d < headWidth {
          let product = a[i &* headWidth &+ d] * b[j &* headWidth &+ d]
          value += product
          size += product.magnitude
          d &+= 1
        }
        return (value, size)
      }
    }
  }

  func query(_ t: Int) -> Query {
    let seen = prefixRows + t / group + 1
    let begin = window == 0 ? 0 : max(0, seen - window)
    let products = (begin..<seen).map { dot(q, t, k, $0) }
    let scores = products.map { scale * $0.value }
    let sizes = products.map { scale.magnitude * $0.size }
    let maximum = scores.max() ?? -.infinity
    let sum = scores.reduce(0) { $0 + exp($1 - maximum) }
    let logSum = maximum + log(sum)
    let spread = scores.reduce(0) { max($0, ($1 - maximum).magnitude) }
    let error =
      Self.u * (Double(headWidth + 2) * (sizes.max() ?? 0) + spread + logSum.magnitude)
    return Query(
      begin: begin, probabilities: scores.map { exp($0 - logSum) }, logSum: logSum, scoreError: error)
  }

  /// out [rows, group * headWidth] and log_sum [rows, group].
  ///
  /// An error d of the scores changes a probability by at most 2 d relatively (its own exponential and the sum), the
  /// exponential's 2 ULP are 4 u, sums of exponentials round as SoftmaxOracle counts (54 u), and the sum over the keys
  /// is one chain.
  public func forward() -> (out: Bounded, logSum: Bounded) {
    var out = Bounded(zeros: rows * group * headWidth)
    var logSums = Bounded(zeros: rows * group)
    for t in 0..<rows * group {
      let query = query(t)
      logSums.values[t] = query.logSum
      logSums.errors[t] = query.scoreError + Self.u * (58 + 5 * query.logSum.magnitude)
      let relative = 2 * query.scoreError + Self.u * Double(query.probabilities.count + 62)
      for d in 0..<headWidth {
        var (sum, size) = (0.0, 0.0)
        for (j, p) in query.probabilities.enumerated() {
          let term = p * v[(query.begin + j) * headWidth + d]
          sum += term
          size += term.magnitude
        }
        out.values[t * headWidth + d] = sum
        out.errors[t * headWidth + d] = relative * size
      }
    }
    return (out, logSums)
  }

  /// The gradients of `<dout, out>`.
  ///
  /// p has the relative error of its score and of log_sum's rounding, and the exponential's 4 u. ds = scale p
  /// (dout.v - D) adds the rounding of two dot products of headWidth terms and of the rounded `out` in D. The sums over
  /// keys and queries are chains.
  public func backward(dout: [Double]) -> Gradients {
    let keys = prefixRows + rows
    let queries = rows * group
    var gradients = Gradients(
      q: Bounded(zeros: queries * headWidth), k: Bounded(zeros: keys * headWidth), v: Bounded(zeros: keys * headWidth))
    let out = forward().out.values
    for t in 0..<queries {
      let query = query(t)
      let (d, dSize) = dot(dout, t, out, t)
      let relative = query.scoreError + Self.u * 6
      for (index, p) in query.probabilities.enumerated() {
        let j = query.begin + index
        let (product, productSize) = dot(dout, t, v, j)
        let ds = scale * p * (product - d)
        let inner = Self.u * (Double(headWidth + 2) * (productSize + dSize))
        let dsError = (scale * p).magnitude * (inner + (relative + 4 * Self.u) * (product - d).magnitude)
        for c in 0..<headWidth {
          let (queryValue, keyValue, doutValue) = (q[t * headWidth + c], k[j * headWidth + c], dout[t * headWidth + c])
          let chain = Self.u * Double(max(keys, queries) + 2)
          gradients.q.values[t * headWidth + c] += ds * keyValue
          gradients.q.errors[t * headWidth + c] += (dsError + chain * ds.magnitude) * keyValue.magnitude
          gradients.k.values[j * headWidth + c] += ds * queryValue
          gradients.k.errors[j * headWidth + c] += (dsError + chain * ds.magnitude) * queryValue.magnitude
          gradients.v.values[j * headWidth + c] += p * doutValue
          gradients.v.errors[j * headWidth + c] += p * (relative + chain) * doutValue.magnitude
        }
      }
    }
    return gradients
  }
}
