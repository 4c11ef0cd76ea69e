/// Log-probabilities of completions, summed per sequence in Double.
struct CompletionScores {
  /// By group and completion.
  let sums: [[Double]]

  /// Scores groups in one packed batch.
  init(_ groups: [CompletionGroup], transformer: Transformer, adaptation: Transformer.Adaptation?, precision: Precision)
  {
    let batch = CompletionBatch(groups, switchLength: transformer.rotary.switchLength)
    let logProbabilities = transformer.tokenLogProbabilities(of: batch, adaptation: adaptation, precision: precision)
    sums = Self.sums(of: logProbabilities, over: batch.completionRanges)
  }

  static func sums(of logProbabilities: Tensor, over ranges: [[Range<Int>]]) -> [[Double]] {
    logProbabilities.withElements { values in
      ranges.map { $0.map { range in range.reduce(0) { $0 + Double(values[$1]) } } }
    }
  }
}
