import CKernels
import TestSupport
import Testing

extension CKFormat: @retroactive CustomTestStringConvertible {
  static let every: [CKFormat] = [.F32, .F16, .BF16, .Q8_0, .Q4_0, .Q4_1, .Q5_0, .Q5_1, .Q4_K, .Q5_K, .Q6_K]

  /// ggml's name of the format.
  public var testDescription: String {
    let names = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]
    return names[Int(rawValue)]
  }
}

@Suite struct DequantizeTests {
  /// Scales that a careless conversion gets wrong: zeros, subnormals, the largest, infinities, NaNs.
  static let specialHalves: [UInt16] = [
    0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x7bff, 0xfbff, 0x3c00, 0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xffff,
  ]

  /// Random bytes; scale fields are finite, or where `special` in turn each of the special ones.
  static func blocks(_ count: Int, _ format: CKFormat, special: Bool, seed: UInt64) -> [UInt8] {
    var generator = SplitMix64(seed: seed)
    let (size, _) = BlockDecoder.blockSize(format)
    var bytes = (0..<count * size).map { _ in UInt8.random(in: 0...255, using: &generator) }
    for block in 0..<count {
      for (index, field) in BlockDecoder.halfFields(format).enumerated() {
        let at = block * size + field
        if special {
          let bits = specialHalves[(block / (index == 0 ? 1 : specialHalves.count)) % specialHalves.count]
          (bytes[at], bytes[at + 1]) = (UInt8(bits & 255), UInt8(bits >> 8))
        } else {
          bytes[at + 1] &= 0xbb  // Not the largest exponent.
        }
      }
    }
    return bytes
  }

  static func check(_ bytes: [UInt8], _ format: CKFormat, _ kernels: CKKernels, shift: Int = 0) {
    let expected = BlockDecoder.weights(bytes, format)
    let count = expected.count
    // Weights end at the end of a mapped file; blocks may start anywhere.
    let source = GuardedBuffer<UInt8>(count: bytes.count + shift, fill: 0)
    for i in bytes.indices { source.elements[i] = bytes[i] }
    let out = Operand(width: count, slack: shift)
    kernels.dequantize_f32(out.pointer, source.pointer, count, format)
    #expect(Mismatch.firstInBits(out.values, expected) == nil)
    #expect(out.isIntact && source.isIntactInFront)
    #expect(source.elements.starts(with: bytes))
  }

  @Test(arguments: CKVariant.runnable, CKFormat.every)
  func randomBlocks(_ variant: CKVariant, format: CKFormat) {
    for count in [0, 1, 2, 7, 40] {
      for shift in [0, 1, 2, 3] {
        let bytes = Self.blocks(count, format, special: false, seed: UInt64(count))
        Self.check(bytes, format, variant.kernels, shift: shift)
      }
    }
  }

  /// Every pair of special scales.
  @Test(arguments: CKVariant.runnable, CKFormat.every)
  func specialScales(_ variant: CKVariant, format: CKFormat) {
    let count = Self.specialHalves.count * Self.specialHalves.count
    Self.check(Self.blocks(count, format, special: true, seed: 9), format, variant.kernels)
  }

  /// All halves and all bfloat16s, at every length of a tail.
  @Test(arguments: CKVariant.runnable)
  func everySixteenBitPattern(_ variant: CKVariant) {
    let bytes = (0...UInt16.max).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    for format in [CKFormat.F16, .BF16] {
      Self.check(bytes, format, variant.kernels)
      for count in 1...variant.lanes + 1 {
        Self.check(Array(bytes[..<(2 * count)]), format, variant.kernels)
      }
    }
  }

  /// The largest products and sums each format can hold: every bit of the integers set.
  @Test(arguments: CKVariant.runnable, CKFormat.every)
  func allBitsSet(_ variant: CKVariant, format: CKFormat) {
    let (size, _) = BlockDecoder.blockSize(format)
    var bytes = [UInt8](repeating: 255, count: size)
    for field in BlockDecoder.halfFields(format) { (bytes[field], bytes[field + 1]) = (0x34, 0x35) }
    Self.check(bytes, format, variant.kernels)
  }
}
