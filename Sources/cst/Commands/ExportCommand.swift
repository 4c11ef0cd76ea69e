import ArgumentParser
import CSTReports
import CSTCore
import CSTData
import Foundation

struct ExportCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a model, or its adapter, as files that other tools load.",
    discussion: """
      The files are read back before they get their name, and answers are scored through them and through the model in \
      memory: those of --data under every configuration of --policy, or a few built-in ones. The largest change of an \
      answer's log-probability for each of its tokens must not exceed --tolerance, and switch accuracy must not fall by \
      more than --switch-tolerance; otherwise the files are kept as \
      NAME.failed (NAME.failed.gguf) and the exit code is 1.

      Examples:
        cst export --model model.gguf --adapter run --out switch.gguf --type q8_0 --policy policy.json --data held-out.jsonl
        cst export --model folder --adapter run --out merged --type bf16 --run run/run.json
        cst export --model model.gguf --adapter run --out adapter.gguf --format gguf-lora
      """)

  @Option(help: .init("The model, a .gguf file or a Hugging Face folder.", valueName: "path"))
  var model: String

  @Option(help: .init("The adapter: a PEFT folder, or a .gguf file.", valueName: "path"))
  var adapter: String?

  @OptionGroup var files: ExportOptions

  @Option(help: .init("The policy the model was trained on.", valueName: "file"), completion: .file())
  var policy: String?

  @Option(help: .init("Preference data to replay (default: a few built-in answers).", valueName: "file"))
  var data: String?

  @Option(
    help: .init("Replay only these rows, counted from 0: 0-63, 64- or 12.", valueName: "rows"),
    transform: RowSelection.init(parsing:))
  var rows: RowSelection?

  @Option(
    parsing: .unconditional,
    help: .init("The largest change per token, in nats (default: by the type of weights).", valueName: "x"))
  var tolerance: Double?

  @Option(parsing: .unconditional, help: .init("By how much switch accuracy may fall, a share of 1.", valueName: "x"))
  var switchTolerance = ReplayReport.usualSwitchTolerance

  @OptionGroup var columnNames: ColumnOptions
  @OptionGroup var configuration: KeyOptions
  @OptionGroup(title: "Model card") var card: ModelCardOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try Requirement.notNegative("--tolerance", tolerance)
    try Requirement.share("--switch-tolerance", switchTolerance)
    if case .huggingFace = try files.exportFormat {
    } else if let option = card.given.first {
      throw ValidationError("\(option) is for the README.md of a Hugging Face folder, which this export does not write")
    }
    if columnNames.columns != .usual, data == nil {
      throw ValidationError("--columns needs --data, the file whose columns they are")
    }
    if rows != nil, data == nil { throw ValidationError("--rows needs --data, the file they are rows of") }
    if adapter == nil, try files.exportFormat.isAdapterOnly {
      throw ValidationError("--format \(files.format?.rawValue ?? "") needs --adapter, the adapter to write")
    }
  }

  func execute() async throws {
    let policy = try policy.map { try SafetyPolicy(checkedContentsOf: URL(filePath: $0)) }
    let replay =
      try data.map { try ExportReplay(of: PreferenceDataset(at: $0, rows, columnNames.columns), under: policy) }
      ?? ExportReplay(under: policy)
    let base = try await LanguageModel(
      contentsOf: URL(filePath: model), precision: .f32, ignoring: configuration.keys)
    var loaded = try adapter.map { try LoRAAdapter(contentsOf: URL(filePath: $0), for: base) }
    if files.loraPlain { loaded = try loaded?.plain() }
    let export = try ModelExport(of: base.adapted(by: loaded), as: files.exportFormat, card: card.card(policy: policy))
    let verified = VerifiedExport(
      export, replay: replay, tolerance: tolerance, switchTolerance: switchTolerance,
      adapter: adapter.map { URL(filePath: $0) })
    let outcome = try await verified.write(to: URL(filePath: files.out), replacing: files.force)
    try Console.print(
      common.json
        ? JSONText.line(Result(out: outcome.location.path, replay: outcome.report))
        : "\(outcome.location.path)\n\(outcome.report.text)")
    guard outcome.report.isWithinTolerance else {
      throw CommandError(
        "\(files.out): the export changes answers or the switch by more than is allowed; it is kept as \(outcome.location.path)"
      )
    }
  }

  private struct Result: Encodable {
    let out: String
    let replay: ReplayReport
  }
}

/// What a folder's `README.md` is to say.
struct ModelCardOptions: ParsableArguments {
  @Option(help: .init("What the base model is called on the hub (default: its file's name).", valueName: "name"))
  var baseModel: String?

  @Option(help: .init("The licence, by the hub's name for it (default: none is stated).", valueName: "name"))
  var license: String?

  @Option(help: .init("The training run's run.json.", valueName: "file"), completion: .file(extensions: ["json"]))
  var run: String?

  @Option(
    help: .init("A report of cst eval --json or cst demo.", valueName: "file"), completion: .file(extensions: ["json"]))
  var report: String?

  var given: [String] {
    [("--base-model", baseModel), ("--license", license), ("--run", run), ("--report", report)]
      .filter { $0.1 != nil }.map(\.0)
  }

  func card(policy: SafetyPolicy?) throws -> ModelCard {
    var card = ModelCard(baseModel: baseModel, license: license, policy: policy)
    if let run { card.sections.append(try .trainingRun(contentsOf: URL(filePath: run))) }
    if let report { card.sections.append(try .measures(inReport: URL(filePath: report))) }
    return card
  }
}
