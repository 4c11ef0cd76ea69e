import ArgumentParser
import CSTReports
import CSTCore
import CSTData
import Foundation

struct DataCheckCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Tell what is wrong with a preference dataset before training on it.",
    discussion: """
      Prints lengths by configuration and what was found, with examples and advice: errors (training fails, or is taught \
      something and its opposite), warnings (look at these) and notes. The exit code is 1 where there is an error, 0 \
      otherwise. With --policy rows are held to its configurations; with --model lengths are tokens, and what does not \
      fit is found too.

      Example: cst data check train.jsonl --policy policy.json --model model.gguf --against held-out.jsonl
      """)

  @Argument(
    help: DataOptions.help, completion: DataOptions.completion)
  var data: String

  @OptionGroup var columnNames: ColumnOptions

  @Option(
    help: .init("The policy that the rows are for, a JSON file.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var policy: String?

  @Option(
    help: .init("The model that will be trained, a .gguf file or a Hugging Face folder.", valueName: "path"),
    completion: .file())
  var model: String?

  @Option(
    help: .init("A dataset that should share no prompt with this one; may be repeated.", valueName: "file"),
    completion: .file(extensions: ["jsonl", "json"]))
  var against: [String] = []

  @Option(
    parsing: .unconditional,
    help: .init("Most tokens of prompt and answer together (default: 512; needs --model).", valueName: "n"))
  var maxLength: Int?

  @Option(
    parsing: .unconditional, help: .init("Report answers of fewer tokens, or words without --model.", valueName: "n"))
  var minTokens = 3

  @Option(help: .init("Write the report as an HTML page too.", valueName: "file"), completion: .file())
  var html: String?

  @OptionGroup var configuration: KeyOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try Requirement.count("--max-length", maxLength, in: 2...1 << 22)
    try Requirement.count("--min-tokens", minTokens, in: 0...1 << 22)
    if maxLength != nil, model == nil { throw ValidationError("--max-length counts tokens: give --model too") }
  }

  func execute() async throws {
    try html.map(OutputFile.check)
    let policy = try policy.map { try SafetyPolicy(checkedContentsOf: URL(filePath: $0)) }
    var model: LanguageModel?
    if let file = self.model {
      model = try await LanguageModel(contentsOf: URL(filePath: file), ignoring: configuration.keys)
    }
    var check = DatasetCheck(policy: policy, model: model, maximumLength: maxLength ?? 512, minimumLength: minTokens)
    check.columns = columnNames.columns
    let progress = SharedProgress()
    let report = try await check.report(on: URL(filePath: data), against: against.map { URL(filePath: $0) }) {
      progress.show($0)
    }
    if let html { try AtomicFile.write(Data(report.html(file: data).utf8), to: URL(filePath: html)) }
    try Console.write(common.json ? JSONText.line(report) + "\n" : report.text(file: data))
    if report.count(of: .error) > 0 { throw ExitCode.failure }
  }
}
