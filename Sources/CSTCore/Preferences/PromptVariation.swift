/// How often training asks otherwise than with a configuration's own system prompt and the row's bare question, so that the
/// model learns what a configuration says and not how it is spelled.
///
/// Every row draws its wordings, its frame and the rest anew in every epoch, by the seed. Its twins under two configurations
/// draw alike, so that the configuration's words are what differs between them. What a policy has nothing for is
/// not drawn: without ``PromptSurroundings/frames``, say, no system prompt is framed.
public struct PromptVariation: Hashable, Codable, Sendable {
  /// The share of system prompts that are one of the configuration's paraphrases or filled templates, each as likely.
  public var reworded: Double
  /// The share of system prompts that stand in a frame.
  public var framed: Double
  /// The share of switchable questions that come with the claim that another configuration holds.
  public var overridden: Double
  /// The share of questions that come after neutral turns.
  public var later: Double
  /// The share of pairs of the default configuration that have no system prompt.
  public var unprompted: Double
  /// The share of the run over which the others rise from 0 to what they are: a model that has heard the difference between
  /// two system prompts finds it in other words, and one that hears sixty at once hardly begins to.
  public var warmup: Double

  /// Shares from 0 to 1; traps on others. What a recipe was measured with is in `Docs/Switch.md`.
  public init(
    reworded: Double = 0.75, framed: Double = 0.35, overridden: Double = 0.25, later: Double = 0.15,
    unprompted: Double = 0.1, warmup: Double = 0
  ) {
    for share in [reworded, framed, overridden, later, unprompted, warmup] {
      require((0...1).contains(share), "a share is from 0 to 1, not \(share)")
    }
    self.reworded = reworded
    self.framed = framed
    self.overridden = overridden
    self.later = later
    self.unprompted = unprompted
    self.warmup = warmup
  }

  /// Nothing is drawn.
  static let nothing = PromptVariation(reworded: 0, framed: 0, overridden: 0, later: 0, unprompted: 0)

  /// The shares that hold at a point of the run.
  /// - Parameter progress: The share of the run that is done.
  func at(progress: Double) -> PromptVariation {
    guard progress < warmup else { return self }
    let risen = progress / warmup
    return PromptVariation(
      reworded: reworded * risen, framed: framed * risen, overridden: overridden * risen, later: later * risen,
      unprompted: unprompted * risen)
  }

  /// Neutral questions come with a claim less often: what they ask is allowed anyway.
  private static let neutralOverrides = 0.4

  /// A conversation that asks a row's question under a configuration.
  func draw(
    _ prompt: [Message], under configuration: SafetyConfiguration, of policy: SafetyPolicy, isNeutral: Bool,
    using generator: inout SeededGenerator
  ) -> [Message] {
    // Every draw is made whatever the others give, so that changing one share leaves the rest as they were.
    func happens(_ share: Double) -> Bool { generator.uniform() < share }
    func one<Element>(of elements: [Element]) -> Element? {
      let draw = generator.uniform()
      return elements.isEmpty ? nil : elements[Int(draw * Double(elements.count))]
    }
    var form = PromptForm(wording: configuration.systemPrompt)
    let (paraphrases, templates) = (configuration.paraphrases, configuration.paraphraseTemplates)
    let (isReworded, draw) = (happens(reworded), one(of: Array(0..<paraphrases.count + templates.count)))
    // A generator of its own, so that a policy without templates draws what it drew before there were any.
    var filler = SeededGenerator(seed: templates.isEmpty ? 0 : generator.next())
    if isReworded, let draw {
      form.wording =
        draw < paraphrases.count
        ? paraphrases[draw]
        : WordingTemplate.filled(
          templates[draw - paraphrases.count], from: policy.surroundings.slots, using: &filler)
    }
    let (isFramed, frame) = (happens(framed), one(of: policy.surroundings.frames))
    if isFramed { form.frame = frame }
    let (isLater, turns) = (happens(later), one(of: policy.surroundings.neutralTurns))
    if isLater { form.turns = turns ?? [] }
    let isOverridden = happens(isNeutral ? overridden * Self.neutralOverrides : overridden)
    let claims = policy.configurations.filter { $0.name != configuration.name }.flatMap(\.overrides)
    let claim = one(of: claims)
    if isOverridden { form.override = claim }
    if happens(unprompted), configuration.name == policy.defaultConfiguration.name { form.wording = nil }
    return form.messages(asking: prompt)
  }
}

extension [ConfiguredPair] {
  /// The pairs as one epoch of a run asks them.
  ///
  /// Pairs whose row has a system prompt of its own stay as they are.
  ///
  /// - Parameters:
  ///   - variation: What is drawn how often.
  ///   - policy: What is drawn from; the one that configured the rows.
  ///   - seed: Decides the draws, with the epoch and the row of the pair.
  ///   - epoch: The epoch, counted from 0.
  /// - Complexity: O(*n*) for *n* pairs.
  public func varied(
    by variation: PromptVariation, of policy: SafetyPolicy, seed: UInt64, epoch: Int
  ) -> [ConfiguredPair] {
    map { pair in
      guard let name = pair.configuration, let configuration = policy[name],
        pair.prompt.first == .system(configuration.systemPrompt)
      else { return pair }
      var generator = SeededGenerator(seed: seed, stream: .variations | UInt64(epoch) << 32 | UInt64(pair.source))
      var varied = pair
      varied.prompt = variation.draw(
        pair.prompt.filter { $0.role != .system }, under: configuration, of: policy, isNeutral: pair.isNeutral,
        using: &generator)
      return varied
    }
  }
}

extension UInt64 {
  /// The streams that pairs draw from, apart from those that decide the order of rows.
  fileprivate static let variations: UInt64 = 1 << 62
  /// The streams that retained replies draw from.
  static let retainedVariations: UInt64 = 1 << 61
}
