import CKernels

/// ggml's quantised blocks decoded one weight at a time, as the documentation of its layouts says and with the float32
/// operations of its reference in their order: the kernels must give these bits.
///
/// Written per weight ("which bits make weight i"), so that it shares no loop structure with the kernels.
public enum BlockDecoder {
  /// Bytes and weights of one block.
  public static func blockSize(_ format: CKFormat) -> (bytes: Int, weights: Int) {
    switch format {
    case .F32: (4, 1)
    case .F16, .BF16: (2, 1)
    case .Q8_0: (34, 32)
    case .Q4_0: (18, 32)
    case .Q4_1: (20, 32)
    case .Q5_0: (22, 32)
    case .Q5_1: (24, 32)
    case .Q4_K: (144, 256)
    case .Q5_K: (176, 256)
    case .Q6_K: (210, 256)
    }
  }

  /// Offsets of the float16 scale fields in a block.
  public static func halfFields(_ format: CKFormat) -> [Int] {
    switch format {
    case .F32, .BF16: []
    case .F16, .Q8_0, .Q4_0, .Q5_0: [0]
    case .Q4_1, .Q5_1, .Q4_K, .Q5_K: [0, 2]
    case .Q6_K: [208]
    }
  }

  /// All weights of whole blocks.
  public static func weights(_ bytes: [UInt8], _ format: CKFormat) -> [Float] {
    let (size, count) = blockSize(format)
    return stride(from: 0, to: bytes.count, by: size).flatMap { start in
      let block = Array(bytes[start..<start + size])
      return (0..<count).map { weight($0, of: block, format) }
    }
  }

  /// Weight `i` of a block.
  static func weight(_ i: Int, of bytes: [UInt8], _ format: CKFormat) -> Float {
    switch format {
    case .F32: return Float(bitPattern: UInt32(word(bytes, 0)) | UInt32(word(bytes, 2)) << 16)
    case .F16: return half(word(bytes, 0))
    case .BF16: return Float(bitPattern: UInt32(word(bytes, 0)) << 16)
    case .Q8_0: return Float(Int8(bitPattern: bytes[2 + i])) * half(word(bytes, 0))
    case .Q4_0: return Float(nibble(bytes, at: 2, i) - 8) * half(word(bytes, 0))
    case .Q4_1: return sum(Float(nibble(bytes, at: 4, i)) * half(word(bytes, 0)), half(word(bytes, 2)))
    case .Q5_0: return Float(nibble(bytes, at: 6, i) + 16 * bit(bytes, at: 2, i) - 16) * half(word(bytes, 0))
    case .Q5_1:
      return sum(
        Float(nibble(bytes, at: 8, i) + 16 * bit(bytes, at: 4, i)) * half(word(bytes, 0)), half(word(bytes, 2)))
    case .Q4_K: return superBlockWeight(i, bytes, low: 16, fifth: nil)
    case .Q5_K: return superBlockWeight(i, bytes, low: 48, fifth: 16)
    case .Q6_K:
      let (part, run, column) = (i / 128, i % 128 / 32, i % 32)
      let low = Int(bytes[64 * part + 32 * (run % 2) + column]) >> (run < 2 ? 0 : 4) & 15
      let high = Int(bytes[128 + 32 * part + column]) >> (2 * run) & 3
      let scale = half(word(bytes, 208)) * Float(Int8(bitPattern: bytes[192 + i / 16]))
      return scale * Float(low + 16 * high - 32)
    }
  }

  /// The Float of an IEEE binary16.
  public static func half(_ bits: UInt16) -> Float {
    let (exponent, fraction) = (Int(bits >> 10 & 31), Int(bits & 1023))
    let magnitude: Float =
      switch exponent {
      case 31: fraction == 0 ? .infinity : .nan
      case 0: Float(fraction) * 0x1p-24
      default: Float(1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
      }
    return bits >> 15 == 1 ? -magnitude : magnitude
  }

  private static func word(_ bytes: [UInt8], _ at: Int) -> UInt16 { UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }

  /// A function, so that no compiler fuses the product into the addition.
  @inline(never)
  private static func sum(_ a: Float, _ b: Float) -> Float { a + b }

  /// The low half of byte i for weights 0...15, the high half of byte i - 16 for the rest.
  private static func nibble(_ bytes: [UInt8], at start: Int, _ i: Int) -> Int {
    i < 16 ? Int(bytes[start + i] & 15) : Int(bytes[start + i - 16] >> 4)
  }

  /// Bit i of a little-endian bit string.
  private static func bit(_ bytes: [UInt8], at start: Int, _ i: Int) -> Int { Int(bytes[start + i / 8]) >> (i % 8) & 1 }

  /// Q4_K and Q5_K: runs of 32 weights, with a 6-bit scale and minimum each.
  private static func superBlockWeight(_ i: Int, _ bytes: [UInt8], low: Int, fifth: Int?) -> Float {
    let (run, column) = (i / 32, i % 32)
    let byte = bytes[low + 32 * (run / 2) + column]
    var q = Int(run % 2 == 0 ? byte & 15 : byte >> 4)
    if let fifth { q += 16 * (Int(bytes[fifth + column]) >> run & 1) }
    // Twelve bytes from the fifth on: 6-bit scales and minima of runs 0...3, whose top bits hold those of runs 4...7.
    let scales = 4
    let (scale, minimum) =
      run < 4
      ? (bytes[scales + run] % 64, bytes[scales + run + 4] % 64)
      : (
        bytes[scales + run + 4] % 16 + bytes[scales + run - 4] / 64 * 16,
        bytes[scales + run + 4] / 16 + bytes[scales + run] / 64 * 16
      )
    let product = half(word(bytes, 0)) * Float(scale) * Float(q)
    return sum(product, -(half(word(bytes, 2)) * Float(minimum)))
  }
}
