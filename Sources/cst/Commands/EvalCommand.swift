import ArgumentParser
import CSTCore
import CSTData
import Foundation

struct EvalCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure how well the policy's system prompts switch the model.",
    discussion: """
      The data should be held out: prompts the model was not trained on. Every row's answers are scored under every \
      configuration (preference accuracy, switch accuracy), and a reply to every prompt is judged by documented rules as \
      refusing or answering (S0, S1, over-refusal). Shares come with 95 % Wilson intervals.

      With --conditions all the switch is measured in other wordings, inside longer system prompts, against users who claim \
      another configuration, after other turns, without a system prompt and on the edge of what is allowed, with probes of \
      the policy that are never trained on; the worst of the numbers is the headline.

      With --capability, what the model could do without the adapter and can do with it, side by side: questions with \
      options as lm-evaluation-harness scores them, perplexity of text, log-probability of the base model's own replies. \
      --policy and --data may be left out then.

      Example: cst eval --model model.gguf --adapter run --policy policy.json --data held-out.jsonl
      Example: cst eval --model model.gguf --adapter run --capability questions.jsonl book.txt
      """)

  @OptionGroup var model: AdaptedModelOptions
  @OptionGroup var data: OptionalDataOptions
  @OptionGroup var capability: CapabilityOptions

  @Option(help: ArgumentHelp("The policy, a JSON file.", valueName: "file"), completion: .file(extensions: ["json"]))
  var policy: String?

  @Option(help: ArgumentHelp("Write the report as an HTML page too.", valueName: "file"), completion: .file())
  var html: String?

  @OptionGroup(title: "Conditions") var conditions: ConditionOptions
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (policy == nil) == (data.data == nil) else {
      throw ValidationError(
        "\(policy == nil ? "--data needs --policy" : "--policy needs --data"): give both or neither")
    }
    if policy == nil, capability.capability.isEmpty {
      throw ValidationError("nothing to measure: give --policy and --data, --capability, or all three")
    }
  }

  func execute() async throws {
    try html.map(OutputFile.check)
    let tasks = try capability.tasks()
    let policy = try policy.map { try SafetyPolicy(checkedContentsOf: URL(filePath: $0)) }
    let rows = try data.load()
    if let policy { _ = try rows?.configured(by: policy) }
    let model = try await model.load()
    if let policy, let rows { UnseenFields.note(try rows.configured(by: policy), model.chatTemplate) }
    let name = self.model.adapter.map { URL(filePath: $0).lastPathComponent } ?? "base model"
    var output = EvaluationOutput()
    if let policy, let rows { output.switching = try await switching(of: model, named: name, by: policy, over: rows) }
    output.capability = try await capability.report(
      on: model, over: tasks, named: name, maximumTokens: sampling.maxTokens ?? 96)
    if let html { try output.writePage(to: URL(filePath: html)) }
    try Console.write(common.json ? JSONText.line(output) + "\n" : output.text)
  }

  private func switching(
    of model: LanguageModel, named name: String, by policy: SafetyPolicy, over rows: PreferenceDataset
  ) async throws -> ControllabilityReport {
    let models = try conditions.models(model, named: name)
    let evaluation = ControllabilityEvaluation(
      policy: policy, sampling: sampling.sampling, maximumTokens: sampling.maxTokens ?? 96)
    let progress = SharedProgress()
    guard conditions.conditions == [.exact] else {
      return try await ConditionsEvaluation(evaluation, conditions: conditions.conditions).report(
        on: models, over: rows
      ) { condition, name, now in
        progress.show("\(name), \(condition.rawValue): \(now)", isLast: now.isComplete)
      }
    }
    var evidence: [ModelEvidence] = []
    let pairs = try rows.configured(by: policy).encoded(with: model.encoder())
    for (name, model) in models {
      evidence.append(try await evaluation.evidence(of: model, named: name, over: pairs) { progress.show($0) })
    }
    return try evaluation.report(on: evidence, model: model)
  }
}
