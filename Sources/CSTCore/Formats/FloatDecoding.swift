/// The elements of little-endian `bytes` stored as `format`, or nil where that is a quantised format.
///
/// Every value of the three formats is exactly representable in `Float`; NaN stays NaN.
///
/// - Precondition: `bytes` holds a whole number of elements.
func decodeFloats(_ bytes: UnsafeRawBufferPointer, as format: WeightFormat) -> [Float]? {
  guard let width = [.f32: 4, .f16: 2, .bf16: 2][format] else { return nil }
  precondition(bytes.count.isMultiple(of: width), "\(bytes.count) bytes are no whole number of \(format) elements")
  let count = bytes.count / width
  return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
    for index in 0..<count {
      if width == 4 {
        let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        buffer[index] = Float(bitPattern: bits)
      } else {
        let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
        buffer[index] = format == .bf16 ? Float(bitPattern: UInt32(bits) << 16) : Float(halfBits: bits)
      }
    }
    initialized = count
  }
}

extension Float {
  /// The value of an IEEE 754 binary16 given by its bits. (`Float16` is not available everywhere this compiles.)
  init(halfBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      // Zero and the subnormals: fraction * 2^-24, exactly.
      let magnitude = Float(fraction) * 0x1p-24
      self = Float(bitPattern: magnitude.bitPattern | sign)
    case 0x1F: self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
