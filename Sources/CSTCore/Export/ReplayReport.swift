/// How far an exported model is from the model it was made of, on the same answers.
public struct ReplayReport: Sendable, Hashable, Codable {
  /// A change of an answer's log-probability.
  public struct Change: Sendable, Hashable, Codable {
    /// The row the answer is from, counted from 0.
    public var row: Int
    /// The configuration it was scored under, if any.
    public var configuration: String?
    /// By how much the log-probability of the whole answer changed, in nats, without sign.
    public var nats: Double
    /// The answer's length.
    public var tokens: Int

    /// ``nats`` divided by ``tokens``.
    public var natsPerToken: Double { nats / Double(max(1, tokens)) }
  }

  /// Switch accuracy before and after, see ``ModelMeasures/switching``.
  public struct Switching: Sendable, Hashable, Codable {
    /// Of the model in memory.
    public var before: Proportion
    /// Of the export.
    public var after: Proportion

    /// By how much it fell; negative where the export is better, 0 where nothing was measured.
    public var loss: Double { (before.estimate ?? 0) - (after.estimate ?? 0) }
  }

  /// Answers that were scored.
  public var answers: Int
  /// The largest change of a whole answer.
  public var largest: Change
  /// The largest change for each of its tokens: what ``tolerance`` is a limit of.
  public var largestPerToken: Change
  /// All changes added, divided by all tokens.
  public var meanPerToken: Double
  /// Switch accuracy, where there is a policy and rows that can be switched.
  public var switching: Switching?
  /// The largest change for each token that is allowed, in nats.
  public var tolerance: Double
  /// By how much switch accuracy may fall, as a share of 1.
  public var switchTolerance: Double

  /// What ``switchTolerance`` is where nothing else is said: one of ten rows may be lost.
  public static let usualSwitchTolerance = 0.1

  /// Whether the export is as close as asked for, and switches as well.
  public var isWithinTolerance: Bool {
    largestPerToken.natsPerToken <= tolerance && (switching?.loss ?? 0) <= switchTolerance
  }
}

extension ReplayReport {
  /// Some lines for people.
  public var text: String {
    func number(_ value: Double) -> String { FixedPoint.text(value, decimals: 6) }
    func place(_ change: Change) -> String {
      "row \(change.row)" + (change.configuration.map { " under \($0)" } ?? "") + ", \(change.tokens) tokens"
    }
    var lines = [
      "replayed \(answers) answers through the export",
      "  largest change of an answer's log-probability: \(number(largest.nats)) (\(place(largest)))",
      "  largest change per token: \(number(largestPerToken.natsPerToken)) (\(place(largestPerToken))); "
        + "allowed: \(number(tolerance))",
      "  mean change per token: \(number(meanPerToken))",
    ]
    if let switching {
      func share(_ proportion: Proportion) -> String { "\(proportion.count)/\(proportion.total)" }
      lines.append(
        "  switch accuracy: \(share(switching.before)) before, \(share(switching.after)) after; "
          + "may fall by \(FixedPoint.percent(switchTolerance))")
    }
    return lines.joined(separator: "\n")
  }
}
