extension Finding {
  /// What can be wrong with a dataset.
  ///
  /// In JSON a kind is its ``name``.
  public struct Kind: Sendable {
    /// A stable name for programs, such as `empty-answer`.
    public let name: String
    /// How bad it is.
    public let severity: Severity
    /// What it is, in a few words.
    public let title: String
    /// What to do about it.
    public let advice: String

    fileprivate init(_ name: String, _ severity: Severity, _ title: String, _ advice: String) {
      (self.name, self.severity, self.title, self.advice) = (name, severity, title, advice)
    }
  }
}

extension Finding.Kind: Hashable, Codable {
  /// Reads a name.
  ///
  /// - Throws: `DecodingError` for a name that is not of ``all``.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let kind = Self.all.first(where: { $0.name == name }) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(name)\" is no kind of finding")
    }
    self = kind
  }

  /// Writes the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

// MARK: Rows by themselves

extension Finding.Kind {
  /// The dataset has no rows.
  public static let noRows = Self("no-rows", .error, "no rows", "Check that this is the right file.")
  /// A row is not JSON, or not a preference pair.
  public static let unreadableRow = Self(
    "unreadable-row", .error, "unreadable rows", "Mend or remove these lines: training stops at the first of them.")
  /// A preferred or rejected answer has nothing but white space.
  public static let emptyAnswer = Self(
    "empty-answer", .error, "empty answers", "Remove these rows, or write the missing answers.")
  /// An answer is shorter than the least length.
  public static let shortAnswer = Self(
    "short-answer", .warning, "very short answers", "Look whether the answers were cut off; remove such rows.")
  /// A prompt's last message has nothing but white space.
  public static let emptyPrompt = Self(
    "empty-prompt", .warning, "empty prompts", "Remove these rows: there is no question to learn from.")
  /// With a model: a message has something that the chat template does not look at, or a row has tools that it does not
  /// write.
  public static let unseenField = Self(
    "unseen-field", .warning, "fields that the chat template does not write",
    "The model will not see them: use a model whose template writes them, or remove them.")
  /// A row's answers are the same text.
  public static let identicalAnswers = Self(
    "identical-answers", .error, "identical answers",
    "Remove these rows: they prefer nothing, and training refuses them.")
  /// A row names a configuration the policy does not have.
  public static let unknownConfiguration = Self(
    "unknown-configuration", .error, "unknown configurations", "Correct the names, or add them to the policy.")
  /// A row lacks the answer for one of the policy's configurations.
  public static let missingAnswer = Self(
    "missing-answer", .error, "answers missing for a configuration",
    "Write the missing answers; every configuration of the policy needs one.")
  /// Without a policy: a row answers for other configurations than most rows.
  public static let unevenAnswers = Self(
    "uneven-answers", .warning, "rows that answer for other configurations than most",
    "Check the names; give --policy to hold the rows to it.")
  /// With a policy: a row does not say under which system prompt it holds.
  public static let noConfiguration = Self(
    "no-configuration", .error, "rows without a configuration",
    "Add \"configuration\": a name, or \"*\" if the preference holds under all; or train with --method dpo.")
  /// Without a policy: a row can only be trained on with one.
  public static let needsPolicy = Self(
    "needs-policy", .note, "rows that need a policy", "Give --policy to check these rows against it.")
  /// With a policy: a row's own system prompt is none of the policy's, nor a paraphrase of one.
  public static let foreignSystemPrompt = Self(
    "foreign-system-prompt", .note, "system prompts that are not the policy's",
    "Fine for rows that only keep up general behaviour; a switch that should work needs the policy's exact text.")
}

// MARK: Rows against each other

extension Finding.Kind {
  /// The same preference stands in an earlier row.
  public static let exactDuplicate = Self(
    "exact-duplicate", .warning, "exact duplicates", "Remove them: a repeated row counts twice in training.")
  /// Two rows have the same system prompt and prompt and prefer opposite answers.
  public static let oppositeLabels = Self(
    "opposite-labels", .error, "opposite labels",
    "Remove one row of each pair, or give them different system prompts: together they teach nothing.")
  /// An answer is preferred in one row and rejected in another, under the same system prompt and prompt.
  public static let conflictingLabels = Self(
    "conflicting-labels", .warning, "answers that are preferred and rejected",
    "Right for rankings of three or more answers; otherwise decide which row is right.")
  /// A preference has no twin that is flipped under another system prompt, though others have.
  public static let missingTwin = Self(
    "missing-twin", .warning, "preferences without a flipped twin",
    "Add the same answers in the other order under the other system prompt; without it, the system prompt is not what "
      + "decides here.")
  /// A prompt under the same configuration is an earlier one, or nearly, with other answers.
  public static let nearDuplicatePrompt = Self(
    "near-duplicate-prompt", .warning, "near-duplicate prompts",
    "Keep one row of each group, or make sure with a split by groups that none is held out while another is trained on."
  )
  /// A prompt stands in another file, with the same words.
  public static let leakedPrompt = Self(
    "leaked-prompt", .error, "prompts that stand in the other file too",
    "Remove them from one of the files: what is measured on prompts trained on says nothing.")
  /// A prompt is a near duplicate of one in another file.
  public static let nearlyLeakedPrompt = Self(
    "nearly-leaked-prompt", .warning, "near duplicates of prompts in the other file",
    "Remove them from one of the files if they ask the same.")
}

