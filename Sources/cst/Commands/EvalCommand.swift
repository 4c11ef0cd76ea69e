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

      Example: cst eval --model model.gguf --adapter run --policy policy.json --data held-out.jsonl
      """)

  @OptionGroup var model: AdaptedModelOptions
  @OptionGroup var data: DataOptions

  @Option(help: ArgumentHelp("The policy, a JSON file.", valueName: "file"), completion: .file(extensions: ["json"]))
  var policy: String

  @Option(help: ArgumentHelp("Write the report as an HTML page too.", valueName: "file"), completion: .file())
  var html: String?

  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var common: CommonOptions

  func execute() async throws {
    try html.map(OutputFile.check)
    let policy = try SafetyPolicy(checkedContentsOf: URL(filePath: policy))
    let rows = try data.load()
    let pairs = try rows.configured(by: policy)
    let model = try await model.load()
    let encoded = try pairs.encoded(with: model.encoder())
    let evaluation = ControllabilityEvaluation(
      policy: policy, sampling: sampling.sampling, maximumTokens: sampling.maxTokens ?? 96)
    let progress = SharedProgress()
    let name = self.model.adapter.map { URL(filePath: $0).lastPathComponent } ?? "base model"
    let evidence = try await evaluation.evidence(of: model, named: name, over: encoded) { progress.show($0) }
    let report = try evaluation.report(on: [evidence], model: model)
    if let html { try AtomicFile.write(Data(HTMLReport(report).text.utf8), to: URL(filePath: html)) }
    try Console.write(common.json ? JSONText.line(report) + "\n" : report.text())
  }
}
