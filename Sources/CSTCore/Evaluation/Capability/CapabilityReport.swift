import Foundation

/// What a model could do before it was tuned and can do after: the base model and the tuned one side by side, every
/// difference with its paired 95 % interval.
///
/// The value is what `cst eval --capability … --json` prints under `capability`. `text()` renders it for a terminal, in
/// `CSTReports`.
public struct CapabilityReport: Hashable, Codable, Sendable {
  /// A share of questions.
  public struct Share: Hashable, Codable, Sendable {
    /// That of the base model.
    public var base: Proportion
    /// That of the tuned model.
    public var tuned: Proportion?
    /// The tuned model's less the base's.
    public var difference: PairedDifference?

    init(_ questions: [Question], of choice: (Choice) -> Int) {
      let before = questions.map { choice($0.base) == $0.answer }
      let after = questions.compactMap { question in question.tuned.map { choice($0) == question.answer } }
      base = Proportion(of: before) { $0 }
      guard after.count == before.count, !before.isEmpty else { return }
      tuned = Proportion(of: after) { $0 }
      difference = PairedDifference(right: before, tuned: after)
    }
  }

  /// How a question was answered.
  public struct Question: Hashable, Codable, Sendable {
    /// Its name, where it has one.
    public var id: String?
    /// What it is about, where that is said.
    public var subject: String?
    /// The right option, counted from 0.
    public var answer: Int
    /// What the base model makes of it.
    public var base: Choice
    /// What the tuned model makes of it.
    public var tuned: Choice?
  }

  /// Answers to questions with options.
  public struct MultipleChoice: Hashable, Codable, Sendable {
    /// The task.
    public var name: String
    /// Questions whose right option has the greatest log-probability: `acc`.
    public var accuracy: Share
    /// The same with log-probabilities divided by the option's characters: `acc_norm`.
    public var normalizedAccuracy: Share
    /// The questions in the file's order.
    public var questions: [Question]

    init(name: String, _ questions: [Question]) {
      self.name = name
      accuracy = Share(questions, of: \.choice)
      normalizedAccuracy = Share(questions, of: \.normalizedChoice)
      self.questions = questions
    }
  }

  /// How well one model predicts a text.
  public struct Prediction: Hashable, Codable, Sendable {
    /// The mean log-probability of a token, in nats.
    public var logProbability: Double
    /// e to the power of minus that: what the model is as uncertain as, options a token.
    public var perplexity: Double
    /// Minus the text's log-probability in bits over its bytes of UTF-8: comparable between tokenizers.
    public var bitsPerByte: Double

    init(_ sum: Double, tokens: Int, bytes: Int) {
      logProbability = sum / Double(tokens)
      perplexity = exp(-logProbability)
      bitsPerByte = -sum / (Double(bytes) * log(2))
    }
  }

  /// How well a text is predicted.
  public struct Text: Hashable, Codable, Sendable {
    /// The task.
    public var name: String
    /// Bytes of the text.
    public var bytes: Int
    /// Tokens of the text, each predicted once.
    public var tokens: Int
    /// The most tokens that are predicted together.
    public var windowLength: Int
    /// That of the base model.
    public var base: Prediction
    /// That of the tuned model.
    public var tuned: Prediction?
    /// The tuned model's ``Prediction/logProbability`` less the base's.
    public var difference: PairedDifference?
    /// The windows in order.
    public var windows: [Stretch]

    init(name: String, bytes: Int, windowLength: Int, _ windows: [Stretch]) {
      (self.name, self.bytes, self.windowLength, self.windows) = (name, bytes, windowLength, windows)
      let tokens = windows.tokens
      self.tokens = tokens
      base = Prediction(windows.base, tokens: tokens, bytes: bytes)
      tuned = windows.tuned.map { Prediction($0, tokens: tokens, bytes: bytes) }
      difference = windows.difference
    }

    /// The tuned model's perplexity over the base's: 1 where nothing changed.
    public var perplexityRatio: PairedDifference? { difference?.mapped { exp(-$0) } }

    /// The tuned model's bits per byte less the base's.
    public var bitsPerByteDifference: PairedDifference? {
      let scale = -Double(tokens) / (Double(bytes) * log(2))
      return difference?.mapped { $0 * scale }
    }
  }

  /// How far the tuned model has moved from the base model's own replies.
  public struct Drift: Hashable, Codable, Sendable {
    /// The task.
    public var name: String
    /// Prompts that the base model replied to.
    public var prompts: Int
    /// Replies without a token, which are left out.
    public var emptyReplies: Int
    /// The most tokens of a reply.
    public var maximumTokens: Int
    /// Tokens of all replies.
    public var tokens: Int
    /// The base model's mean log-probability of a token of its greedy replies, in nats; `nil` where all are empty.
    public var base: Double?
    /// That which the tuned model gives the same tokens.
    public var tuned: Double?
    /// The tuned model's less the base's.
    public var difference: PairedDifference?
    /// The replies that are not empty, in the order of their prompts.
    public var replies: [Stretch]

    init(name: String, prompts: Int, maximumTokens: Int, _ replies: [Stretch]) {
      (self.name, self.prompts, self.maximumTokens, self.replies) = (name, prompts, maximumTokens, replies)
      emptyReplies = prompts - replies.count
      tokens = replies.tokens
      guard tokens > 0 else { return }
      base = replies.base / Double(tokens)
      tuned = replies.tuned.map { [tokens] in $0 / Double(tokens) }
      difference = replies.difference
    }
  }

  /// The base model's file or name.
  public var baseModel: String
  /// What the tuned model is called; `nil` where only the base was measured.
  public var tunedModel: String?
  /// What products with the weights were computed in.
  public var precision: Precision
  /// Answers to questions.
  public var multipleChoice: [MultipleChoice] = []
  /// Predicted texts.
  public var texts: [Text] = []
  /// Movements from the base model's replies.
  public var drifts: [Drift] = []
}
