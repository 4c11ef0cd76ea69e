/// A prompt and the completions that share it, as tokens.
public struct CompletionGroup: Sendable, Hashable {
  /// The prompt, at least one token.
  public let prompt: [Int32]
  /// The completions; each has at least one token.
  public let completions: [[Int32]]

  /// Traps on an empty prompt or completion: there would be nothing to predict from, or nothing to predict.
  public init(prompt: [Int32], completions: [[Int32]]) {
    require(!prompt.isEmpty, "a prompt has at least one token")
    require(completions.allSatisfy { !$0.isEmpty }, "a completion has at least one token")
    self.prompt = prompt
    self.completions = completions
  }

  /// Tokens the model runs over: every completion's last token is predicted but never read.
  public var tokenCount: Int { prompt.count + completions.reduce(0) { $0 + $1.count - 1 } }
}

/// Groups packed into one padding-free matrix, with the rows that predict completion tokens.
struct CompletionBatch {
  private(set) var tokens: [Int32] = []
  private(set) var sequences = PackedSequences()
  /// Rows whose hidden state predicts a completion token, completion after completion.
  private(set) var predictingRows: [Int] = []
  private(set) var targets: [Int32] = []
  /// The range of `targets` of each completion, by group and completion.
  private(set) var completionRanges: [[Range<Int>]] = []

  /// - Parameter switchLength: The length above which a sequence is rotated in another way, so that it cannot share its
  ///   prompt with a shorter one; see ``RotaryTable/switchLength``.
  init(_ groups: [CompletionGroup], switchLength: Int? = nil) {
    for group in groups {
      var ranges = [Range<Int>](repeating: 0..<0, count: group.completions.count)
      let isLong = group.completions.map { group.prompt.count + $0.count - 1 > switchLength ?? .max }
      for kind in [false, true] {
        let members = group.completions.indices.filter { isLong[$0] == kind }
        if !members.isEmpty { append(members, of: group, ranges: &ranges) }
      }
      completionRanges.append(ranges)
    }
  }

  /// Adds a prompt with those of its completions that share it.
  private mutating func append(_ members: [Int], of group: CompletionGroup, ranges: inout [Range<Int>]) {
    let firstRow = tokens.count
    tokens += group.prompt
    sequences.append(
      prefixLength: group.prompt.count, continuationLengths: members.map { group.completions[$0].count - 1 })
    for member in members {
      let completion = group.completions[member]
      let rows = tokens.count..<tokens.count + completion.count - 1
      predictingRows += [firstRow + group.prompt.count - 1] + rows
      ranges[member] = targets.count..<targets.count + completion.count
      targets += completion
      tokens += completion.dropLast()
    }
  }
}

extension Transformer {
  /// The log-probability of every completion token of a batch, `[batch.targets.count]`.
  /// - Parameter logSquares: Filled with log Σ p² of every distribution that a completion token was taken from, if given.
  func tokenLogProbabilities(
    of batch: CompletionBatch, adaptation: Adaptation?, precision: Precision, activations: LayerActivations = .kept,
    logSquares: Tensor? = nil
  ) -> Tensor {
    hiddenStates(
      tokens: batch.tokens, rotaryRows: rotary.rows(of: batch.sequences), adaptation: adaptation, precision: precision,
      activations: activations
    ) { layer, queries, keys, values in
      queries.attention(
        keys: keys, values: values, heads: configuration.heads, over: batch.sequences,
        window: configuration.window(layer: layer))
    }
    .rows(at: batch.predictingRows)
    .tokenLogProbabilities(of: batch.targets, head: head, precision: precision, logSquares: logSquares)
  }
}

/// Log-probabilities of completions, summed per sequence in Double.
struct CompletionScores {
  /// By group and completion.
  let sums: [[Double]]
  /// The same over the first tokens of each completion, as many as the shortest of its group has.
  let leadingSums: [[Double]]

  /// Scores groups in one packed batch.
  init(_ groups: [CompletionGroup], transformer: Transformer, adaptation: Transformer.Adaptation?, precision: Precision)
  {
    let batch = CompletionBatch(groups, switchLength: transformer.rotary.switchLength)
    self.init(
      transformer.tokenLogProbabilities(of: batch, adaptation: adaptation, precision: precision),
      over: batch.completionRanges)
  }

  /// Of the log-probabilities of completion tokens.
  init(_ logProbabilities: Tensor, over ranges: [[Range<Int>]]) {
    sums = Self.sums(of: logProbabilities, over: ranges)
    leadingSums = Self.sums(of: logProbabilities, over: ranges.map(Self.leading))
  }

  /// The scores of one group's completions.
  struct Group: Sendable {
    let sums: [Double]
    let leadingSums: [Double]
  }

  subscript(index: Int) -> Group { Group(sums: sums[index], leadingSums: leadingSums[index]) }

  /// The first tokens of completions, as many as the shortest has.
  static func leading(_ ranges: [Range<Int>]) -> [Range<Int>] {
    let shortest = ranges.map(\.count).min() ?? 0
    return ranges.map { $0.prefix(shortest) }
  }

  static func sums(of logProbabilities: Tensor, over ranges: [[Range<Int>]]) -> [[Double]] {
    logProbabilities.withElements { values in
      ranges.map { $0.map { range in range.reduce(0) { $0 + Double(values[$1]) } } }
    }
  }
}
