/// The value of an option in the record of a run: not a `JSONValue`, because a number is a `Double` and is written as one.
package enum RunOption: Hashable, Sendable {
  case absent
  case flag(Bool)
  case count(UInt64)
  case number(Double)
  case text(String)
  case list([String])

  /// The value as people read it; `nil` where there is none.
  package var words: String? {
    switch self {
    case .absent: nil
    case .flag(let flag): flag ? "yes" : "no"
    case .count(let count): "\(count)"
    case .number(let number): "\(number)"
    case .text(let text): text
    case .list(let texts): texts.joined(separator: ", ")
    }
  }

  /// Every option of a run that decides something, by the names of the command line.
  static func all(
    of trainer: DPOTrainer, _ plan: TrainingPlan, _ source: RunSource, retention: Retention?
  ) -> [String: RunOption] {
    func count(_ value: Int) -> RunOption { .count(UInt64(value)) }
    let (model, adapter) = (trainer.model, trainer.adapterConfiguration)
    var options: [String: RunOption] = [
      "method": .text(source.method.rawValue),
      "soft_labels": .flag(source.softLabels),
      "loss_type": .list(trainer.loss.types.map(\.rawValue)),
      "beta": .number(trainer.loss.beta),
      "rpo_alpha": .number(trainer.loss.rpoAlpha),
      "lora_rank": count(adapter.rank),
      "lora_alpha": .number(adapter.alpha),
      "lora_dropout": .number(adapter.dropout),
      "lora_targets": .list(adapter.targets.map(\.rawValue)),
      "learning_rate": .number(trainer.optimizer.learningRate),
      "schedule": .text(trainer.schedule.shape.rawValue),
      "warmup_ratio": .number(trainer.schedule.warmupRatio),
      "weight_decay": .number(trainer.optimizer.weightDecay),
      "max_grad_norm": .number(plan.maximumGradientNorm ?? 0),
      "batch_size": count(plan.batchSize),
      "gradient_accumulation": count(plan.gradientAccumulation),
      "max_length": count(trainer.maximumLength),
      "seed": .count(plan.seed),
      "shuffle": .flag(plan.order != .asGiven),
      "precision": .text(model.precision.rawValue),
      "weights": .text(model.panels.rawValue),
      "system_role": .text(model.chatTemplate.systemRole.rawValue),
    ]
    options.merge(trainer.loss.options) { $1 }
    if !source.columns.isEmpty { options["columns"] = .text(source.columns) }
    if !model.ignoredKeys.isEmpty { options["ignore_keys"] = .list(model.ignoredKeys.sorted()) }
    if adapter.usesRSLoRA { options["lora_rslora"] = .flag(true) }
    if adapter.usesDoRA { options["lora_dora"] = .flag(true) }
    if adapter.initialization != .kaimingUniform { options["lora_init"] = .text(adapter.initialization.name) }
    if case .list(let paths)? = adapter.modules?.included { options["lora_modules"] = .list(paths) }
    let (ranks, alphas) = (adapter.rankPattern.entries, adapter.alphaPattern.entries)
    if !ranks.isEmpty { options["lora_rank_pattern"] = .list(ranks.map { "\($0.key)=\($0.value)" }) }
    if !alphas.isEmpty { options["lora_alpha_pattern"] = .list(alphas.map { "\($0.key)=\($0.value)" }) }
    if trainer.loraPlusRatio != 1 { options["lora_plus_ratio"] = .number(trainer.loraPlusRatio) }
    options["max_completion_length"] = trainer.maximumCompletionLength.map(count)
    if let variation = source.variation {
      options["wordings"] = .text("policy")
      options["reworded"] = .number(variation.reworded)
      options["framed"] = .number(variation.framed)
      options["overridden"] = .number(variation.overridden)
      options["later"] = .number(variation.later)
      options["unprompted"] = .number(variation.unprompted)
      options["wordings_warmup"] = .number(variation.warmup)
    }
    if let retention {
      options["retained_replies"] = count(retention.replies.count)
      options["retain_ratio"] = .number(retention.ratio)
      options["retain_weight"] = .number(retention.weight)
      options["retain"] = source.retentionFile.map { .text($0.path) }
    }
    if plan.order == .shuffledRows { options["twins"] = .text("together") }
    switch plan.length {
    case .epochs(let epochs): options["epochs"] = count(epochs)
    case .steps(let steps): options["steps"] = count(steps)
    }
    options["activations"] = plan.activations.map { .text($0.rawValue) }
    options["checkpoint_every"] = plan.checkpointInterval.map(count)
    options["checkpoint_seconds"] = plan.checkpointSeconds.map { .number($0) }
    if model.chatTemplate.usesDate { options["template_date"] = .text(model.chatTemplate.date.description) }
    return options
  }
}

extension RunOption: Codable {
  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .absent
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let count = try? value.decode(UInt64.self) {
      self = .count(count)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else {
      self = .list(try value.decode([String].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .absent: try value.encodeNil()
    case .flag(let flag): try value.encode(flag)
    case .count(let count): try value.encode(count)
    case .number(let number): try value.encode(number)
    case .text(let text): try value.encode(text)
    case .list(let texts): try value.encode(texts)
    }
  }
}
