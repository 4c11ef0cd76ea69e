/// What a run goes over: the pairs of every epoch, and what is retained beside them.
///
/// ```swift
/// let data = TrainingData(
///   try rows.configured(by: policy), drawing: PromptVariation(), from: policy, seed: plan.seed,
///   retaining: Retention(replies), encodedWith: trainer.encoder)
/// ```
public struct TrainingData: Sendable {
  /// What pairs and replies draw their prompts from.
  private struct Drawing: Sendable {
    let variation: PromptVariation
    let policy: SafetyPolicy
    let seed: UInt64
  }

  /// The pairs of the first epoch, as they would be at the end of the variation's warm-up. Every epoch has as many, in the
  /// same order.
  public let pairs: [EncodedPair]
  /// What is retained beside the pairs.
  public let retention: Retention?
  private let configured: [ConfiguredPair]
  private let drawing: Drawing?
  private let encoder: ConversationEncoder?

  /// Pairs that are the same in every epoch.
  public init(_ pairs: [EncodedPair]) {
    self.pairs = pairs
    (retention, configured, drawing, encoder) = (nil, [], nil, nil)
  }

  /// Pairs that ask under drawn prompts, in every epoch others.
  ///
  /// - Parameters:
  ///   - pairs: The pairs as the policy configured them.
  ///   - variation: What is drawn how often; where `nil`, every epoch asks under the system prompts themselves.
  ///   - policy: What is drawn from.
  ///   - seed: Decides the draws.
  ///   - retention: What is retained; its replies ask under drawn prompts as well.
  ///   - encoder: The trainer's.
  /// - Throws: ``ConversationError`` naming the row that does not fit; ``PreferenceError`` for a retained reply under a
  ///   configuration that the policy does not have.
  public init(
    _ pairs: [ConfiguredPair], drawing variation: PromptVariation?, from policy: SafetyPolicy, seed: UInt64,
    retaining retention: Retention? = nil, encodedWith encoder: ConversationEncoder
  ) throws {
    for reply in retention?.replies ?? [] { _ = try policy.configuration(named: reply.configuration) }
    let variation = variation ?? .nothing
    drawing = Drawing(variation: variation, policy: policy, seed: seed)
    configured = pairs
    self.retention = retention
    self.encoder = encoder
    self.pairs = try pairs.varied(by: variation, of: policy, seed: seed, epoch: 0).encoded(with: encoder)
  }

  /// Some pairs of an epoch, counted from 0, as they are asked at a point of the run.
  func pairs(at rows: ArraySlice<Int>, ofEpoch epoch: Int, progress: Double) throws(ConversationError) -> [EncodedPair]
  {
    guard let encoder, let drawing else { return rows.map { pairs[$0] } }
    return try rows.map { configured[$0] }.varied(
      by: drawing.variation.at(progress: progress), of: drawing.policy, seed: drawing.seed, epoch: epoch
    ).encoded(with: encoder)
  }

  /// The retained replies that stand beside pairs of the run, by their numbers since its beginning: all of them are gone
  /// through in an order of the seed's, then again in another.
  func retained(besidePairs pairs: Range<Int>, progress: Double = 1) throws(ConversationError) -> [EncodedReply] {
    guard let retention, let encoder, let drawing else { return [] }
    var encoded: [EncodedReply] = []
    var round: (index: Int, order: [Int])?
    for number in retention.count(besidePairs: pairs) {
      let (index, position) = number.quotientAndRemainder(dividingBy: retention.replies.count)
      if round?.index != index {
        var generator = SeededGenerator(seed: drawing.seed, stream: .retainedVariations | UInt64(index) << 32)
        round = (index, generator.permutation(of: retention.replies.count))
      }
      let row = round?.order[position] ?? position
      let reply = retention.replies[row]
      guard let configuration = drawing.policy[reply.configuration] else { continue }
      var generator = SeededGenerator(
        seed: drawing.seed, stream: .retainedVariations | UInt64(index) << 32 | UInt64(row + 1))
      let messages = drawing.variation.at(progress: progress).draw(
        reply.prompt, under: configuration, of: drawing.policy, isNeutral: true, using: &generator)
      encoded.append(try EncodedReply(reply, source: row, asked: messages, with: encoder))
    }
    return encoded
  }

  /// SHA-256 over what the epochs after the first and the retained replies follow from; `nil` where there is none.
  var origin: String? {
    guard let drawing else { return nil }
    var hash = SHA256()
    func add(_ text: String) { hash.update("\(text.utf8.count) \(text)\n".utf8) }
    let variation = drawing.variation
    for share in [
      variation.reworded, variation.framed, variation.overridden, variation.later, variation.unprompted,
      variation.warmup,
    ] { add("\(share)") }
    for configuration in drawing.policy.configurations {
      (configuration.wordings + [""] + configuration.overrides).forEach(add)
    }
    for configuration in drawing.policy.configurations { configuration.paraphraseTemplates.forEach(add) }
    for (name, texts) in drawing.policy.surroundings.slots.sorted(by: { $0.key < $1.key }) {
      ([name] + texts).forEach(add)
    }
    drawing.policy.surroundings.frames.forEach(add)
    for message in drawing.policy.surroundings.neutralTurns.flatMap(\.self) { add(message.content) }
    if let retention {
      add("\(retention.ratio) \(retention.weight)")
      for reply in retention.replies {
        add("\(reply.configuration) \(reply.isWhole)")
        reply.prompt.forEach { add($0.content) }
        add(reply.text)
      }
    }
    return hash.digest()
  }
}
