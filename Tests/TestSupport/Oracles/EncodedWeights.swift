import CKernels
import CSTCore

/// Random weights in a storage format: bytes, and the numbers that `BlockDecoder` reads from them.
public struct EncodedWeights: Sendable {
  /// Whole blocks.
  public let bytes: [UInt8]
  /// The weights.
  public let values: [Float]

  /// Seeded weights of moderate size; `count` is a multiple of the format's block length.
  public init(_ format: WeightFormat, count: Int, seed: UInt64 = 1) {
    var generator = SplitMix64(seed: seed)
    var bytes: [UInt8] = []
    let kernelFormat = format.kernelFormat
    switch format {
    case .f32:
      for value in generator.floats(count) { withUnsafeBytes(of: value.bitPattern) { bytes += $0 } }
    case .bf16:
      for value in generator.floats(count) { withUnsafeBytes(of: BFloat16Oracle.bits(value)) { bytes += $0 } }
    default:
      let (size, length) = BlockDecoder.blockSize(kernelFormat)
      bytes = (0..<count / length * size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      // Scales of 2⁻⁶ to 2⁻⁴ with random signs and fractions; random bits would give infinities.
      for block in stride(from: 0, to: bytes.count, by: size) {
        for field in BlockDecoder.halfFields(kernelFormat) {
          let high = UInt8.random(in: 0x24...0x2B, using: &generator) | (Bool.random(using: &generator) ? 0x80 : 0)
          bytes[block + field + 1] = high
        }
      }
    }
    self.bytes = bytes
    values = BlockDecoder.weights(bytes, kernelFormat)
  }
}

extension WeightFormat {
  /// The kernels' name of the format.
  fileprivate var kernelFormat: CKFormat {
    switch self {
    case .f32: .F32
    case .f16: .F16
    case .bf16: .BF16
    case .q8_0: .Q8_0
    case .q4_0: .Q4_0
    case .q4_1: .Q4_1
    case .q5_0: .Q5_0
    case .q5_1: .Q5_1
    case .q4_K: .Q4_K
    case .q5_K: .Q5_K
    case .q6_K: .Q6_K
    }
  }
}
