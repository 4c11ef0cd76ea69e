import ArgumentParser
import CSTCore
import CSTData
import Foundation

/// Which words a configuration's system prompts are trained in.
enum WordingsChoice: String, CaseIterable, ExpressibleByArgument {
  case system, policy
}

/// How training asks, and what it leaves as it is.
struct VariationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Train under the system prompts themselves, or draw wording, frame, claims and turns of the policy for every row and "
        + "epoch."))
  var wordings = WordingsChoice.system

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Share of system prompts that are a paraphrase (with --wordings policy).", valueName: "share"))
  var reworded: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Share of system prompts that stand in one of the policy's frames.", valueName: "share"))
  var framed: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Share of questions whose user claims another configuration.", valueName: "share"))
  var overridden: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Share of questions that come after neutral turns.", valueName: "share"))
  var later: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Share of the default configuration's pairs without a system prompt.", valueName: "share"))
  var unprompted: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the run over which these shares rise from 0: first the system prompts, then other words.",
      valueName: "share"))
  var wordingsWarmup: Double?

  @Option(
    help: ArgumentHelp(
      "Keep the base model's own replies to these prompts: a .txt file with one a line, or rows with \"prompt\".",
      valueName: "file"), completion: .file())
  var retain: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Replies to retain for every pair (default: 1).", valueName: "n"))
  var retainRatio: Double?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Weight of the retained replies' loss (default: 1).", valueName: "λ"))
  var retainWeight: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Most tokens of a reply to retain (default: 24).", valueName: "n"))
  var retainTokens: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sample the replies to retain at this temperature (default: 0, the likeliest).", valueName: "t"))
  var retainTemperature: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Most tokens of an answer that is trained on; its end is cut (default: what --max-length allows).", valueName: "n"
    ))
  var maxCompletionLength: Int?

  func validate() throws {
    for (name, share) in shares { try share.map { try Requirement.share(name, $0) } }
    if wordings == .system, let (name, _) = shares.first(where: { $0.1 != nil }) {
      throw ValidationError("\(name) needs --wordings policy: otherwise nothing is drawn")
    }
    try retainRatio.map { try Requirement.positive("--retain-ratio", $0) }
    try retainWeight.map { try Requirement.positive("--retain-weight", $0) }
    try Requirement.count("--retain-tokens", retainTokens, in: 1...65_536)
    try retainTemperature.map { try Requirement.notNegative("--retain-temperature", $0) }
    try Requirement.count("--max-completion-length", maxCompletionLength, in: 1...1 << 22)
    let retaining = retainRatio != nil || retainWeight != nil || retainTokens != nil || retainTemperature != nil
    if retain == nil, retaining {
      throw ValidationError("the --retain-… options need --retain, the file with the prompts")
    }
  }

  private var shares: [(String, Double?)] {
    [
      ("--reworded", reworded), ("--framed", framed), ("--overridden", overridden), ("--later", later),
      ("--unprompted", unprompted), ("--wordings-warmup", wordingsWarmup),
    ]
  }

  /// What is drawn; `nil` where the system prompts stand as they are.
  var variation: PromptVariation? {
    guard wordings == .policy else { return nil }
    var variation = PromptVariation()
    if let reworded { variation.reworded = reworded }
    if let framed { variation.framed = framed }
    if let overridden { variation.overridden = overridden }
    if let later { variation.later = later }
    if let unprompted { variation.unprompted = unprompted }
    if let wordingsWarmup { variation.warmup = wordingsWarmup }
    return variation
  }

  var retentionFile: URL? { retain.map { URL(filePath: $0) } }

  /// What a run goes over.
  ///
  /// The replies to retain are made here; a run that is resumed makes the same.
  /// - Throws: ``CommandError``, `DatasetError`, `ConversationError`.
  func data(
    _ pairs: [ConfiguredPair], by policy: SafetyPolicy?, for trainer: DPOTrainer, plan: TrainingPlan
  ) async throws -> TrainingData {
    guard wordings == .policy || retain != nil else { return TrainingData(try pairs.encoded(with: trainer.encoder)) }
    guard let policy else {
      throw CommandError("--wordings policy and --retain need --policy, the file with the configurations")
    }
    return try TrainingData(
      pairs, drawing: variation, from: policy, seed: plan.seed,
      retaining: try await retention(beside: pairs, by: policy, for: trainer.model, plan: plan),
      encodedWith: trainer.encoder)
  }

  private func retention(
    beside pairs: [ConfiguredPair], by policy: SafetyPolicy, for model: LanguageModel, plan: TrainingPlan
  ) async throws -> Retention? {
    guard let retentionFile else { return nil }
    let prompts = try [SynthesisPrompt](contentsOf: retentionFile)
    let ratio = retainRatio ?? 1
    let synthesis = RetentionSynthesis(
      policy: policy, sampling: retainTemperature.map { Sampling(temperature: $0, seed: plan.seed) } ?? .greedy,
      maximumTokens: retainTokens ?? 24, seed: plan.seed)
    Console.note("the base model's replies to retain, of \(prompts.count) prompts in \(retentionFile.path)\n")
    let progress = SharedProgress()
    let replies = try await synthesis.replies(
      of: model, to: prompts, beside: pairs,
      limit: RetentionSynthesis.limit(for: plan, pairs: pairs.count, ratio: ratio)
    ) { progress.show($0) }
    guard !replies.isEmpty else {
      throw CommandError(
        "\(retentionFile.path): the base model answers none of these prompts, so nothing can be retained")
    }
    return Retention(replies, ratio: ratio, weight: retainWeight ?? 1)
  }
}
