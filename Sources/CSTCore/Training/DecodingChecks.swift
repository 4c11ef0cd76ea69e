// Decoding goes past `init`, so each of these decodes its fields and then holds them to what `init` holds them to.

extension AdamW: CheckedFields {
  enum CodingKeys: String, CodingKey { case learningRate, beta1, beta2, epsilon, weightDecay }

  package var badField: BadField? {
    guard learningRate >= 0, learningRate.isFinite else {
      return ("learningRate", "a learning rate is not negative: \(learningRate)")
    }
    guard (0..<1).contains(beta1) else { return ("beta1", "a decay rate is in 0..<1, not \(beta1)") }
    guard (0..<1).contains(beta2) else { return ("beta2", "a decay rate is in 0..<1, not \(beta2)") }
    guard epsilon >= 0, epsilon.isFinite else { return ("epsilon", "what is added is not negative: \(epsilon)") }
    guard weightDecay >= 0, weightDecay.isFinite else {
      return ("weightDecay", "a weight decay is not negative: \(weightDecay)")
    }
    return nil
  }

  /// - Throws: `DecodingError` for what `init` traps on.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    learningRate = try fields.decode(Double.self, forKey: .learningRate)
    beta1 = try fields.decode(Double.self, forKey: .beta1)
    beta2 = try fields.decode(Double.self, forKey: .beta2)
    epsilon = try fields.decode(Double.self, forKey: .epsilon)
    weightDecay = try fields.decode(Double.self, forKey: .weightDecay)
    try checkDecoded(at: fields.codingPath)
  }
}

extension LearningRateSchedule: CheckedFields {
  enum CodingKeys: String, CodingKey { case shape, warmupRatio }

  package var badField: BadField? {
    guard (0...1).contains(warmupRatio) else {
      return ("warmupRatio", "a warm-up ratio is in 0...1, not \(warmupRatio)")
    }
    return nil
  }

  /// - Throws: `DecodingError` for what `init` traps on.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    shape = try fields.decode(Shape.self, forKey: .shape)
    warmupRatio = try fields.decode(Double.self, forKey: .warmupRatio)
    try checkDecoded(at: fields.codingPath)
  }
}

extension TrainingPlan: CheckedFields {
  enum CodingKeys: String, CodingKey {
    case length, batchSize, gradientAccumulation, order, maximumGradientNorm, seed, checkpointInterval
    case checkpointSeconds, activations
  }

  package var badField: BadField? {
    switch length {
    case .epochs(let count), .steps(let count):
      guard count >= 1 else { return ("length", "a run has at least one epoch or step, not \(length)") }
    }
    guard batchSize >= 1 else { return ("batchSize", "a step has at least one pair, not \(batchSize)") }
    guard gradientAccumulation >= 1 else {
      return ("gradientAccumulation", "a step has at least one batch, not \(gradientAccumulation)")
    }
    if let norm = maximumGradientNorm, !(norm > 0) {
      return ("maximumGradientNorm", "a maximum gradient norm is positive, not \(norm)")
    }
    if let interval = checkpointInterval, interval < 1 {
      return ("checkpointInterval", "a checkpoint interval is at least 1, not \(interval)")
    }
    if let seconds = checkpointSeconds, !(seconds >= 0) {
      return ("checkpointSeconds", "the time between checkpoints is not negative: \(seconds)")
    }
    return nil
  }

  /// - Throws: `DecodingError` for what `init` traps on.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    length = try fields.decode(Length.self, forKey: .length)
    batchSize = try fields.decode(Int.self, forKey: .batchSize)
    gradientAccumulation = try fields.decode(Int.self, forKey: .gradientAccumulation)
    order = try fields.decode(Order.self, forKey: .order)
    maximumGradientNorm = try fields.decodeIfPresent(Double.self, forKey: .maximumGradientNorm)
    seed = try fields.decode(UInt64.self, forKey: .seed)
    checkpointInterval = try fields.decodeIfPresent(Int.self, forKey: .checkpointInterval)
    checkpointSeconds = try fields.decodeIfPresent(Double.self, forKey: .checkpointSeconds)
    activations = try fields.decodeIfPresent(LayerActivations.self, forKey: .activations)
    try checkDecoded(at: fields.codingPath)
  }
}
