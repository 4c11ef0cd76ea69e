/// The elements of little-endian `bytes` stored as `format`, or nil where that is a quantised format.
///
/// Every value of the three plain formats is exactly representable in `Float`; NaN stays NaN.
/// - Precondition: `bytes` holds a whole number of elements.
package func decodeFloats(_ bytes: UnsafeRawBufferPointer, as format: WeightFormat) -> [Float]? {
  switch format {
  case .f32: decode(bytes, UInt32.self) { Float(bitPattern: $0) }
  case .f16: decode(bytes, UInt16.self) { Float(halfBits: $0) }
  case .bf16: decode(bytes, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
  default: nil
  }
}

@inline(__always) private func decode<Bits: FixedWidthInteger & BitwiseCopyable>(
  _ bytes: UnsafeRawBufferPointer, _: Bits.Type, _ convert: (Bits) -> Float
) -> [Float] {
  let width = MemoryLayout<Bits>.size
  require(bytes.count.isMultiple(of: width), "\(bytes.count) bytes are no whole number of \(width)-byte elements")
  let count = bytes.count / width
  return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
    for index in 0..<count {
      let bits = bytes.loadUnaligned(fromByteOffset: index * width, as: Bits.self)
      buffer.initializeElement(at: index, to: convert(Bits(littleEndian: bits)))
    }
    initialized = count
  }
}

extension Float {
  /// The value of an IEEE 754 binary16 given by its bits. (`Float16` is not available everywhere this compiles.)
  package init(halfBits bits: UInt16) {
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
