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
    let pairs = try policy.flatMap { try data.load()?.configured(by: $0) }
    let model = try await model.load()
    let name = self.model.adapter.map { URL(filePath: $0).lastPathComponent } ?? "base model"
    var output = EvaluationOutput()
    if let policy, let pairs {
      output.switching = try await switching(of: model, named: name, by: policy, over: pairs)
    }
    output.capability = try await capability.report(
      on: model, over: tasks, named: name, maximumTokens: sampling.maxTokens ?? 96)
    if let html { try output.writePage(to: URL(filePath: html)) }
    try Console.write(common.json ? JSONText.line(output) + "\n" : output.text)
  }

  private func switching(
    of model: LanguageModel, named name: String, by policy: SafetyPolicy, over pairs: [ConfiguredPair]
  ) async throws -> ControllabilityReport {
    let encoded = try pairs.encoded(with: model.encoder())
    let evaluation = ControllabilityEvaluation(
      policy: policy, sampling: sampling.sampling, maximumTokens: sampling.maxTokens ?? 96)
    let progress = SharedProgress()
    let evidence = try await evaluation.evidence(of: model, named: name, over: encoded) { progress.show($0) }
    return try evaluation.report(on: [evidence], model: model)
  }
}
