/// What matrix products with frozen weights are computed in. Everything else is Float32 in both.
@nonexhaustive
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
  /// Float32 products and sums.
  case f32
  /// bf16 inputs, Float32 sums: about twice as fast where the CPU has bf16 products, emulated elsewhere.
  case bf16

  /// `bf16` where the CPU has it in hardware, else `f32`.
  public static var automatic: Precision { Kernels.current.hasFastBF16 ? .bf16 : .f32 }
}
