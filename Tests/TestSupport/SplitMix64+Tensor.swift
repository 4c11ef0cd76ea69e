import CSTCore

extension SplitMix64 {
  /// A tensor of uniform numbers.
  public mutating func tensor(_ shape: Shape, in range: ClosedRange<Float> = -1...1) -> Tensor {
    Tensor(floats(shape.count, in: range), shape: shape)
  }
}

extension Tensor {
  /// Seeded uniform numbers of this shape.
  public static func random(_ shape: Shape, seed: UInt64 = 1, in range: ClosedRange<Float> = -1...1) -> Tensor {
    var generator = SplitMix64(seed: seed)
    return generator.tensor(shape, in: range)
  }

  /// The elements in Double, for oracles.
  public var doubles: [Double] { scalars.map(Double.init) }

  /// In words, how this differs from an expected shape and values, or nil: the shape first, then every element within
  /// `terms` roundings (2⁻²⁴ of its size, and of 1 where it is smaller).
  public func mismatch(_ shape: Shape, _ expected: [Double], terms: Double = 4) -> String? {
    guard self.shape == shape else { return "shape \(self.shape), expected \(shape)" }
    return Mismatch.first(scalars, expected) { terms * 0x1p-24 * max(1, expected[$0].magnitude) }
  }
}
