/// What decides every number of a run, as text: a checkpoint may only be resumed by a run with the same identity.
enum RunIdentity {
  static func describe(trainer: DPOTrainer, plan: TrainingPlan, pairs: [EncodedPair]) -> [String: String] {
    let adapter = trainer.adapterConfiguration
    var identity = [
      "adapter":
        "rank \(adapter.rank), alpha \(adapter.alpha), dropout \(adapter.dropout), "
        + adapter.targets.map(\.rawValue).joined(separator: " "),
      "model": trainer.model.identity,
      "precision": trainer.model.precision.rawValue,
      "loss": "\(trainer.loss)",
      "optimizer": "\(trainer.optimizer)",
      "schedule": "\(trainer.schedule)",
      "length": "\(plan.length)",
      "batch size": "\(plan.batchSize)",
      "gradient accumulation": "\(plan.gradientAccumulation)",
      "order": plan.order.rawValue,
      "maximum gradient norm": plan.maximumGradientNorm.map { "\($0)" } ?? "none",
      "seed": "\(plan.seed)",
      "data": fingerprint(pairs),
    ]
    // Absent where every label is hard, as in checkpoints from before there were others.
    identity["labels"] = labels(pairs)
    return identity
  }

  static func check(_ found: [String: String], against expected: [String: String]) throws(TrainingError) {
    for (what, value) in expected.sorted(by: { $0.key < $1.key }) where found[what] != value {
      throw TrainingError(
        reason: .checkpointMismatch(
          what: what, expected: value, found: found[what] ?? (what == "labels" ? hardLabels : "not recorded")))
    }
    if let labels = found["labels"], expected["labels"] == nil {
      throw TrainingError(reason: .checkpointMismatch(what: "labels", expected: hardLabels, found: labels))
    }
  }

  private static let hardLabels = "hard"

  /// A fingerprint of the pairs' preferences, or `nil` if they all are 1.
  private static func labels(_ pairs: [EncodedPair]) -> String? {
    guard pairs.contains(where: { $0.preference != 1 }) else { return nil }
    var hash = FNV1a()
    for pair in pairs { hash.add(pair.preference.bitPattern) }
    return "soft, \(hash.text)"
  }

  /// The same data in the same order has the same fingerprint, over all tokens and boundaries.
  private static func fingerprint(_ pairs: [EncodedPair]) -> String {
    var hash = FNV1a()
    for pair in pairs {
      for tokens in [pair.prompt, pair.chosen.tokens, pair.rejected.tokens] {
        hash.add(UInt64(tokens.count))
        for token in tokens { hash.add(UInt64(UInt32(bitPattern: token))) }
      }
    }
    return "\(pairs.count) pairs, \(hash.text)"
  }
}

/// The hash FNV-1a, a word at a time.
private struct FNV1a {
  private var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  var text: String { String(hash, radix: 16) }

  mutating func add(_ value: UInt64) {
    hash = (hash ^ value) &* 0x0000_0100_0000_01b3
  }
}
