/// What decides every number of a run: a checkpoint may only be resumed by a run with the same identity.
///
/// Values of its own, so that what a checkpoint says does not change with the types of a run. A field that is added gets a
/// new version, and a default in ``init(from:)`` for those before: what runs had when there was no choice.
struct RunIdentity: Codable, Hashable, Sendable {
  static let currentVersion = 1

  var version = Self.currentVersion
  let model: String
  let precision: String
  let rank: Int
  let alpha: Double
  let dropout: Double
  let targets: [String]
  /// What is not plain LoRA about the adapter; `nil` where nothing is.
  let adapterForms: [String]?
  /// The ratio of LoRA+; `nil` where it is 1.
  let loraPlusRatio: Double?
  let beta: Double
  let rpoAlpha: Double
  /// What the loss is beyond plain DPO; `nil` where it is that.
  let loss: String?
  let learningRate: Double
  let beta1: Double
  let beta2: Double
  let epsilon: Double
  let weightDecay: Double
  let schedule: String
  let warmupRatio: Double
  let epochs: Int?
  let steps: Int?
  let batchSize: Int
  let gradientAccumulation: Int
  let order: String
  let maximumGradientNorm: Double?
  let seed: UInt64
  let pairCount: Int
  /// SHA-256 over the tokens of all pairs in their order, and the lengths of their parts.
  let data: String
  /// SHA-256 over the pairs' preferences; `nil` where all are 1.
  let labels: String?
  /// SHA-256 over the pairs' margins; `nil` where all are 0.
  let margins: String?
  /// SHA-256 over what prompts are drawn from and what is retained; `nil` where nothing is.
  let drawing: String?

  init(trainer: DPOTrainer, plan: TrainingPlan, data source: TrainingData) {
    let pairs = source.pairs
    drawing = source.origin
    model = trainer.model.identity
    precision = trainer.model.precision.rawValue
    let adapter = trainer.adapterConfiguration
    (rank, alpha, dropout) = (adapter.rank, adapter.alpha, adapter.dropout)
    targets = adapter.targets.map(\.rawValue)
    adapterForms = adapter.forms.isEmpty ? nil : adapter.forms
    loraPlusRatio = trainer.loraPlusRatio == 1 ? nil : trainer.loraPlusRatio
    (beta, rpoAlpha) = (trainer.loss.beta, trainer.loss.rpoAlpha)
    loss = trainer.loss.variant
    let optimizer = trainer.optimizer
    (learningRate, weightDecay) = (optimizer.learningRate, optimizer.weightDecay)
    (beta1, beta2, epsilon) = (optimizer.beta1, optimizer.beta2, optimizer.epsilon)
    (schedule, warmupRatio) = (trainer.schedule.shape.rawValue, trainer.schedule.warmupRatio)
    switch plan.length {
    case .epochs(let count): (epochs, steps) = (count, nil)
    case .steps(let count): (epochs, steps) = (nil, count)
    }
    (batchSize, gradientAccumulation) = (plan.batchSize, plan.gradientAccumulation)
    (order, maximumGradientNorm, seed) = (plan.order.rawValue, plan.maximumGradientNorm, plan.seed)
    pairCount = pairs.count
    data = Self.digest(pairs) { pair, add in
      for tokens in [pair.prompt, pair.chosen.tokens, pair.rejected.tokens] {
        add(UInt64(tokens.count))
        for token in tokens { add(UInt64(UInt32(bitPattern: token))) }
      }
    }
    labels = pairs.allSatisfy { $0.preference == 1 } ? nil : Self.digest(pairs) { $1($0.preference.bitPattern) }
    margins = pairs.allSatisfy { $0.margin == 0 } ? nil : Self.digest(pairs) { $1($0.margin.bitPattern) }
  }

  private static func digest(_ pairs: [EncodedPair], _ words: (EncodedPair, (UInt64) -> Void) -> Void) -> String {
    var hash = SHA256()
    for pair in pairs {
      var bytes: [UInt8] = []
      words(pair) { word in
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
      }
      hash.update(bytes)
    }
    return hash.digest()
  }

  var adapter: String {
    "rank \(rank), alpha \(alpha), dropout \(dropout), " + targets.joined(separator: " ")
  }

  /// The fields by name, as texts that are equal where the values are; those that do not apply are left out.
  var fields: [String: String] {
    let norm = maximumGradientNorm.map { "\($0)" }
    var fields: [String: String] = [
      "model": model, "precision": precision, "adapter": adapter, "beta": "\(beta)", "RPO alpha": "\(rpoAlpha)",
      "learning rate": "\(learningRate)", "beta 1": "\(beta1)", "beta 2": "\(beta2)", "epsilon": "\(epsilon)",
      "weight decay": "\(weightDecay)", "schedule": schedule, "warm-up ratio": "\(warmupRatio)",
      "batch size": "\(batchSize)", "gradient accumulation": "\(gradientAccumulation)", "order": order,
      "maximum gradient norm": norm ?? "none", "seed": "\(seed)",
      "data": "\(pairCount) pairs, \(data)",
    ]
    if let adapterForms { fields["adapter"] = ([adapter] + adapterForms).joined(separator: ", ") }
    fields["LoRA+ ratio"] = loraPlusRatio.map { "\($0)" }
    fields["epochs"] = epochs.map { "\($0)" }
    fields["steps"] = steps.map { "\($0)" }
    fields["loss"] = loss
    fields["margins"] = margins
    fields["prompts and retained replies"] = drawing
    fields["labels"] = labels.map { "soft, \($0)" }
    return fields
  }
}

/// What a checkpoint says about the run it is of.
enum SavedIdentity: Sendable {
  case values(RunIdentity)
  /// Of a checkpoint from before identities were values; see ``TextIdentity``.
  case texts([String: String])

  /// The fields by name.
  var fields: [String: String] {
    switch self {
    case .values(let identity): identity.fields
    case .texts(let texts): texts
    }
  }

  /// - Throws: ``TrainingError`` naming the first field that the run has another value of.
  func check(against run: RunIdentity, pairs: [EncodedPair]) throws(TrainingError) {
    let found = fields
    let expected = if case .texts = self { TextIdentity.fields(of: run, pairs: pairs) } else { run.fields }
    for what in Set(found.keys).union(expected.keys).sorted() where found[what] != expected[what] {
      // Nothing is said of labels that are hard.
      let absent = what == "labels" ? "hard" : "not given"
      throw TrainingError(
        reason: .checkpointMismatch(what: what, expected: expected[what] ?? absent, found: found[what] ?? absent))
    }
  }
}
