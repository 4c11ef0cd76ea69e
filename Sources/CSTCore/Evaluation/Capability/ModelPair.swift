/// A model with its adapter and without.
struct ModelPair {
  /// What one group's completions are given, in nats.
  struct Scores {
    let base: [Double]
    let tuned: [Double]?
  }

  /// A group, and what messages call it.
  struct Item {
    let group: CompletionGroup
    let row: Int
    var place: RowPlace?
  }

  let base: LanguageModel
  /// `nil` where there is no adapter.
  let tuned: LanguageModel?
  let name: String

  /// About how many tokens are computed between two words on progress.
  private static let tokensPerReport = 2048

  init(_ model: LanguageModel, named name: String) {
    base = model.adapted(by: nil)
    tuned = model.adapter == nil ? nil : model
    self.name = name
  }

  /// The log-probabilities of all completions under both models.
  /// - Throws: ``EvaluationError`` where one is not finite; `CancellationError`.
  func scores(of items: [Item], progress: WorkProgress.Report) async throws -> [Scores] {
    var scores: [Scores] = []
    scores.reserveCapacity(items.count)
    progress(WorkProgress(.scoring, 0, of: items.count))
    while scores.count < items.count {
      try Task.checkCancellation()
      var tokens = 0
      let piece = Array(
        items[scores.count...].prefix { item in
          defer { tokens += item.group.tokenCount }
          return tokens < Self.tokensPerReport
        })
      let before = try await logProbabilities(of: piece, under: base, named: "base model")
      if let tuned {
        let after = try await logProbabilities(of: piece, under: tuned, named: name)
        scores += zip(before, after).map { Scores(base: $0, tuned: $1) }
      } else {
        scores += before.map { Scores(base: $0, tuned: nil) }
      }
      progress(WorkProgress(.scoring, scores.count, of: items.count))
    }
    return scores
  }

  private func logProbabilities(
    of items: [Item], under model: LanguageModel, named name: String
  ) async throws -> [[Double]] {
    let scores = try await model.logProbabilities(of: items.map(\.group))
    for (item, scores) in zip(items, scores) {
      guard let score = scores.first(where: { !$0.isFinite }) else { continue }
      throw EvaluationError(
        reason: .nonFiniteScore, model: name, row: item.row, rowPlace: item.place,
        detail: "the log-probability of \(item.group.completions.count) completions has \(score) among them")
    }
    return scores
  }
}
