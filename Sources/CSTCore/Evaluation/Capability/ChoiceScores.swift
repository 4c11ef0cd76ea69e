/// How likely a model finds the options of a question, and which it would choose.
///
/// lm-evaluation-harness's definitions: `acc` takes the option with the greatest log-probability, `acc_norm` that with the
/// greatest log-probability divided by the option's length in characters (Unicode scalars, as Python counts them; the space
/// before the option is not among them). The first of equals is taken.
public struct ChoiceScores: Hashable, Codable, Sendable {
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

extension [Double] {
  fileprivate var firstIndexOfGreatest: Int { indices.reduce(0) { self[$1] > self[$0] ? $1 : $0 } }
}
