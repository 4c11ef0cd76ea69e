/// What one model produced on held-out rows: the material a ``ControllabilityReport`` counts.
///
/// Whoever can run a model fills this in; nothing here needs one. Scores and replies may cover different rows, since
/// scoring is cheap and generating is not.
public struct ModelEvidence: Hashable, Sendable {
  /// How strongly the model prefers the answer it should, in one pair.
  public struct Score: Hashable, Sendable {
    /// The pair's configuration; `nil` where the row spells out a system prompt that is no configuration's.
    public var configuration: String?
    /// The row the pair came from, ``ConfiguredPair/source``.
    public var row: Int
    /// Whether the row is neutral: the same answer is preferred under every configuration.
    public var isNeutral: Bool
    /// The log-probability of the chosen answer less that of the rejected one, in nats; for
    /// ``ControllabilityReport/PreferenceMeasure/reward`` less the same of the reference model.
    public var margin: Double

    /// Creates a score.
    public init(configuration: String?, row: Int, isNeutral: Bool, margin: Double) {
      self.configuration = configuration
      self.row = row
      self.isNeutral = isNeutral
      self.margin = margin
    }
  }

  /// What the model said.
  public struct Reply: Hashable, Sendable {
    /// The configuration whose system prompt stood before the question; `nil` where it was the row's own.
    public var configuration: String?
    /// The row the question came from.
    public var row: Int
    /// Whether the row is neutral: the question should be answered under every configuration.
    public var isNeutral: Bool
    /// The question, for showing.
    public var prompt: String
    /// The reply, to its end or to the limit.
    public var text: String

    /// Creates a reply.
    public init(configuration: String?, row: Int, isNeutral: Bool, prompt: String, text: String) {
      self.configuration = configuration
      self.row = row
      self.isNeutral = isNeutral
      self.prompt = prompt
      self.text = text
    }
  }

  /// The model's name in the report.
  public var model: String
  /// One score for each held-out ``ConfiguredPair``.
  public var scores: [Score]
  /// One reply for each row and configuration that was tried.
  public var replies: [Reply]
  /// Where rows were read, by their number, for messages.
  public var places: [Int: RowPlace]

  /// Creates the evidence of a model.
  public init(model: String, scores: [Score], replies: [Reply], places: [Int: RowPlace] = [:]) {
    self.model = model
    self.scores = scores
    self.replies = replies
    self.places = places
  }
}
