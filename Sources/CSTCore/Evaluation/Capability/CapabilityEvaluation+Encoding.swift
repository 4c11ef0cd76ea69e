extension CapabilityEvaluation {
  /// A task as tokens.
  enum Work {
    case questions([MultipleChoiceQuestion], [MultipleChoiceQuestion.Encoded])
    case windows([CompletionGroup], length: Int, bytes: Int)
    case prompts([[Int32]])
  }

  /// - Throws: ``EvaluationError``, ``ConversationError``.
  func work(of task: CapabilityTask, for pair: ModelPair) throws -> Work {
    let model = pair.base
    let encoder = model.encoder()
    func failure(_ reason: EvaluationError.Reason, _ row: Int, _ place: RowPlace?, _ detail: String) -> EvaluationError
    {
      EvaluationError(reason: reason, model: model.identity, row: row, rowPlace: place, detail: detail)
    }
    switch task.content {
    case .multipleChoice(let questions):
      let limit = model.configuration.contextLength
      let encoded = try questions.enumerated().map { row, question in
        guard let encoded = MultipleChoiceQuestion.Encoded(question, with: encoder) else {
          throw failure(
            .noTokens, row, question.place,
            "\(task.name): expected options that add a token to the text before them, "
              + "found one that the vocabulary has no token for")
        }
        guard encoded.longest <= limit else {
          throw failure(
            .tooLong, row, question.place,
            "\(task.name): expected a question and option of at most \(limit) tokens, the model's context, found "
              + "\(encoded.longest); leave it out")
        }
        return encoded
      }
      return .questions(questions, encoded)
    case .text(let text):
      let length = try windowLength(for: model, task: task)
      let windows = Self.windows(of: model.tokenizer.encode(content: text), after: model.firstContext, length: length)
      guard !windows.isEmpty else {
        throw failure(.noTokens, 0, nil, "\(task.name): expected text that the vocabulary has tokens for, found none")
      }
      return .windows(windows, length: length, bytes: text.utf8.count)
    case .prompts(let prompts):
      guard pair.tuned != nil else {
        throw failure(
          .nothingToCompare, 0, prompts.first?.place,
          "\(task.name): expected a model with an adapter, whose drift from the base model's replies to these prompts can "
            + "be measured, found the base model alone; give an adapter")
      }
      return .prompts(
        try prompts.enumerated().map { row, prompt throws(ConversationError) in
          do throws(ConversationError) {
            return try encoder.prompt(prompt.messages)
          } catch {
            var error = error
            (error.row, error.rowPlace) = (row, prompt.place)
            throw error
          }
        })
    }
  }

  private func windowLength(for model: LanguageModel, task: CapabilityTask) throws(EvaluationError) -> Int {
    let limit = model.configuration.contextLength
    guard let windowLength else { return min(limit, Self.usualWindowLength) }
    guard windowLength <= limit else {
      throw EvaluationError(
        reason: .tooLong, model: model.identity, row: 0,
        detail: "\(task.name): expected a window of at most \(limit) tokens, the model's context, found \(windowLength)"
      )
    }
    return windowLength
  }

  /// Cuts a text into windows of `length` predicted tokens, so that each is predicted once.
  ///
  /// Before a window stands the token before it, before the first one `first`. The last window may be shorter and then
  /// has as much before it as `length` tokens allow. These are the windows of lm-evaluation-harness's rolling
  /// log-likelihood.
  static func windows(of tokens: [Int32], after first: Int32, length: Int) -> [CompletionGroup] {
    stride(from: 0, to: tokens.count, by: length).map { start in
      let end = min(start + length, tokens.count)
      let context = start == 0 ? [first] : Array(tokens[(max(end - length, 1) - 1)..<start])
      return CompletionGroup(prompt: context, completions: [Array(tokens[start..<end])])
    }
  }
}

extension LanguageModel {
  /// What stands before a text that has nothing before it: BOS, or EOS where there is none, as in lm-evaluation-harness; the
  /// end of a turn where there is neither.
  var firstContext: Int32 { tokenizer.bosID ?? tokenizer.eosID ?? chatTemplate.endOfTurnID }
}
