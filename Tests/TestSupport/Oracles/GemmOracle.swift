/// A matrix product in Double, with its inputs and the error a float32 kernel may make.
public struct GemmOracle {
  /// Rows of A and C.
  public let m: Int
  /// Columns of B and C.
  public let n: Int
  /// Length of the sums.
  public let k: Int
  /// A, dense `[m, k]`.
  public let a: [Float]
  /// B, transposed and dense `[n, k]`.
  public let b: [Float]
  private let sums: [Double]
  private let magnitudes: [Double]

  /// Seeded inputs in -1...1 (rounded to bfloat16 if asked) and their product; O(m*n*k).
  public init(m: Int, n: Int, k: Int, seed: UInt64 = 1, bfloat16: Bool = false) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(truncatingIfNeeded: m &* 31 &+ n &* 37 &+ k &* 41)
    func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let x = Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
      return bfloat16 ? BFloat16Oracle.rounded(x) : x
    }
    self.m = m
    self.n = n
    self.k = k
    let a = (0..<m * k).map { _ in next() }
    let b = (0..<n * k).map { _ in next() }
    var sums = [Double](repeating: 0, count: m * n)
    var magnitudes = sums
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for i in 0..<m {
          for j in 0..<n {
            var sum = 0.0
            var magnitude = 0.0
            var p = 0
            while p < k {
              let product = Double(a[i &* k &+ p]) * Double(b[j &* k &+ p])
              sum += product
              magnitude += product.magnitude
              p &+= 1
            }
            sums[i * n + j] = sum
            magnitudes[i * n + j] = magnitude
          }
        }
      }
    }
    self.a = a
    self.b = b
    self.sums = sums
    self.magnitudes = magnitudes
  }

  /// The first element of `c` that is not `initial + A.B`, in words, or nil.
  ///
  /// A chain of k products and additions, then one addition to the destination, each rounding by at most
  /// u = 2^-24: |error| <= (k + 2) u (sum|ab| + |initial|) to first order; one more u pays for the higher orders.
  public func mismatch(_ c: UnsafePointer<Float>, stride: Int, initial: Float = 0) -> String? {
    for i in 0..<m {
      for j in 0..<n {
        let expected = Double(initial) + sums[i * n + j]
        let tolerance = Double(k + 3) * 0x1p-24 * (magnitudes[i * n + j] + Double(initial.magnitude))
        let found = Double(c[i * stride + j])
        if !((found - expected).magnitude <= tolerance) {
          return "c[\(i), \(j)] of \(m) x \(n) x \(k) is \(found), expected \(expected) +- \(tolerance)"
        }
      }
    }
    return nil
  }
}
