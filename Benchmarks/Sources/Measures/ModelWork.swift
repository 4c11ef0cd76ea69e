import CSTCore

/// The floating-point operations that a computation with a model cannot do without; norms, rotations and the like are
/// left out. A multiply-add is two.
struct ModelWork {
  private let configuration: ModelConfiguration
  /// Of LoRA on all projections; 0 for none.
  private let rank: Int

  init(_ configuration: ModelConfiguration, rank: Int) {
    self.configuration = configuration
    self.rank = rank
  }

  private var layers: Double { Double(configuration.layerCount) }

  /// One token through the projections of a layer.
  private var projections: Double {
    configuration.projections.map {
      2 * Double(configuration.shape(of: $0).outputs * configuration.shape(of: $0).inputs)
    }
    .reduce(0, +)
  }

  /// One token through the low-rank products of a layer.
  private var lowRank: Double {
    configuration.projections.map {
      2 * Double(rank * (configuration.shape(of: $0).outputs + configuration.shape(of: $0).inputs))
    }
    .reduce(0, +)
  }

  private var head: Double { 2 * Double(configuration.vocabularyCount * configuration.width) }

  /// The two products of attention for so many pairs of a query and a key that it sees, in one layer.
  private func attention(pairs: Int) -> Double {
    4 * Double(pairs) * Double(configuration.heads.queryHeads * configuration.heads.headWidth)
  }

  /// A prompt up to the logits of its last token.
  func forward(prompt count: Int) -> Double {
    layers * (Double(count) * projections + attention(pairs: count * (count + 1) / 2)) + head
  }

  /// One pair of a DPO step: the reference, the policy, and its gradient with respect to the adapter. A shared prompt
  /// counts once, the head counts where an answer's token is predicted, no gradient of a frozen weight is formed, and
  /// backward attention counts four products, as if the scores had been kept.
  func training(_ group: CompletionGroup) -> Double {
    let prompt = group.prompt.count
    let tokens = Double(group.tokenCount)
    let predicted = Double(group.completions.reduce(0) { $0 + $1.count })
    let pairs = group.completions.reduce(prompt * (prompt + 1) / 2) { sum, completion in
      let rows = completion.count - 1
      return sum + rows * prompt + rows * (rows + 1) / 2
    }
    let forward = layers * (tokens * projections + attention(pairs: pairs)) + predicted * head
    let policy = forward + layers * tokens * lowRank
    let backward = layers * (tokens * (projections + 2 * lowRank) + 2 * attention(pairs: pairs)) + predicted * head
    return forward + policy + backward
  }
}
