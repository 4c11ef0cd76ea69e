import CKernels

extension CKVariant {
  /// Every variant, runnable here or not, worst to best within an architecture.
  public static let all: [CKVariant] = [.scalar, .AVX2, .AVX512, .AVX512BF16, .NEON]

  /// The variants whose kernels this machine can run: the argument of every kernel test.
  public static let runnable = all.filter { ck_kernels_for($0) != nil }

  /// The name used by `CST_KERNELS` and `CST_EXPECT_KERNELS`.
  public var name: String {
    switch self {
    case .scalar: "scalar"
    case .AVX2: "avx2"
    case .AVX512: "avx512"
    case .AVX512BF16: "avx512bf16"
    case .NEON: "neon"
    }
  }

  /// The kernels of a variant in `runnable`; traps for any other.
  public var kernels: CKKernels {
    guard let table = ck_kernels_for(self) else { preconditionFailure("\(name) kernels cannot run on this machine") }
    return table.pointee
  }
}
