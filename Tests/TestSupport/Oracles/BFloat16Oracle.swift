/// bfloat16 rounding written from the definition, not from the kernels' bit trick.
public enum BFloat16Oracle {
  /// The float whose upper half is `bits`.
  public static func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// `x` to the nearest bfloat16, ties to the even one; NaN to a quiet NaN of the same sign.
  public static func bits(_ x: Float) -> UInt16 {
    let below = UInt16(truncatingIfNeeded: x.bitPattern >> 16)
    if x.isNaN { return below | 0x40 }
    if x.isInfinite || float(below) == x { return below }
    let above = below + 1
    // The step past the greatest finite value is infinity, which rounds as if it were 2^128.
    let upper = float(above).isInfinite ? (x < 0 ? -0x1p128 : 0x1p128) : Double(float(above))
    let toBelow = abs(Double(x) - Double(float(below)))
    let toAbove = abs(upper - Double(x))
    if toBelow == toAbove { return below % 2 == 0 ? below : above }
    return toBelow < toAbove ? below : above
  }

  /// `x` rounded to bfloat16 and back.
  public static func rounded(_ x: Float) -> Float { float(bits(x)) }
}
