/// Means over the pairs of one step, with TRL's meanings.
public struct RewardMetrics: Sendable, Hashable {
  /// Pairs the means are over.
  public let pairCount: Int
  /// Mean loss in nats, likelihood term included.
  public let loss: Double
  /// Mean implicit reward of the chosen answers, β·(log πθ − log πref).
  public let chosenReward: Double
  /// Mean implicit reward of the rejected answers.
  public let rejectedReward: Double
  /// Mean reward margin.
  public let rewardMargin: Double
  /// Share of pairs whose chosen answer has the higher reward.
  public let rewardAccuracy: Double
  /// Mean log-probability of the chosen answers under the policy: sums over tokens, in nats.
  public let chosenLogProbability: Double
  /// Mean log-probability of the rejected answers under the policy.
  public let rejectedLogProbability: Double

  init(_ pairs: [EvaluatedPair]) {
    func mean(_ value: (PairLogProbabilities, DPOLoss.Value) -> Double) -> Double {
      pairs.reduce(0) { $0 + value($1.policy, $1.value) } / Double(max(1, pairs.count))
    }
    pairCount = pairs.count
    loss = mean { $1.loss }
    chosenReward = mean { $1.chosenReward }
    rejectedReward = mean { $1.rejectedReward }
    rewardMargin = mean { $1.margin }
    rewardAccuracy = mean { $1.margin > 0 ? 1 : 0 }
    chosenLogProbability = mean { policy, _ in policy.chosen }
    rejectedLogProbability = mean { policy, _ in policy.rejected }
  }
}

/// Metrics over the pairs of one configuration.
public struct ConfigurationMetrics: Sendable, Hashable {
  /// The configuration's name.
  public let name: String
  /// Means over its pairs.
  public let metrics: RewardMetrics
}

/// What one optimizer step did.
public struct StepReport: Sendable, Hashable {
  /// The step, from 1.
  public let step: Int
  /// Steps of the whole run.
  public let totalSteps: Int
  /// Metrics over all pairs of the step.
  public let metrics: RewardMetrics
  /// Metrics over the pairs of each configuration that the step saw, in the order of their names.
  public let metricsByConfiguration: [ConfigurationMetrics]
  /// Mean negative log-likelihood per token, in nats, of the step's retained replies; `nil` where it has none.
  public let retainedLoss: Double?
  /// Global L2 norm of the gradient before clipping.
  public let gradientNorm: Double
  /// Learning rate of the update.
  public let learningRate: Double
  /// Tokens the policy ran over: shared prompts once, and no last tokens of answers.
  public let tokens: Int
  /// Wall time of the step in seconds.
  public let seconds: Double

  /// Mean loss of the step's pairs.
  public var loss: Double { metrics.loss }
  /// Mean reward margin of the step's pairs.
  public var rewardMargin: Double { metrics.rewardMargin }
}

extension StepReport: Encodable {
  /// The row of the metrics, with TRL's names; a configuration's share of a metric is `rewards/margins/<name>`.
  var row: [String: Double] {
    var row = [
      "step": Double(step), "grad_norm": gradientNorm, "learning_rate": learningRate, "tokens": Double(tokens),
      "seconds": seconds,
    ]
    let shares = [("", metrics)] + metricsByConfiguration.map { ("/" + $0.name, $0.metrics) }
    for (suffix, metrics) in shares {
      row["loss" + suffix] = metrics.loss
      row["rewards/chosen" + suffix] = metrics.chosenReward
      row["rewards/rejected" + suffix] = metrics.rejectedReward
      row["rewards/margins" + suffix] = metrics.rewardMargin
      row["rewards/accuracies" + suffix] = metrics.rewardAccuracy
      row["logps/chosen" + suffix] = metrics.chosenLogProbability
      row["logps/rejected" + suffix] = metrics.rejectedLogProbability
    }
    row["loss/retained"] = retainedLoss
    return row
  }

  /// A flat object with TRL's names; a configuration's share of a metric is `rewards/margins/<name>`.
  public func encode(to encoder: any Encoder) throws { try row.encode(to: encoder) }
}