// MARK: Lengths and behaviour

extension Finding.Kind {
  /// The length of an answer alone nearly tells whether it is the preferred one.
  public static let lengthGap = Self(
    "length-gap", .warning, "length predicts the label",
    "Balance the lengths, or the model learns to write long or short answers instead of what is meant.")
  /// A prompt alone fills the maximum length.
  public static let promptTooLong = Self(
    "prompt-too-long", .error, "prompts that do not fit",
    "Raise --max-length here and in training, or shorten the prompts; they are never cut.")
  /// An answer is cut at the maximum length.
  public static let truncatedAnswer = Self(
    "truncated-answer", .warning, "answers that are cut to fit",
    "Raise --max-length here and in training, or shorten the answers: a cut answer does not teach how to end.")
  /// Prompt and answer cannot be told apart in token space.
  public static let boundaryMismatch = Self(
    "boundary-mismatch", .error, "answers that begin inside a token",
    "Remove white space from the start of the answers: training refuses these rows.")
  /// An answer that should answer reads as a refusal.
  public static let unexpectedRefusal = Self(
    "unexpected-refusal", .warning, "preferred answers that refuse",
    "Check that the answers are not swapped; the policy expects an answer here. The judge reads English.")
  /// An answer that should refuse reads as an answer.
  public static let unexpectedAnswer = Self(
    "unexpected-answer", .warning, "preferred answers that do not refuse",
    "Check that the answers are not swapped; the policy expects a refusal here. The judge reads English.")
  /// One opening makes up most preferred answers of a configuration.
  public static let commonOpener = Self(
    "common-opener", .note, "answers that open alike",
    "Vary the openings, or the model learns the phrase before it learns when to use it.")
  /// A dataset that switches has next to no neutral rows, or hardly anything else.
  public static let neutralShare = Self(
    "neutral-share", .note, "share of neutral rows",
    "Neutral rows keep a model from refusing everything; a tenth to a half is usual.")
}

// MARK: Texts

extension Finding.Kind {
  /// A text spells one of the model's control tokens.
  public static let controlToken = Self(
    "control-token", .error, "the model's control tokens in texts",
    "Remove them: a chat template was applied already, or the text tries to forge a turn.")
  /// A text has what looks like another model's control token.
  public static let controlLookAlike = Self(
    "control-look-alike", .warning, "what looks like control tokens in texts",
    "Remove them where they are left over from a chat template.")
  /// A text was decoded or encoded wrongly at some point.
  public static let encodingDamage = Self(
    "encoding-damage", .warning, "damaged characters",
    "Repair the texts from their source: models copy such characters.")
  /// An answer carries the name of a speaker or of a label.
  public static let roleLabel = Self(
    "role-label", .warning, "speaker or label names in answers",
    "Remove the names: the chat template says who speaks, and a label gives the preference away.")

  /// Every kind, in the order in which reports list them within a severity.
  public static let all: [Self] = [
    .noRows, .unreadableRow, .emptyAnswer, .identicalAnswers, .unknownConfiguration, .missingAnswer, .noConfiguration,
    .oppositeLabels, .leakedPrompt, .promptTooLong, .boundaryMismatch, .controlToken,
    .shortAnswer, .emptyPrompt, .unevenAnswers, .exactDuplicate, .conflictingLabels, .missingTwin, .nearDuplicatePrompt,
    .nearlyLeakedPrompt, .lengthGap, .truncatedAnswer, .unexpectedRefusal, .unexpectedAnswer, .controlLookAlike,
    .encodingDamage, .roleLabel, .unseenField, .needsPolicy, .foreignSystemPrompt, .commonOpener, .neutralShare,
  ]
}
