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

  @OptionGroup(title: "Model and data") var model: ModelOptions
  @OptionGroup(title: "Model and data") var data: DataOptions
  @OptionGroup var run: RunOptions
  @OptionGroup(title: "Wordings and retention") var variation: VariationOptions
  @OptionGroup(title: "Loss") var loss: LossOptions
  @OptionGroup(title: "Optimization") var optimization: OptimizationOptions
  @OptionGroup(title: "Adapter") var lora: LoRAOptions
  @OptionGroup var common: CommonOptions

  func execute() async throws {
    var folder = run.dryRun ? nil : try run.folder()
    folder?.writesPlainAdapter = lora.loraPlain
    let policy = try run.policyFile.map { file in try SafetyPolicy(checkedContentsOf: file) }
    let rows = try data.load()
    let pairs = try run.pairs(of: rows, by: policy)
    var model = try await model.load()
    if self.model.template.templateDate == nil, let date = folder?.templateDate { model.chatTemplate.date = date }
    UnseenFields.note(pairs, model.chatTemplate)
    var trainer = try optimization.apply(to: lora.trainer(of: model))
    trainer.loss = try loss.loss
    trainer.maximumCompletionLength = variation.maxCompletionLength
    let trainingData = try await variation.data(pairs, by: policy, for: trainer, plan: optimization.plan)
    guard let folder else {
      let preview = try await TrainingPreview(of: trainer, on: trainingData, plan: optimization.plan)
      return try Console.write(common.json ? JSONText.line(PreviewText(preview)) + "\n" : PreviewText(preview).text)
    }
    var source = RunSource(dataFile: rows.file, rows: rows.countInFile, policyFile: run.policyFile, method: run.method)
    source.rowsUsed = rows.count
    source.rows = data.rows?.description ?? "all"
    (source.variation, source.retentionFile) = (variation.variation, variation.retentionFile)
    source.softLabels = run.softLabels
    source.columns = data.columnNames.columns.description
    source.initialAdapter = lora.initialAdapter

    let interrupt = TrainingProgress.interruptFlag()
    let saved = try await folder.run(trainer, on: trainingData, plan: optimization.plan, from: source) {
      interrupt.isSet
    }
    let end = try await follow(saved)
    TrainingProgress.noteEnd(of: end)
    if common.json {
      try Console.write(JSONText.document(end.record))
    } else {
      try Console.print(
        "\(end.location.relativePath): \(end.record.status.rawValue) after step \(end.record.stepsDone)")
    }
    if end.record.status == .interrupted { throw ExitCode(interrupt.exitCode) }
  }

  private func follow(_ saved: SavedRun) async throws -> SavedRun.Progress {
    guard run.profile else { return try await TrainingProgress.follow(saved) }
    let (end, profile) = try await WorkProfile.recorded { try await TrainingProgress.follow(saved) }
    let report = ProfileReport(profile, of: end.record)
    try report.write(toFolder: end.location)
    Console.note(report.table)
    return end
  }
}
