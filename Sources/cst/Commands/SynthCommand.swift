import ArgumentParser
import CSTCore
import CSTData
import Foundation

struct SynthCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "synth",
    abstract: "Generate preference data from prompts and a policy: draft, critique, revise, judge, filter.",
    discussion: """
      For each prompt the teacher drafts an answer under one configuration, then criticises and revises it for every other \
      one. A judge says which configuration each answer follows. What passes the filter becomes a row of --out with one \
      answer per configuration; a neutral prompt ("configuration": "*") becomes a neutral row. Every other prompt is in \
      NAME.rejected.jsonl with the reason.

      Every reply is kept in NAME.journal.jsonl as soon as it is known. Run the same command again after a crash, Ctrl-C or \
      failed calls, and it goes on where it stopped; change a prompt of one stage, and only what depends on it is done again.

      The prompts are a .txt file with one a line, or rows with "prompt", such as preference data. The endpoint's key is \
      read from the environment and written nowhere.

      Example: cst synth --policy policy.json --prompts prompts.txt --teacher model.gguf --out pairs.jsonl
      With an endpoint: --teacher http://127.0.0.1:8080/v1 --teacher-model llama
      """)

  @Option(help: .init("The policy, a JSON file.", valueName: "file"), completion: .file(extensions: ["json"]))
  var policy: String

  @Option(help: .init("The prompts.", valueName: "file"), completion: .file())
  var prompts: String

  @Option(help: .init("Where the rows go, as JSONL.", valueName: "file"), completion: .file())
  var out: String

  @OptionGroup var columnNames: ColumnOptions

  @Option(parsing: .unconditional, help: .init("Use only the first prompts.", valueName: "n"))
  var limit: Int?

  @Flag(help: "Work on a few prompts and say what all of them will take; their replies are kept.")
  var dryRun = false

  @OptionGroup(title: "Teacher") var teacher: TeacherOptions
  @OptionGroup(title: "Answers") var synthesis: SynthesisOptions
  @OptionGroup var common: CommonOptions

  func validate() throws { try Requirement.count("--limit", limit, in: 1...Int.max) }

  func execute() async throws {
    let files = try SynthesisFiles(out: out, inputs: [policy, prompts] + teacher.files)
    let policyFile = URL(filePath: policy)
    let policy = try SafetyPolicy(checkedContentsOf: policyFile)
    let promptsFile = URL(filePath: prompts)
    let prompts = try Array(
      [SynthesisPrompt](contentsOf: promptsFile, columns: columnNames.columns).prefix(limit ?? .max))
    guard !prompts.isEmpty else { throw CommandError("\(promptsFile.path): there are no prompts in this file") }
    let author = try await teacher.load()
    let plan = SelfCritique(
      author: author, judge: synthesis.judge(beside: author), policy: policy, settings: synthesis.settings,
      filter: synthesis.filter, retries: teacher.retries, journal: try SynthesisJournal(file: files.journal))
    try plan.check(prompts: prompts)
    if dryRun { return try await estimate(plan, prompts) }
    let record = SynthesisRecord(
      version: CST.version, commandLine: CommandLine.arguments, teacher: author.identity,
      judge: plan.judge.identity, policyFile: try RunInput(policyFile),
      promptsFile: try RunInput(promptsFile), prompts: prompts.count,
      settings: SynthesisRecord.Settings(
        synthesis: plan.settings, filter: plan.filter, attemptsPerCall: teacher.attemptsPerCall, limit: limit),
      machine: RunRecord.Machine(), start: Date())
    let session = SynthesisSession(plan, prompts: prompts, files: files, record: record)
    try report(try await session.run(), files, interruptExitCode: session.interruptExitCode)
  }

  private func report(_ record: SynthesisRecord, _ files: SynthesisFiles, interruptExitCode: Int32) throws {
    guard record.status == .finished else {
      Console.note(
        "stopped after \(record.tally.prompts) of \(record.prompts) prompts; run the same command again to go on\n")
      throw ExitCode(interruptExitCode)
    }
    try Console.print(common.json ? JSONText.line(record) : "\(out): \(record.summary)")
    let failed = record.tally.rejected[RejectedPrompt.Reason.failed.rawValue] ?? 0
    if failed > 0 {
      throw CommandError(
        "\(failed) of \(record.prompts) prompts failed (see \(files.rejected.path)); run the same command again to "
          + "try them again")
    }
  }

  private func estimate(_ plan: SelfCritique, _ prompts: [SynthesisPrompt]) async throws {
    let estimate = try await plan.estimate(for: prompts, sample: min(16, max(4, plan.author.concurrency)))
    if common.json { return try Console.print(JSONText.line(estimate)) }
    try Console.print(
      estimate.prompts == 0
        ? "every prompt has a draft in the journal already"
        : "\(estimate.prompts) prompts: about \(estimate.calls) calls, \(estimate.promptTokens) tokens to read, "
          + "\(estimate.completionTokens) to write, \(readableDuration(seconds: estimate.seconds)) "
          + "(measured on \(estimate.sampledPrompts) prompts, \(estimate.sampledRows) of which became rows)")
  }
}
