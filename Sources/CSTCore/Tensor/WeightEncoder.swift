/// Rounds numbers into a storage format: byte for byte what Python's `gguf` 0.19 writes, and ggml's reference quantisers.
///
///     let encoder = try #require(WeightEncoder(.q8_0))
///     let bytes = encoder.encode([0.5, -1, …])          // 34 bytes for 32 numbers
///
/// Arithmetic is in `Float` and without fused operations, so that the bytes are the same on every machine:
/// - `F16` and `BF16`: to the nearest, ties to even.
/// - `Q8_0`: d = max|x| / 127, quants round(x · 1/d), halves away from zero.
/// - `Q4_0`: d = m / −8 where m is the number of greatest magnitude, the first of several; quants ⌊x · 1/d + 8.5⌋, at
///   most 15.
/// - `Q4_1`: d = (max − min) / 15, quants ⌊(x − min) · 1/d + ½⌋, at most 15.
///
/// Scales are stored in half precision after the quants are taken with the unrounded ones. Where a block is so small that
/// 1/d is no number, its quants are those of a block of zeros; so is what it decodes to.
///
/// Compilers that fuse Q4_0's and Q4_1's product and sum round one number in some millions differently, ggml's own builds
/// among them.
package struct WeightEncoder: Sendable {
  package let format: WeightFormat

  /// The formats that can be written; the others are read only.
  package static let formats: [WeightFormat] = [.f32, .f16, .bf16, .q8_0, .q4_0, .q4_1]

  /// An encoder, or nil where the format is not one of ``formats``.
  package init?(_ format: WeightFormat) {
    guard Self.formats.contains(format) else { return nil }
    self.format = format
  }

  /// The bytes of `values`, or nil where one is not finite or its block does not fit the range of half precision.
  /// - Precondition: They are whole blocks.
  package func encode(_ values: [Float]) -> [UInt8]? {
    guard let byteCount = format.byteCount(for: values.count) else {
      mistake("\(values.count) numbers are no whole \(format) blocks")
    }
    var fits = true
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
      values.withUnsafeBufferPointer { values in
        guard let source = values.baseAddress, let out = buffer.baseAddress else { return }
        fits = encode(source, count: values.count, into: UnsafeMutableRawPointer(out))
      }
      initialized = byteCount
    }
    return fits ? bytes : nil
  }

  /// Writes the bytes of `count` numbers to `out`; whether all were finite and in range. Where not, `out` is complete but
  /// of no use.
  func encode(_ values: UnsafePointer<Float>, count: Int, into out: UnsafeMutableRawPointer) -> Bool {
    switch format {
    case .f32: return encodeEach(values, count, out, { $0.bitPattern }, isFinite: { $0 & 0x7F80_0000 != 0x7F80_0000 })
    case .f16: return encodeEach(values, count, out, { $0.halfBits }, isFinite: { $0 & 0x7C00 != 0x7C00 })
    case .bf16: return encodeEach(values, count, out, { $0.bfloat16Bits }, isFinite: { $0 & 0x7F80 != 0x7F80 })
    case .q8_0, .q4_0, .q4_1:
      var fits = true
      for block in 0..<count / format.blockLength {
        let source = values + block * format.blockLength
        let target = out + block * format.bytesPerBlock
        switch format {
        case .q8_0: fits = encodeQ8_0(source, target) && fits
        case .q4_0: fits = encodeQ4_0(source, target) && fits
        default: fits = encodeQ4_1(source, target) && fits
        }
      }
      return fits
    default: mistake("\(format) cannot be written")
    }
  }

  @inline(__always) private func encodeEach<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer, _ convert: (Float) -> Bits,
    isFinite: (Bits) -> Bool
  ) -> Bool {
    var fits = true
    for index in 0..<count {
      let bits = convert(values[index])
      fits = fits && isFinite(bits)
      out.storeBytes(of: bits.littleEndian, toByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
    }
    return fits
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private func encodeQ8_0(_ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) -> Bool {
    var largest: Float = 0
    var isFinite = true
    for index in 0..<32 {
      largest = max(largest, x[index].magnitude)
      isFinite = isFinite && x[index].isFinite
    }
    let d = largest / 127
    guard storeHalf(d, out), isFinite else { return false }
    let inverse = invert(d)
    for index in 0..<32 {
      let value = x[index] * inverse
      let whole = Int32(value.magnitude)
      let rounded = whole + (value.magnitude - Float(whole) >= 0.5 ? 1 : 0)
      out.storeBytes(
        of: Int8(truncatingIfNeeded: value < 0 ? -rounded : rounded), toByteOffset: 2 + index, as: Int8.self)
    }
    return true
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private func encodeQ4_0(_ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) -> Bool {
    var extreme = x[0]
    var isFinite = true
    for index in 0..<32 {
      if x[index].magnitude > extreme.magnitude { extreme = x[index] }
      isFinite = isFinite && x[index].isFinite
    }
    let d = extreme / -8
    guard storeHalf(d, out), isFinite else { return false }
    let inverse = invert(d)
    storeNibbles(out + 2) { x[$0] * inverse + 8.5 }
    return true
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private func encodeQ4_1(_ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) -> Bool {
    var (least, greatest) = (x[0], x[0])
    var isFinite = true
    for index in 0..<32 {
      least = min(least, x[index])
      greatest = max(greatest, x[index])
      isFinite = isFinite && x[index].isFinite
    }
    let d = (greatest - least) / 15
    guard storeHalf(d, out), storeHalf(least, out + 2), isFinite else { return false }
    let inverse = invert(d)
    storeNibbles(out + 4) { (x[$0] - least) * inverse + 0.5 }
    return true
  }

  /// 1/d, or 0 where that is no number.
  private func invert(_ d: Float) -> Float {
    let inverse = 1 / d
    return inverse.isFinite ? inverse : 0
  }

  /// Stores a scale; whether it is finite in half precision.
  private func storeHalf(_ value: Float, _ out: UnsafeMutableRawPointer) -> Bool {
    let bits = value.halfBits
    out.storeBytes(of: bits.littleEndian, as: UInt16.self)
    return bits & 0x7C00 != 0x7C00
  }

  /// Stores 32 quants of four bits: element i in the low half of byte i, element i + 16 in its high half.
  @inline(__always) private func storeNibbles(_ out: UnsafeMutableRawPointer, _ value: (Int) -> Float) {
    for index in 0..<16 {
      let low = min(15, UInt8(value(index)))
      let high = min(15, UInt8(value(index + 16)))
      out.storeBytes(of: low | high << 4, toByteOffset: index, as: UInt8.self)
    }
  }
}

extension Float {
  /// The bits of the nearest IEEE 754 binary16, ties to even; infinity beyond its range, a quiet NaN for NaN.
  var halfBits: UInt16 {
    let sign = UInt16(truncatingIfNeeded: bitPattern >> 16) & 0x8000
    let magnitude = bitPattern & 0x7FFF_FFFF
    switch magnitude {
    // Below 2^-14: whole multiples of 2^-24.
    case ..<0x3880_0000:
      return sign | UInt16((Float(bitPattern: magnitude) * 0x1p24).rounded(.toNearestOrEven))
    case ..<0x4780_0000:
      let rounded = magnitude + 0x0FFF + (magnitude >> 13 & 1)
      return sign | UInt16(truncatingIfNeeded: (rounded - (112 << 23)) >> 13)
    case ...0x7F80_0000: return sign | 0x7C00
    default: return sign | 0x7E00
    }
  }

  /// The bits of the nearest bfloat16, ties to even; a quiet NaN for NaN.
  var bfloat16Bits: UInt16 {
    if isNaN { return UInt16(truncatingIfNeeded: bitPattern >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bitPattern &+ 0x7FFF &+ (bitPattern >> 16 & 1)) >> 16)
  }
}
