import CSTCore

/// Looks at rows one by one. Rows are independent of each other, so several threads may look at once.
struct RowExaminer: Sendable {
  private let policy: SafetyPolicy?
  private let measure: AnswerMeasure
  private let minimumLength: Int
  private let nearDuplicates: NearDuplicates
  private let scan: TextScan
  private let judge = RefusalJudge()
  private let policyLabels: RoleLabels
  private let template: ChatTemplate?

  init(_ check: DatasetCheck) {
    policy = check.policy
    template = check.model?.chatTemplate
    measure = AnswerMeasure(check.model, maximumLength: check.maximumLength)
    minimumLength = check.minimumLength
    nearDuplicates = check.nearDuplicates
    scan = TextScan(ControlMarks(check.model?.tokenizer))
    policyLabels = RoleLabels(configurations: check.policy?.configurations.map(\.name) ?? [])
  }

  /// What there is to say and to keep about a row.
  func record(of row: Int, in source: some RowSource) -> RowRecord {
    var record = RowRecord()
    do throws(RowDecoder.Problem) {
      let pair = try source.pair(at: row)
      record.isNeutral = pair.isNeutral
      let prompt = pair.promptText
      record.prompt = nearDuplicates.shingled(prompt)
      if pair.prompt.last?.content.isBlank ?? true { record.add(.emptyPrompt, "the last message says nothing") }
      examineTexts(of: pair, &record)
      let pairs = configured(pair, &record)
      examineAnswers(pairs, of: pair, &record)
    } catch {
      record.add(.unreadableRow, "\(error.reason): \(error.detail)")
    }
    return record
  }

  // MARK: Texts

  private func examineTexts(of pair: PreferencePair, _ record: inout RowRecord) {
    func look(at text: String, _ field: @autoclosure () -> String) {
      for find in scan.finds(in: text) { record.add(find.kind, "\(field()) has \(find.detail)") }
    }
    for message in pair.prompt {
      look(at: message.content, message.role == .user ? "the prompt" : "the \(message.role.rawValue)'s turn")
    }
    for name in template?.unseenFields(of: messages(of: pair), tools: pair.tools).sorted() ?? [] {
      record.add(.unseenField, "the chat template writes nothing of \"\(name.excerpt())\"")
    }
    var answers: [(field: String, text: String)]
    var labels = policyLabels
    switch pair.answers {
    case .byConfiguration(let texts):
      answers = texts.sorted { $0.key < $1.key }.map { ("the answer for \"\($0.key)\"", $0.value) }
      if policy == nil { labels = RoleLabels(configurations: Array(texts.keys)) }
    case .ranked(let chosen, let rejected, let scope):
      answers = [("\"chosen\"", chosen), ("\"rejected\"", rejected)]
      if case .systemPrompt(let text) = scope { look(at: text, "the system prompt") }
    }
    for (field, text) in answers {
      look(at: text, field)
      if pair.answerMessage(String(field.dropFirst().dropLast()), text).isSilent {
        record.add(.emptyAnswer, "\(field) is empty")
      }
      if let label = labels.label(of: text) { record.add(.roleLabel, "\(field) has \"\(label)\"") }
    }
  }

  /// All that a row says in messages.
  private func messages(of pair: PreferencePair) -> [Message] {
    guard case .ranked(let chosen, let rejected, _) = pair.answers else { return pair.prompt }
    return pair.prompt + [pair.answerMessage("chosen", chosen), pair.answerMessage("rejected", rejected)]
  }

  // MARK: Preferences

  /// What the row prefers, in the policy's words where there is one; adds what the policy has against it.
  private func configured(_ pair: PreferencePair, _ record: inout RowRecord) -> [ConfiguredPair] {
    if case .byConfiguration(let texts) = pair.answers { record.answeredNames = texts.keys.sorted() }
    do throws(PreferenceError) {
      if let policy {
        let pairs = try [pair].configured(by: policy)
        if pairs.isEmpty { record.add(.identicalAnswers, "all its answers are the same text") }
        if case .ranked(_, _, .systemPrompt(let text)) = pair.answers,
          policy.configuration(withSystemPrompt: text) == nil
        {
          record.add(.foreignSystemPrompt, "\"\(text.excerpt())\"")
        }
        return pairs
      }
      return try [pair].asWritten()
    } catch {
      record.add(Self.kind(of: error), error.detail)
      return policy == nil && error.reason == .needsPolicy ? spelledOut(pair, &record) : []
    }
  }

  private static func kind(of error: PreferenceError) -> Finding.Kind {
    switch error.reason {
    case .unknownConfiguration: .unknownConfiguration
    case .missingAnswer: .missingAnswer
    case .identicalAnswers: .identicalAnswers
    case .emptyAnswer: .emptyAnswer
    case .noConfiguration: .noConfiguration
    default: .needsPolicy
    }
  }

