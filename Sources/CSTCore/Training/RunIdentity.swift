/// What decides every number of a run, as text: a checkpoint may only be resumed by a run with the same identity.
enum RunIdentity {
  static func describe(trainer: DPOTrainer, plan: TrainingPlan, pairs: [EncodedPair]) -> [String: String] {
    let adapter = trainer.adapterConfiguration
    return [
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
  }

  static func check(_ found: [String: String], against expected: [String: String]) throws(TrainingError) {
    for (what, value) in expected.sorted(by: { $0.key < $1.key }) where found[what] != value {
      throw TrainingError(
        reason: .checkpointMismatch(what: what, expected: value, found: found[what] ?? "not recorded"))
    }
  }

  /// FNV-1a over all tokens and boundaries: the same data in the same order has the same fingerprint.
  private static func fingerprint(_ pairs: [EncodedPair]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ value: UInt64) {
      hash = (hash ^ value) &* 0x0000_0100_0000_01b3
    }
    for pair in pairs {
      for tokens in [pair.prompt, pair.chosen.tokens, pair.rejected.tokens] {
        add(UInt64(tokens.count))
        for token in tokens { add(UInt64(UInt32(bitPattern: token))) }
      }
    }
    return "\(pairs.count) pairs, " + String(hash, radix: 16)
  }
}
