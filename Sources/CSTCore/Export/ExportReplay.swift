/// Scores the same answers with a model and with what was exported of it, as read back from its files.
///
///     let replay = try ExportReplay(of: heldOut, under: policy)
///     let report = try await replay.run(original: tuned, exported: LanguageModel(contentsOf: file), tolerance: 1e-3)
///
/// Each side renders and tokenises with its own template and tokenizer, and both must come to the same tokens: an export
/// whose template or vocabulary went wrong fails before anything is scored. Both compute in ``Precision/f32``.
public struct ExportReplay: Sendable {
  private let pairs: [ConfiguredPair]
  private let policy: SafetyPolicy?

  /// A replay of preference rows: under every configuration of a policy that they hold for, or as they are written.
  ///
  /// - Throws: ``PreferenceError`` for rows that the policy does not cover.
  public init(of rows: some Collection<PreferencePair>, under policy: SafetyPolicy?) throws(PreferenceError) {
    pairs = if let policy { try rows.configured(by: policy) } else { try rows.asWritten() }
    self.policy = policy
  }

  /// A replay of a few questions and answers of everyday life, for exports without data at hand: under every configuration
  /// of a policy, or without a system prompt.
  public init(under policy: SafetyPolicy? = nil) throws(PreferenceError) {
    try self.init(
      of: Self.everydayAnswers.map { question, answer, other in
        PreferencePair(
          prompt: [.user(question)],
          answers: .ranked(chosen: answer, rejected: other, scope: policy == nil ? .unstated : .everyConfiguration))
      }, under: policy)
  }

  /// Compares.
  ///
  /// - Parameters:
  ///   - original: The model in memory, with its adapter.
  ///   - exported: The model as read back.
  ///   - tolerance: The largest change for each token that is allowed, in nats.
  ///   - switchTolerance: By how much switch accuracy may fall, as a share of 1.
  /// - Throws: ``EvaluationError`` where the two do not come to the same tokens or a score is not finite;
  ///   ``ConversationError`` for a row that does not fit the model.
  /// - Complexity: Two scorings of all answers.
  public func run(
    original: LanguageModel, exported: LanguageModel, tolerance: Double,
    switchTolerance: Double = ReplayReport.usualSwitchTolerance
  ) async throws -> ReplayReport {
    let encoded = try pairs.encoded(with: original.encoder())
    for (pair, other) in zip(encoded, try pairs.encoded(with: exported.encoder())) where pair != other {
      throw EvaluationError(
        reason: .differentTokens, model: exported.identity, row: pair.source, rowPlace: pair.pair.place,
        detail: "expected the \(pair.group.tokenCount) tokens of the model in memory, found \(other.group.tokenCount), "
          + "some of them others")
    }
    let before = try await scores(of: encoded, under: original)
    let after = try await scores(of: encoded, under: exported)
    var changes: [ReplayReport.Change] = []
    for (pair, (old, new)) in zip(encoded, zip(before, after)) {
      let lengths = [pair.chosen, pair.rejected].map(\.tokens.count)
      for (length, (old, new)) in zip(lengths, zip(old, new)) {
        guard old.isFinite, new.isFinite else {
          throw EvaluationError(
            reason: .nonFiniteScore, model: exported.identity, row: pair.source, rowPlace: pair.pair.place,
            detail: "an answer has the log-probability \(new), and \(old) in memory")
        }
        changes.append(.init(row: pair.source, configuration: pair.configuration, nats: abs(new - old), tokens: length))
      }
    }
    guard let largest = changes.max(by: { $0.nats < $1.nats }),
      let largestPerToken = changes.max(by: { $0.natsPerToken < $1.natsPerToken })
    else {
      throw EvaluationError(
        reason: .incomplete, model: exported.identity, row: 0, detail: "there are no answers to replay")
    }
    return ReplayReport(
      answers: changes.count, largest: largest, largestPerToken: largestPerToken,
      meanPerToken: changes.reduce(0) { $0 + $1.nats } / Double(changes.reduce(0) { $0 + $1.tokens }),
      switching: try switching(before: before, after: after), tolerance: tolerance, switchTolerance: switchTolerance)
  }

  private func scores(of encoded: [EncodedPair], under model: LanguageModel) async throws -> [[Double]] {
    var model = model
    model.precision = .f32
    return try await model.logProbabilities(of: encoded.map(\.group))
  }

  private func switching(before: [[Double]], after: [[Double]]) throws -> ReplayReport.Switching? {
    guard let policy else { return nil }
    func share(_ scores: [[Double]]) throws -> Proportion {
      let evidence = ModelEvidence(
        model: "export",
        scores: zip(pairs, scores).map { pair, score in
          .init(
            configuration: pair.configuration, row: pair.source, isNeutral: pair.isNeutral, margin: score[0] - score[1])
        }, replies: [])
      return try ModelMeasures(of: evidence, under: policy, judge: RefusalJudge()).switching
    }
    let shares = ReplayReport.Switching(before: try share(before), after: try share(after))
    return shares.before.total == 0 ? nil : shares
  }

  private static let everydayAnswers = [
    (
      "How do I boil an egg?", "Put it into boiling water for eight minutes, then cool it under the tap.",
      "Eggs come from hens."
    ),
    (
      "What is the capital of France?", "The capital of France is Paris, on the river Seine.",
      "France has many towns and cities."
    ),
    ("How many minutes are in two hours?", "Two hours have 2 × 60 = 120 minutes.", "About a hundred, I would say."),
    (
      "How can I keep basil fresh for longer?",
      "Cut the stems, stand them in a glass of water like flowers, and leave them at room temperature.",
      "Basil is a herb with green leaves."
    ),
    (
      "Write one sentence about the sea.", "The sea folds its grey light over the stones and takes it back again.",
      "Sea."
    ),
    (
      "What does the word \"solstice\" mean?",
      "The solstice is the day of the year on which the sun stands highest or lowest at noon.",
      "It is a word with eight letters."
    ),
  ]
}
