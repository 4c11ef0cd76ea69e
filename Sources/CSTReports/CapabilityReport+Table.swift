import CSTCore

extension CapabilityReport {
  /// What was measured of one task.
  struct Block: Hashable {
    /// The task and how much of it there is.
    let title: String
    /// Its measures.
    let rows: [Row]
  }

  /// A measure of both models.
  struct Row: Hashable {
    /// What is measured, short.
    let label: String
    /// What a reader should know about it.
    let explanation: String
    /// The base model's.
    let base: String
    /// The tuned model's.
    let tuned: String?
    /// The tuned model's less the base's, or their ratio.
    let difference: String?
  }

  /// The tasks in the order of kinds.
  var blocks: [Block] {
    multipleChoice.map { task in
      Block(
        title: "\(task.name): \(Self.count(task.questions.count, "question"))",
        rows: [
          Self.row("acc", "questions whose right option is the likeliest", task.accuracy),
          Self.row("acc_norm", "the same by likelihood a character", task.normalizedAccuracy),
        ])
    }
      + texts.map { text in
        Block(
          title:
            "\(text.name): \(Self.count(text.tokens, "token")) in \(Self.count(text.windows.count, "window")) of at "
            + "most \(text.windowLength)",
          rows: [
            Row(
              label: "perplexity", explanation: "of a token, and its ratio: 1 is no change, more is worse",
              base: Self.number(text.base.perplexity), tuned: text.tuned.map { Self.number($0.perplexity) },
              difference: text.perplexityRatio.map { "×" + Self.text($0, isSigned: false) }),
            Row(
              label: "bits per byte", explanation: "of the text in UTF-8; less is better",
              base: Self.number(text.base.bitsPerByte), tuned: text.tuned.map { Self.number($0.bitsPerByte) },
              difference: text.bitsPerByteDifference.map { Self.text($0) }),
          ])
      }
      + drifts.map { drift in
        Block(
          title: "\(drift.name): the base model's replies to \(Self.count(drift.prompts, "prompt")), "
            + "\(Self.count(drift.tokens, "token"))" + (drift.emptyReplies > 0 ? ", \(drift.emptyReplies) empty" : ""),
          rows: [
            Row(
              label: "log-prob.", explanation: "mean log-probability of a token of the base model's replies, in nats",
              base: drift.base.map(Self.number) ?? "–", tuned: drift.tuned.map(Self.number),
              difference: drift.difference.map { Self.text($0) })
          ])
      }
  }

  /// The columns' names: the models, and the difference where there are two.
  var columnNames: [String] { ["base model"] + (tunedModel.map { [$0, "difference"] } ?? []) }

  private static func row(_ label: String, _ explanation: String, _ share: Share) -> Row {
    Row(
      label: label, explanation: explanation, base: text(share.base), tuned: share.tuned.map(text),
      difference: share.difference.map { text($0) })
  }

  private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  private static func number(_ value: Double) -> String { FixedPoint.text(value, decimals: 3) }

  private static func text(_ value: Proportion) -> String {
    guard let estimate = value.estimate else { return "–" }
    return "\(value.count)/\(value.total) \(number(estimate)) [\(number(value.interval.low)), "
      + "\(number(value.interval.high))]"
  }

  private static func text(_ value: PairedDifference, isSigned: Bool = true) -> String {
    func signed(_ value: Double) -> String {
      let text = number(value)
      return isSigned && value > 0 && text.contains(where: { "123456789".contains($0) }) ? "+\(text)" : text
    }
    guard let low = value.low, let high = value.high else { return signed(value.estimate) }
    return "\(signed(value.estimate)) [\(signed(low)), \(signed(high))]"
  }
}
