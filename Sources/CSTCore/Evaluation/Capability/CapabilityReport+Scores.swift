extension CapabilityReport {
  /// How likely a model finds the options of a question, and which it would choose.
  ///
  /// lm-evaluation-harness's definitions: `acc` takes the option with the greatest log-probability, `acc_norm` that with the
  /// greatest log-probability divided by the option's length in characters (Unicode scalars, as Python counts them; the space
  /// before the option is not among them). The first of equals is taken.
  public struct Choice: Hashable, Codable, Sendable {
    /// The log-probability of each option, summed over its tokens, in nats.
    public var logProbabilities: [Double]
    /// The option that `acc` takes, counted from 0.
    public var choice: Int
    /// The option that `acc_norm` takes, counted from 0.
    public var normalizedChoice: Int

    /// Chooses. Traps unless there is one log-probability for every option.
    public init(logProbabilities: [Double], options: [String]) {
      require(
        logProbabilities.count == options.count && !options.isEmpty,
        "\(logProbabilities.count) log-probabilities of \(options.count) options")
      self.logProbabilities = logProbabilities
      choice = logProbabilities.firstIndexOfGreatest
      normalizedChoice =
        zip(logProbabilities, options).map { $0 / Double($1.unicodeScalars.count) }.firstIndexOfGreatest
    }
  }

  /// What the models say of one stretch of text: a window of a file, or a reply.
  public struct Stretch: Hashable, Codable, Sendable {
    /// How many tokens were predicted.
    public var tokens: Int
    /// The sum of their log-probabilities under the base model, in nats.
    public var base: Double
    /// The same under the tuned model; `nil` where only the base was measured.
    public var tuned: Double?

    /// Creates a stretch. Traps where it has no token.
    public init(tokens: Int, base: Double, tuned: Double? = nil) {
      require(tokens >= 1, "a stretch has at least one token, not \(tokens)")
      self.tokens = tokens
      self.base = base
      self.tuned = tuned
    }
  }
}

extension [Double] {
  fileprivate var firstIndexOfGreatest: Int { indices.reduce(0) { self[$1] > self[$0] ? $1 : $0 } }
}

extension [CapabilityReport.Stretch] {
  var tokens: Int { reduce(0) { $0 + $1.tokens } }

  /// The sum under the base model.
  var base: Double { reduce(0) { $0 + $1.base } }

  /// The sum under the tuned model; `nil` where a stretch was not measured under it.
  var tuned: Double? { reduce(0) { sum, stretch in sum.flatMap { sum in stretch.tuned.map { sum + $0 } } } }

  /// `nil` where there is nothing to compare.
  var difference: PairedDifference? { tuned == nil || isEmpty ? nil : PairedDifference(of: self) }
}
