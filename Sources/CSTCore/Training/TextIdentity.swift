/// The identity of a run as checkpoints told it before it was a ``RunIdentity``: texts by name, made by printing the values
/// of commit 990e82d.
///
/// Needed for as long as a run that was started with a version before 0.2 may have to go on; then this file goes, and with it
/// `SavedIdentity.texts`.
enum TextIdentity {
  static func fields(of run: RunIdentity, pairs: [EncodedPair]) -> [String: String] {
    let length = run.epochs.map { "epochs(\($0))" } ?? run.steps.map { "steps(\($0))" }
    let norm = run.maximumGradientNorm.map { "\($0)" }
    var fields: [String: String] = [
      "adapter": run.adapter,
      "model": run.model,
      "precision": run.precision,
      "loss": "DPOLoss(beta: \(run.beta), rpoAlpha: \(run.rpoAlpha))",
      "optimizer":
        "AdamW(learningRate: \(run.learningRate), beta1: \(run.beta1), beta2: \(run.beta2), epsilon: \(run.epsilon), "
        + "weightDecay: \(run.weightDecay))",
      "schedule":
        "LearningRateSchedule(shape: CSTCore.LearningRateSchedule.Shape.\(run.schedule), "
        + "warmupRatio: \(run.warmupRatio))",
      "length": length ?? "",
      "batch size": "\(run.batchSize)",
      "gradient accumulation": "\(run.gradientAccumulation)",
      "order": run.order,
      "maximum gradient norm": norm ?? "none",
      "seed": "\(run.seed)",
      "data": fingerprint(pairs),
    ]
    if run.labels != nil {
      var hash = FNV1a()
      for pair in pairs { hash.add(pair.preference.bitPattern) }
      fields["labels"] = "soft, \(hash.text)"
    }
    return fields
  }

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

  /// The hash FNV-1a, a word at a time.
  private struct FNV1a {
    private var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var text: String { String(hash, radix: 16) }

    mutating func add(_ value: UInt64) { hash = (hash ^ value) &* 0x0000_0100_0000_01b3 }
  }
}