  /// What a row of configurations prefers where no policy gives their system prompts.
  private func spelledOut(_ pair: PreferencePair, _ record: inout RowRecord) -> [ConfiguredPair] {
    var pairs: [ConfiguredPair] = []
    func add(_ chosen: String, over rejected: String, _ name: String) {
      guard chosen != rejected else { return }
      pairs.append(
        ConfiguredPair(prompt: pair.prompt, chosen: chosen, rejected: rejected, configuration: name, source: 0))
    }
    switch pair.answers {
    case .byConfiguration(let texts):
      let sorted = texts.sorted { $0.key < $1.key }
      for (name, chosen) in sorted {
        for (other, rejected) in sorted where other != name { add(chosen, over: rejected, name) }
      }
      if texts.count < 2 {
        record.add(.missingAnswer, "\"answers\" has \(texts.count) answer; it needs two or more")
      } else if pairs.isEmpty {
        record.add(.identicalAnswers, "all its answers are the same text")
      }
    case .ranked(let chosen, let rejected, let scope):
      if case .configuration(let name) = scope { add(chosen, over: rejected, name) }
      if case .everyConfiguration = scope { add(chosen, over: rejected, PreferencePair.everyConfigurationMark) }
      if pairs.isEmpty { record.add(.identicalAnswers, "\"chosen\" and \"rejected\" are the same text") }
    }
    return pairs
  }

  // MARK: Answers

  private func examineAnswers(_ pairs: [ConfiguredPair], of row: PreferencePair, _ record: inout RowRecord) {
    let prompt = Self.hash(of: row.prompt)
    var isRanked = false
    if case .ranked = row.answers { isRanked = !row.isNeutral }
    var verdicts: [String: RefusalJudge.Verdict] = [:]
    var encoded: EncodedPair?
    for (position, pair) in pairs.enumerated() {
      let lengths = lengths(of: pair, sharing: &encoded, &record)
      var traits: Statement.Traits = isRanked ? .ranked : []
      if row.isNeutral { traits.formUnion(position == 0 ? .neutral : [.neutral, .again]) }
      if let expected = expectedReply(to: pair, isNeutral: row.isNeutral) {
        let verdict = verdicts[pair.chosen] ?? judge.verdict(on: pair.chosen)
        verdicts[pair.chosen] = verdict
        if expected == .answer, verdict == .refusal { traits.formUnion(.unexpectedRefusal) }
        if expected == .refusal, verdict == .answer { traits.formUnion(.unexpectedAnswer) }
      }
      let statement = Statement(
        prompt: prompt, chosen: ContentHash.of(pair.chosen), rejected: ContentHash.of(pair.rejected),
        chosenLength: UInt32(clamping: lengths.chosen), rejectedLength: UInt32(clamping: lengths.rejected),
        opener: Self.opener(of: pair.chosen).map { ContentHash.of($0) } ?? 0, traits: traits)
      record.statements.append((scope(of: pair, in: row), statement))
    }
  }

  private func lengths(
    of pair: ConfiguredPair, sharing encoded: inout EncodedPair?, _ record: inout RowRecord
  ) -> AnswerMeasure.Lengths {
    var lengths = AnswerMeasure.Lengths()
    do throws(ConversationError) {
      lengths = try measure.lengths(of: pair, sharing: &encoded)
    } catch {
      record.add(.boundaryMismatch, error.detail)
      return lengths
    }
    if lengths.isPromptTooLong {
      record.add(.promptTooLong, "the prompt has \(lengths.prompt) tokens")
    } else if lengths.isTruncated {
      let longer = max(lengths.chosen, lengths.rejected)
      record.add(.truncatedAnswer, "the prompt has \(lengths.prompt) tokens and the longer answer \(longer)")
    }
    for (length, text) in [(lengths.chosen, pair.chosen), (lengths.rejected, pair.rejected)]
    where length < minimumLength && !text.isBlank { record.add(.shortAnswer, "\"\(text.excerpt(32))\"") }
    return lengths
  }

  private func expectedReply(to pair: ConfiguredPair, isNeutral: Bool) -> SafetyConfiguration.ExpectedReply? {
    if isNeutral { return .answer }
    return pair.configuration.flatMap { policy?[$0]?.expectedReply }
  }

  private func scope(of pair: ConfiguredPair, in row: PreferencePair) -> StatedScope {
    if let name = pair.configuration {
      return name == PreferencePair.everyConfigurationMark ? .everyConfiguration : .configuration(name)
    }
    if case .ranked(_, _, .systemPrompt(let text)) = row.answers { return .systemPrompt(text) }
    return .unstated
  }

  private static func hash(of prompt: [Message]) -> UInt64 {
    var hash = ContentHash()
    for message in prompt {
      hash.combine(message.role.rawValue)
      hash.combine(message.content)
    }
    return hash.value
  }

  /// How many words an opener has.
  private static let openerLength = 4

  /// The answer's first words in lower case, or `nil` where it has fewer.
  static func opener(of answer: String) -> String? {
    let words = answer.split(maxSplits: openerLength, whereSeparator: \.isWhitespace).prefix(openerLength)
    return words.count < openerLength ? nil : words.joined(separator: " ").lowercased()
  }
}
