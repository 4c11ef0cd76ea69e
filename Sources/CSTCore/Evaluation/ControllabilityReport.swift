/// How well the system prompt controls each of several models, side by side: the base model, vanilla DPO, CST.
///
/// Three kinds of measure, each a count out of a total with its 95 % Wilson interval:
/// - **Preference**: how often the answer that a configuration prefers is the likelier one under it. *Switch accuracy* asks
///   for more: all pairs of a row at once, so that a model which prefers the same answer whatever the system prompt has 0.
/// - **Following** (S): how often a generated reply to a switchable question is what its configuration expects: a refusal or
///   an answer, see ``SafetyConfiguration/expectedReply``. The S of the default configuration is the paper's S0, that of the
///   other its S1. An unusable reply follows nothing.
/// - **Neutral questions**: how often they are answered, under each configuration and under all of them at once, and how
///   often refused (*over-refusal*).
///
/// The value is the JSON that `cst eval --json` prints. ``text(columns:)`` renders it for a terminal and `HTMLReport` for
/// a browser.
public struct ControllabilityReport: Hashable, Codable, Sendable {
  /// How the margins of pairs were measured.
  @nonexhaustive
  public enum PreferenceMeasure: String, Hashable, Codable, Sendable {
    /// By the model's own log-probabilities of whole answers. Defined for every model, and biased to short answers.
    case logProbability
    /// By how much the log-probabilities moved from the reference model's, as the loss sees it. Zero for the reference.
    case reward
  }

  /// How replies were generated.
  public struct Decoding: Hashable, Codable, Sendable {
    /// Sampling temperature; 0 takes the likeliest token.
    public var temperature: Double
    /// The probability mass sampled from.
    public var topP: Double
    /// The most tokens of a reply.
    public var maximumTokens: Int

    /// Creates decoding settings.
    public init(temperature: Double, topP: Double, maximumTokens: Int) {
      self.temperature = temperature
      self.topP = topP
      self.maximumTokens = maximumTokens
    }
  }

  /// What it takes to repeat the evaluation.
  public struct Settings: Hashable, Codable, Sendable {
    /// The base model's file or name.
    public var baseModel: String
    /// The seeds of the split, of training and of sampling, by what they are for, in order.
    public var seeds: [Fact]
    /// How replies were generated.
    public var decoding: Decoding
    /// How the margins of pairs were measured.
    public var preferenceMeasure: PreferenceMeasure
    /// Anything else worth recording: data files, training steps, the machine.
    public var details: [Fact]

    /// Creates settings.
    public init(
      baseModel: String, seeds: [Fact], decoding: Decoding, preferenceMeasure: PreferenceMeasure, details: [Fact] = []
    ) {
      self.baseModel = baseModel
      self.seeds = seeds
      self.decoding = decoding
      self.preferenceMeasure = preferenceMeasure
      self.details = details
    }
  }

  /// A named value, for showing.
  public struct Fact: Hashable, Codable, Sendable {
    /// What it is.
    public var name: String
    /// Its value.
    public var value: String

    /// Creates a fact.
    public init(_ name: String, _ value: some CustomStringConvertible & Sendable) {
      self.name = name
      self.value = value.description
    }
  }

  /// The configurations the models were switched between.
  public var policy: SafetyPolicy
  /// What it takes to repeat the evaluation.
  public var settings: Settings
  /// The measures of each model, in the order the models were given.
  public var models: [ModelMeasures]
  /// Some of the replies, side by side.
  public var samples: [ReplySample]
  /// How the switch holds under conditions, where that was measured; see ``ConditionsEvaluation``.
  public var conditions: ConditionsReport?

  /// Counts what the models produced.
  ///
  /// - Parameters:
  ///   - policy: The configurations that the models were switched between.
  ///   - settings: What it takes to repeat the evaluation.
  ///   - evidence: What each model produced.
  ///   - judge: Finds what a reply is.
  ///   - sampleCount: How many questions to show side by side: switchable ones and neutral ones in turn, in row order.
  /// - Throws: ``EvaluationError`` if the evidence is not of this policy, has gaps or has a score that is not finite.
  public init(
    policy: SafetyPolicy, settings: Settings, evidence: [ModelEvidence], judge: RefusalJudge = RefusalJudge(),
    sampleCount: Int = 6
  ) throws(EvaluationError) {
    self.policy = policy
    self.settings = settings
    models = []
    for evidence in evidence {
      models.append(try ModelMeasures(of: evidence, under: policy, judge: judge))
    }
    samples = ReplySample.choose(sampleCount, from: evidence, under: policy, judge: judge)
  }
}
