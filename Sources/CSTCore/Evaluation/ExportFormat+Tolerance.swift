extension ExportFormat {
  /// The largest change of an answer's log-probability for each of its tokens, in nats, with which an export is taken for
  /// the model it was made of, unless a tolerance is stated.
  ///
  /// Storing a weight as F16 changes it by at most 2⁻¹¹ of itself, as BF16 by 2⁻⁸, as Q8_0 by 1/254 of its block's largest,
  /// as Q4 by about 1/15 of its block's range. The changes are independent, so a logit moves by about the square root of
  /// the number of layers times that share of itself; a logit is some tens. F32 leaves the order of summation: the merged
  /// product is one sum where the adapter was two. The limits are a few times the largest changes measured so; see
  /// `Docs/Ecosystem.md`.
  public var replayTolerance: Double {
    switch weightFormat {
    case .f32: 0.0005
    case .f16: 0.01
    case .bf16: 0.1
    case .q8_0: 0.1
    default: 1
    }
  }
}
