import CKernels

/// How the numbers of a weight are stored: plain floats, or one of ggml's block-quantised layouts.
///
/// The cases carry the field's own names with a lower-case first letter (`q4_1`, `q4_K`): everybody who quantises models
/// knows them in that spelling, and `q41` would read as a number. ``description`` gives the standard form (`Q4_1`).
///
/// A format is a storage matter only: arithmetic is done in `Float`. Blocks run along a row, so a row's length must be a
/// multiple of the block's length.
@nonexhaustive
public enum WeightFormat: Sendable, Hashable, CaseIterable {
  /// IEEE 754 binary32.
  case f32
  /// IEEE 754 binary16.
  case f16
  /// bfloat16: the upper half of a binary32.
  case bf16
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// 32 signed bytes and a half-precision scale.
  case q8_0
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// 32 values of 4 bits around 8 and a half-precision scale.
  case q4_0
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// 32 values of 4 bits, a half-precision scale and minimum.
  case q4_1
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// 32 values of 5 bits around 16 and a half-precision scale.
  case q5_0
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// 32 values of 5 bits, a half-precision scale and minimum.
  case q5_1
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// 256 values of 4 bits in 8 groups, each with a 6-bit scale and minimum.
  case q4_K
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// 256 values of 5 bits in 8 groups, each with a 6-bit scale and minimum.
  case q5_K
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// 256 values of 6 bits in 16 groups, each with an 8-bit scale.
  case q6_K

  /// What the kernels and ggml call the format. All that Swift has to know of one: the kernels say how large its blocks
  /// are.
  private var names: (kernel: CKFormat, ggmlType: UInt32) {
    switch self {
    case .f32: (.F32, 0)
    case .f16: (.F16, 1)
    case .bf16: (.BF16, 30)
    case .q8_0: (.Q8_0, 8)
    case .q4_0: (.Q4_0, 2)
    case .q4_1: (.Q4_1, 3)
    case .q5_0: (.Q5_0, 6)
    case .q5_1: (.Q5_1, 7)
    case .q4_K: (.Q4_K, 12)
    case .q5_K: (.Q5_K, 13)
    case .q6_K: (.Q6_K, 14)
    }
  }

  /// The kernels' number of the format.
  package var kernelFormat: CKFormat { names.kernel }

  /// Elements in one block; 1 for the plain formats.
  public var blockLength: Int { ck_block_size(kernelFormat).weights }

  /// Bytes one block takes.
  public var bytesPerBlock: Int { ck_block_size(kernelFormat).bytes }

  /// Whether elements share scales in blocks, so that they cannot be addressed one by one.
  package var isQuantized: Bool { blockLength > 1 }

  /// Bytes that `count` elements take, or nil where that is not a whole number of blocks, `count` is negative, or the
  /// product does not fit `Int`.
  package func byteCount(for count: Int) -> Int? {
    guard count >= 0, count.isMultiple(of: blockLength) else { return nil }
    let (bytes, overflow) = (count / blockLength).multipliedReportingOverflow(by: bytesPerBlock)
    return overflow ? nil : bytes
  }
}

// MARK: - ggml's numbering

extension WeightFormat {
  /// The format with ggml's type number, or nil for a type this project does not read; see ``name(ofGGMLType:)``.
  package init?(ggmlType: UInt32) {
    guard let format = Self.allCases.first(where: { $0.ggmlType == ggmlType }) else { return nil }
    self = format
  }

  package var ggmlType: UInt32 { names.ggmlType }

  /// ggml's name for a type number, readable by this project or not: `IQ2_XXS`; `type 99` where ggml has no name either.
  package static func name(ofGGMLType type: UInt32) -> String { ggmlNames[type] ?? "type \(type)" }

  private static let ggmlNames: [UInt32: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 4: "Q4_2", 5: "Q4_3", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1",
    10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS",
    18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32",
    27: "I64", 28: "F64", 29: "IQ1_M", 30: "BF16", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 34: "TQ1_0",
    35: "TQ2_0", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8", 39: "MXFP4", 40: "NVFP4",
  ]
}

extension WeightFormat: CustomStringConvertible {
  /// The standard name, as ggml prints it: `Q4_1`, `BF16`.
  public var description: String { Self.name(ofGGMLType: ggmlType) }
}
