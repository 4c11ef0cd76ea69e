import CSTCore

/// Weights in one of ggml's formats with arbitrary integers and scales near 1, and what each of them is in Double.
struct StoredBlocks {
  let format: WeightFormat
  let bytes: Memory<UInt8>

  init(_ format: WeightFormat, byteCount: Int) {
    self.format = format
    let (block, halves) = (format.bytesPerBlock, Self.halves(format))
    var state: UInt64 = 88_172_645_463_325_252
    bytes = Memory(count: byteCount) { index in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      let byte = UInt8(truncatingIfNeeded: state >> 24)
      // The upper byte of a half-precision number from 1/4 to 1, of either sign.
      return halves.contains(index % block) ? 0x34 + byte % 8 | byte & 0x80 : byte
    }
  }

  /// The offsets in a block of the upper bytes of its 16-bit numbers.
  private static func halves(_ format: WeightFormat) -> Set<Int> {
    switch format {
    case .f32: []
    case .f16, .bf16, .q8_0, .q4_0, .q5_0: [1]
    case .q4_1, .q5_1, .q4_K, .q5_K: [1, 3]
    case .q6_K: [209]
    @unknown default: fatalError("no bytes are known for \(format)")
    }
  }

  /// The weight with this number.
  func value(_ index: Int) -> Double {
    let block = bytes.start + index / format.blockLength * format.bytesPerBlock
    let i = index % format.blockLength
    func half(_ offset: Int) -> Double {
      let bits = Int(block[offset]) | Int(block[offset + 1]) << 8
      let fraction = Double(bits & 1023) / 1024
      let exponent = bits >> 10 & 31
      let magnitude = exponent == 0 ? fraction * 0x1p-14 : (1 + fraction) * power(exponent - 15)
      return bits >> 15 == 1 ? -magnitude : magnitude
    }
    func nibble(_ offset: Int, upper: Bool) -> Int { upper ? Int(block[offset]) >> 4 : Int(block[offset]) & 15 }
    func fifthBit(_ offset: Int) -> Int { (Int(block[offset + i / 8]) >> (i % 8) & 1) << 4 }
    switch format {
    case .f32: return Double(Float(bitPattern: UInt32(block[0]) | UInt32(block[3]) << 24))
    case .f16: return half(0)
    case .bf16: return Double(Float(bitPattern: UInt32(block[0]) << 16 | UInt32(block[1]) << 24))
    case .q8_0: return half(0) * Double(Int8(bitPattern: block[2 + i]))
    case .q4_0: return half(0) * Double(nibble(2 + i % 16, upper: i >= 16) - 8)
    case .q4_1: return half(0) * Double(nibble(4 + i % 16, upper: i >= 16)) + half(2)
    case .q5_0: return half(0) * Double((nibble(6 + i % 16, upper: i >= 16) | fifthBit(2)) - 16)
    case .q5_1: return half(0) * Double(nibble(8 + i % 16, upper: i >= 16) | fifthBit(4)) + half(2)
    case .q4_K, .q5_K:
      let (run, at) = (i / 32, i % 32)
      let low = format == .q4_K ? 16 : 48
      var q = nibble(low + run / 2 * 32 + at, upper: run % 2 == 1)
      if format == .q5_K { q |= (Int(block[16 + at]) >> run & 1) << 4 }
      func scale(_ n: Int) -> Int { Int(block[4 + n]) }
      let (d, m) =
        run < 4
        ? (scale(run) & 63, scale(run + 4) & 63)
        : (scale(run + 4) & 15 | (scale(run - 4) >> 6) << 4, scale(run + 4) >> 4 | (scale(run) >> 6) << 4)
      return half(0) * Double(d) * Double(q) - half(2) * Double(m)
    case .q6_K:
      let (part, run, at) = (i / 128, i % 128 / 32, i % 32)
      let low = nibble(64 * part + run % 2 * 32 + at, upper: run >= 2)
      let high = Int(block[128 + 32 * part + at]) >> (2 * run) & 3
      let scale = Int8(bitPattern: block[192 + 8 * part + 2 * run + at / 16])
      return half(208) * Double(scale) * Double((low | high << 4) - 32)
    @unknown default: fatalError("no values are known for \(format)")
    }
  }

  private func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
}
