import ArgumentParser
import CSTReports
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

      Example: cst eval --model model.gguf --adapter run --policy policy.json --data held-out.jsonl
      """)

  @OptionGroup var model: AdaptedModelOptions
  @OptionGroup var data: DataOptions

  @Option(help: ArgumentHelp("The policy, a JSON file.", valueName: "file"), completion: .file(extensions: ["json"]))
  var policy: String

  @Option(help: ArgumentHelp("Write the report as an HTML page too.", valueName: "file"), completion: .file())
  var html: String?

  @OptionGroup(title: "Conditions") var conditions: ConditionOptions
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var common: CommonOptions

  func execute() async throws {
    try html.map(OutputFile.check)
    let policy = try SafetyPolicy(checkedContentsOf: URL(filePath: policy))
    let rows = try data.load()
    let model = try await model.load()
    let evaluation = ControllabilityEvaluation(
      policy: policy, sampling: sampling.sampling, maximumTokens: sampling.maxTokens ?? 96)
    let progress = SharedProgress()
    let name = self.model.adapter.map { URL(filePath: $0).lastPathComponent } ?? "base model"
    let models = try conditions.models(model, named: name)
    var report: ControllabilityReport
    if conditions.conditions == [.exact] {
      var evidence: [ModelEvidence] = []
      let pairs = try rows.configured(by: policy).encoded(with: model.encoder())
      for (name, model) in models {
        evidence.append(try await evaluation.evidence(of: model, named: name, over: pairs) { progress.show($0) })
      }
      report = try evaluation.report(on: evidence, model: model)
    } else {
      report = try await ConditionsEvaluation(evaluation, conditions: conditions.conditions).report(
        on: models, over: rows
      ) { condition, name, now in
        progress.show("\(name), \(condition.rawValue): \(now)", isLast: now.isComplete)
      }
    }
    if let html { try AtomicFile.write(Data(HTMLReport(report).text.utf8), to: URL(filePath: html)) }
    try Console.write(common.json ? JSONText.line(report) + "\n" : report.text())
  }
}
