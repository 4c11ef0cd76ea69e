import Foundation

/// A sign that a run does not learn what it should, told once a run when it is first seen.
public struct TrainingAlarm: Sendable, Hashable, CustomStringConvertible {
  /// What is seen.
  @nonexhaustive
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Pairs whose answers are the same tokens, cut or not: the loss cannot change there.
    case equalAnswers = "equal answers"
    /// The margins do not move: the learning rate is 0, or nothing distinguishes the answers.
    case frozenLoss = "frozen loss"
    /// The chosen answers become less likely than under the reference, while margins grow.
    case displacement
    /// The margins follow the difference of the answers' lengths.
    case lengthBias = "length bias"
    /// One configuration is ranked wrongly while another is ranked rightly.
    case oneSided = "one configuration pays for another"
    /// A gradient many times as long as those before.
    case gradientSpike = "gradient spike"
  }

  /// What is seen.
  public let kind: Kind
  /// After which step; 0 before the first.
  public let step: Int
  /// What was measured, its likely cause and what to do, in a line.
  public let detail: String
  /// Rows that it is seen at, at most five, counted from 0.
  public let rows: [Int]

  /// The kind and the detail in a line.
  public var description: String { "\(kind.rawValue): \(detail)" }
}

/// Watches the steps of a run for alarms. Not part of what a run goes on from: after a resumption it begins anew.
struct TrainingWatch: Sendable {
  private let learningRate: Double
  private let beta: Double
  private let hasReference: Bool
  private var rung: Set<TrainingAlarm.Kind> = []
  private var norms: [Double] = []
  private var pairs: [Seen] = []

  /// What is remembered of a pair.
  private struct Seen: Sendable {
    let row: Int
    let configuration: String?
    let chosenReward: Double
    let margin: Double
    /// Tokens of the chosen answer less those of the other.
    let longer: Double
  }

  /// Pairs that a judgement is over, at least.
  private static let window = 128

  init(_ trainer: DPOTrainer) {
    (learningRate, beta) = (trainer.optimizer.learningRate, trainer.loss.beta)
    hasReference = trainer.loss.needsReference
  }

  /// Before the first step.
  mutating func alarm(before pairs: [EncodedPair]) -> TrainingAlarm? {
    let equal = pairs.filter(\.hasEqualAnswers)
    guard !equal.isEmpty else { return nil }
    let cut = equal.count(where: \.isTruncated)
    return ring(
      .equalAnswers, step: 0, rows: equal.map(\.source),
      "\(equal.count) of \(pairs.count) pairs have answers of the same tokens, \(cut) of them because they were cut; "
        + "nothing is learnt from them: raise the length that cuts them, or remove the rows")
  }

  /// After a step.
  mutating func alarms(after step: Int, _ evaluated: [EvaluatedPair], gradientNorm: Double) -> [TrainingAlarm] {
    for pair in evaluated {
      pairs.append(
        Seen(
          row: pair.pair.source, configuration: pair.pair.configuration, chosenReward: pair.value.chosenReward,
          margin: pair.value.margin, longer: Double(pair.pair.chosen.tokens.count - pair.pair.rejected.tokens.count)))
    }
    pairs.removeFirst(max(0, pairs.count - Self.window))
    defer { norms = Array((norms + [gradientNorm]).suffix(32)) }
    return [
      spike(step, gradientNorm, evaluated), frozen(step), displacement(step), lengthBias(step), oneSided(step),
    ].compactMap { $0 }
  }

  private mutating func spike(_ step: Int, _ norm: Double, _ evaluated: [EvaluatedPair]) -> TrainingAlarm? {
    let usual = norms.sorted()
    guard usual.count >= 16, norm > 30 * usual[usual.count / 2] else { return nil }
    return ring(
      .gradientSpike, step: step, rows: evaluated.map(\.pair.source),
      "the gradient's norm is \(Self.short(norm)), \(Self.short(norm / usual[usual.count / 2])) times the median of the steps "
        + "before; look at these rows, or clip (--max-grad-norm)")
  }

