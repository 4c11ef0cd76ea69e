import CKernels
import TestSupport
import Testing

/// A variant with a length at which its loops end in another way, and an alignment.
struct LengthCase: CustomTestStringConvertible {
  let variant: CKVariant
  let length: Int
  let slack: Int

  var kernels: CKKernels { variant.kernels }
  var testDescription: String { "\(variant.name), length \(length), slack \(slack)" }

  /// Inputs that differ from case to case.
  var generator: SplitMix64 { SplitMix64(seed: UInt64(length * 8 + slack)) }

  static let all = CKVariant.runnable.flatMap { variant in
    variant.awkwardLengths.flatMap { length in
      [0, 1, 3].map { LengthCase(variant: variant, length: length, slack: $0) }
    }
  }
}

extension CKVariant {
  /// Floats of a vector register.
  var lanes: Int {
    switch self {
    case .scalar: 1
    case .NEON: 4
    case .AVX2: 8
    case .AVX512, .AVX512BF16: 16
    }
  }

  var awkwardLengths: [Int] { Set([0, 1, lanes - 1, lanes, lanes + 1, 8 * lanes + 2]).sorted() }
}

/// The unit roundoff of Float: the most one rounding changes a number, relatively.
let roundoff = 0x1p-24
