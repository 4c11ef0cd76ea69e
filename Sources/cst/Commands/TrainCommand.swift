import ArgumentParser
import CSTCore
import CSTData
import Foundation

struct TrainCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train an adapter on preference data.",
    discussion: """
      With --method cst every row is trained on under each configuration of the policy, the preference flipped with it. \
      With --method dpo rows are taken as they are; if a --policy is given too, only its default configuration is trained \
      on: the baseline that learns to be safe always.

      The folder --out gets the adapter as PEFT files, metrics.jsonl with a row a step, run.json with everything needed to \
      repeat the run, and checkpoint.safetensors. Ctrl-C finishes the current step and saves all of them; the same command \
      with --resume goes on from there.

      Example: cst train --model model.gguf --data pairs.jsonl --policy policy.json --out run --epochs 2
      """)

  /// What is done to the rows.
  enum Method: String, CaseIterable, ExpressibleByArgument {
    case cst, dpo
  }

  @OptionGroup(title: "Model and data") var model: ModelOptions
  @OptionGroup(title: "Model and data") var data: DataOptions

  @Option(help: ArgumentHelp("The run's folder.", valueName: "folder"), completion: .directory)
  var out: String

  @Option(help: "Flip the rows by the policy, or take them as they are.")
  var method = Method.cst

  @Option(help: ArgumentHelp("The policy, a JSON file; needed for cst.", valueName: "file"), completion: .file())
  var policy: String?

  @Flag(help: "Weigh each preference by how sure the judge_scores in the rows make it (with --method cst).")
  var softLabels = false

  @Flag(help: "Go on from the checkpoint in --out.")
  var resume = false

  @Flag(help: "Replace the run in --out.")
  var overwrite = false

  @Flag(help: "Show where the time went, by kind of work, and write it to profile.json.")
  var profile = false

  @OptionGroup(title: "Optimization") var optimization: OptimizationOptions
  @OptionGroup(title: "Adapter") var lora: LoRAOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if method == .cst, policy == nil {
      throw ValidationError("--method cst needs --policy, the file with the configurations (or give --method dpo)")
    }
    if method != .cst, softLabels {
      throw ValidationError("--soft-labels needs --method cst: judges score answers by the policy's configurations")
    }
    if resume, overwrite { throw ValidationError("--resume and --overwrite exclude each other: give one") }
  }

  func execute() async throws {
    let session = try await session(on: nil, reference: ReferenceScores())
    let record = try await session.run()
    if common.json {
      try Console.write(JSONText.document(record))
    } else {
      try Console.print("\(out): \(record.status.rawValue) after step \(record.stepsDone)")
    }
    if record.status == .interrupted { throw ExitCode(session.interruptExitCode) }
  }

  /// The run that the options describe, ready to start: everything is read and checked, nothing is written.
  /// - Parameters:
  ///   - loaded: The model, if it has been read already.
  ///   - reference: Scores of the reference model that other runs may have computed.
  func session(on loaded: LanguageModel?, reference: ReferenceScores) async throws -> TrainingSession {
    let directory = try RunDirectory(
      URL(filePath: out), opening: resume ? .resuming : overwrite ? .overwriting : .fresh)
    return try TrainingSession(
      await prepare(loaded, reference, directory), directory: directory, isProfiled: profile)
  }

  private func prepare(
    _ loaded: LanguageModel?, _ reference: ReferenceScores, _ directory: RunDirectory
  ) async throws -> TrainingSession.Inputs {
    let policyFile = policy.map { URL(filePath: $0) }
    let policy = try policyFile.map { file in try SafetyPolicy(checkedContentsOf: file) }
    let rows = try data.load()
    if softLabels, rows.allSatisfy({ $0.judgeScores == nil }) {
      throw CommandError("\(rows.file.path): no row has \"judge_scores\", which --soft-labels are computed from")
    }
    let pairs =
      if let policy {
        method == .cst
          ? try rows.configured(by: policy, labels: softLabels ? .fromJudge : .hard) : try rows.vanilla(by: policy)
      } else {
        try rows.asWritten()
      }
    guard !pairs.isEmpty else { throw CommandError("\(rows.file.path): no row gives anything to train on") }
    var model = if let loaded { loaded } else { try await model.load() }
    if self.model.template.templateDate == nil, let date = directory.recordedTemplateDate {
      model.chatTemplate.date = date
    }
    let initial = try lora.initAdapter.map { folder in
      try LoRAAdapter(contentsOf: URL(filePath: folder), for: model.configuration)
    }
    let maximumLength = min(optimization.maxLength, model.configuration.contextLength)
    let encoded = try pairs.encoded(with: model.encoder(maximumLength: maximumLength))
    let configuration = try initial?.configuration ?? lora.configuration(for: model.configuration)
    let trainer =
      if let initial {
        DPOTrainer(
          model: model, loss: optimization.loss, startingFrom: initial, optimizer: optimization.optimizer,
          schedule: optimization.learningRateSchedule, maximumLength: maximumLength, reference: reference)
      } else {
        DPOTrainer(
          model: model, loss: optimization.loss, adapter: configuration, optimizer: optimization.optimizer,
          schedule: optimization.learningRateSchedule, maximumLength: maximumLength, reference: reference)
      }
    var plan = optimization.plan
    let activations = plan.activations ?? trainer.activations(for: encoded, batchSize: plan.batchSize)
    plan.activations = activations
    let record = RunRecord(
      version: CST.version, commandLine: CommandLine.arguments,
      options: TrainSettings(
        method: method.rawValue, softLabels: softLabels, optimization, adapter: configuration, maxLength: maximumLength,
        model: model, activations: activations),
      model: try RunRecord.Input(model.source), dataFile: try RunRecord.Input(rows.file),
      data: RunRecord.Data(
        rowsInFile: rows.countInFile, rows: data.rows?.description ?? "all", rowsUsed: rows.count,
        pairs: pairs.count, truncatedPairs: encoded.filter(\.isTruncated).count),
      policyFile: try policyFile.map { file in try RunRecord.Input(file) },
      initAdapterWeights: try lora.initAdapter.map { folder in
        try RunRecord.Input(URL(filePath: folder).appending(path: "adapter_model.safetensors"))
      },
      machine: RunRecord.Machine(), start: Date())
    return TrainingSession.Inputs(
      trainer: trainer, adapter: configuration, pairs: encoded, plan: plan, record: record)
  }
}