  private mutating func frozen(_ step: Int) -> TrainingAlarm? {
    // A first step has no margins yet; after it even a small rate moves them by more than rounding.
    guard step >= 8, pairs.allSatisfy({ abs($0.margin) < 1e-7 }) else { return nil }
    let cause =
      learningRate == 0
      ? "the learning rate is 0" : "the answers of every pair are the same, or no adapted weight reaches them"
    return ring(.frozenLoss, step: step, rows: pairs.map(\.row), "no margin has moved in \(step) steps: \(cause)")
  }

  private mutating func displacement(_ step: Int) -> TrainingAlarm? {
    guard hasReference, pairs.count == Self.window else { return nil }
    let (reward, margin) = (mean(\.chosenReward), mean(\.margin))
    // Ten nats an answer below the reference, and rightly ranked all the same.
    guard reward / beta < -10, margin > 0 else { return nil }
    let worst = pairs.sorted { $0.chosenReward < $1.chosenReward }
    return ring(
      .displacement, step: step, rows: worst.map(\.row),
      "the chosen answers are \(Self.short(-reward / beta)) nats less likely than under the reference, on average of the last "
        + "\(pairs.count) pairs, while margins grow; a likelihood term keeps them (--rpo-alpha 1)")
  }

  private mutating func lengthBias(_ step: Int) -> TrainingAlarm? {
    guard pairs.count == Self.window, Set(pairs.map(\.longer)).count > 8 else { return nil }
    let (x, y) = (mean(\.longer), mean(\.margin))
    let covariance = pairs.reduce(0) { $0 + ($1.longer - x) * ($1.margin - y) }
    let spread = pairs.reduce(0) { $0 + pow($1.longer - x, 2) } * pairs.reduce(0) { $0 + pow($1.margin - y, 2) }
    guard spread > 0, covariance / spread.squareRoot() > 0.95 else { return nil }
    return ring(
      .lengthBias, step: step, rows: [],
      "margins follow the difference of the answers' lengths (correlation \(Self.short(covariance / spread.squareRoot())) over "
        + "\(pairs.count) pairs): the model may learn lengths; balance them, or use --loss-type sigmoid_norm or --ld-alpha"
    )
  }

  private mutating func oneSided(_ step: Int) -> TrainingAlarm? {
    guard pairs.count == Self.window else { return nil }
    let groups = Dictionary(grouping: pairs.filter { $0.configuration != nil }) { $0.configuration ?? "" }
    let shares = groups.filter { $0.value.count >= 32 }.mapValues { group in
      Double(group.count { $0.margin > 0 }) / Double(group.count)
    }
    guard let best = shares.max(by: { $0.value < $1.value }), let worst = shares.min(by: { $0.value < $1.value }),
      best.value > 0.95, worst.value < 0.4
    else { return nil }
    let rows = groups[worst.key, default: []].filter { $0.margin <= 0 }.map(\.row)
    return ring(
      .oneSided, step: step, rows: rows,
      "\(Self.percent(best.value)) of the pairs under \"\(best.key)\" are ranked rightly and \(Self.percent(worst.value)) under "
        + "\"\(worst.key)\": the model learns an answer and not the switch; --twins together, or more steps")
  }

  private func mean(_ value: (Seen) -> Double) -> Double { pairs.reduce(0) { $0 + value($1) } / Double(pairs.count) }

  /// An alarm, the first time.
  private mutating func ring(
    _ kind: TrainingAlarm.Kind, step: Int, rows: [Int], _ detail: String
  ) -> TrainingAlarm? {
    guard rung.insert(kind).inserted else { return nil }
    var seen: Set<Int> = []
    return TrainingAlarm(
      kind: kind, step: step, detail: detail, rows: Array(rows.filter { seen.insert($0).inserted }.prefix(5)))
  }

  private static func short(_ value: Double) -> String { String(format: "%.3g", value) }
  private static func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
}
