import ArgumentParser
import CSTReports
import CSTCore
import CSTData
import Foundation

/// The demo, start to finish: base model, CST and vanilla DPO on the same held-out rows.
struct Demonstration {
  private let modelFile: URL
  private let precision: PrecisionChoice
  private let model: LanguageModel
  private let policy: SafetyPolicy
  private let policyFile: URL
  private let trainingFile: URL
  private let training: PreferenceDataset
  private let heldOut: [PreferencePair]
  private let heldOutPairs: [EncodedPair]
  private let out: URL
  private let epochs: Int
  private let seed: UInt64
  private let start = ContinuousClock.now

  /// Reads everything; nothing is written before that is done.
  init(
    modelFile: URL, precision: PrecisionChoice, example: URL, out: URL, epochs: Int, seed: UInt64
  ) async throws {
    self.modelFile = modelFile
    self.precision = precision
    self.out = out
    self.epochs = epochs
    self.seed = seed
    policyFile = example.appending(path: "policy.json")
    trainingFile = example.appending(path: "train.jsonl")
    policy = try SafetyPolicy(checkedContentsOf: policyFile)
    training = try PreferenceDataset(contentsOf: trainingFile)
    let candidates = try [PreferencePair](contentsOf: example.appending(path: "held-out.jsonl"))
    let leaked = Set(
      NearDuplicates().matches(of: candidates.map(\.promptText), in: training.map(\.promptText)).map(\.query))
    heldOut = candidates.indices.filter { !leaked.contains($0) }.map { candidates[$0] }
    model = try await LanguageModel(contentsOf: modelFile, precision: precision.precision)
    heldOutPairs = try heldOut.configured(by: policy).encoded(with: model.encoder())
    Console.note(
      "\(modelFile.lastPathComponent): \(Kernels.current.name) kernels, \(model.precision.rawValue), "
        + "\(ComputePool.shared.threadCount) threads\n\(training.count) training rows, \(heldOut.count) held-out rows; "
        + (leaked.isEmpty
          ? "none of these is a near-duplicate of a training prompt\n"
          : "\(leaked.count) more were left out as near-duplicates of training prompts\n"))
  }

  /// Trains, measures, writes the reports.
  /// - Throws: `ExitCode` where the user stopped it; the adapter being trained is saved.
  func run() async throws -> ControllabilityReport {
    let evaluation = ControllabilityEvaluation(policy: policy, maximumTokens: 64)
    let base = try await measure(model, "base", evaluation)
    let reference = ReferenceScores()
    let (cst, cstHistory) = try await train("CST", folder: "cst", method: .cst, reference)
    let cstEvidence = try await measure(cst, "CST", evaluation)
    let (vanilla, vanillaHistory) = try await train("vanilla DPO", folder: "vanilla", method: .dpo, reference)
    let vanillaEvidence = try await measure(vanilla, "vanilla DPO", evaluation)
    let report = try evaluation.report(
      on: [base, vanillaEvidence, cstEvidence], model: model,
      seeds: [.init("training", seed)],
      details: [
        .init("held-out rows", heldOut.count), .init("precision", model.precision.rawValue),
        .init("kernels", Kernels.current.name), .init("seconds", Int((ContinuousClock.now - start) / .seconds(1))),
      ])
    try RecordFile.write(report, to: out.appending(path: "report.json"))
    let page = HTMLReport(report, histories: [vanillaHistory, cstHistory]).text
    try AtomicFile.write(Data(page.utf8), to: out.appending(path: "report.html"))
    return report
  }

  private func heading(_ text: String) {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    Console.note("\n[\(readableDuration(seconds: seconds))] \(text)\n")
  }

  private func measure(
    _ model: LanguageModel, _ name: String, _ evaluation: ControllabilityEvaluation
  ) async throws -> ModelEvidence {
    heading("measuring \(name)")
    let progress = SharedProgress()
    return try await evaluation.evidence(of: model, named: name, over: heldOutPairs) { progress.show($0) }
  }

  /// A folder for a run. What a demo that was stopped has left is no work to keep.
  private func runFolder(_ location: URL) throws -> RunFolder {
    do throws(RunFolderError) {
      return try RunFolder(location, opening: .replacing)
    } catch {
      guard error.reason == .unfinishedReplacement else { throw error }
      try FileManager.default.removeItem(at: error.location)
      return try RunFolder(location, opening: .replacing)
    }
  }

  /// Trains into a folder of the demo's, where an older run stays until this one is finished.
  private func train(
    _ name: String, folder: String, method: RunSource.Method, _ reference: ReferenceScores
  ) async throws -> (LanguageModel, TrainingHistory) {
    let trainer = DPOTrainer(
      model: model, loss: DPOLoss(beta: 0.1, rpoAlpha: 1), adapter: LoRAConfiguration(rank: 16),
      optimizer: AdamW(learningRate: 1e-3), schedule: LearningRateSchedule(.linear, warmupRatio: 0.1),
      reference: reference)
    let location = out.appending(path: folder)
    heading(
      "training \(name): cst train --method \(method) --model \(modelFile.path) --precision \(precision.rawValue) "
        + "--policy \(policyFile.path) --data \(trainingFile.path) --out \(location.path) --overwrite --lora-rank 16 "
        + "--learning-rate 1e-3 --warmup-ratio 0.1 --beta 0.1 --rpo-alpha 1 --batch-size 4 --epochs \(epochs) "
        + "--seed \(seed)")
    let pairs = try method == .cst ? training.configured(by: policy) : training.vanilla(by: policy)
    let interrupt = TrainingProgress.interruptFlag()
    let run = try await runFolder(location).run(
      trainer, on: pairs.encoded(with: trainer.encoder), plan: TrainingPlan(epochs: epochs, seed: seed),
      from: RunSource(dataFile: trainingFile, rows: training.count, policyFile: policyFile, method: method)
    ) { interrupt.isSet }
    var history = TrainingHistory(model: name, points: [])
    var adapter: LoRAAdapter?
    let end = try await TrainingProgress.follow(run) { event in
      switch event {
      case .step(let report):
        let margins = report.metricsByConfiguration.map { ($0.name, $0.metrics.rewardMargin) }
        history.points.append(
          .init(step: report.step, loss: report.loss, margins: Dictionary(margins) { first, _ in first }))
      case .checkpoint: break
      case .finished(let trained): adapter = trained
      }
    }
    TrainingProgress.noteEnd(of: end)
    guard end.record.status == .finished else { throw ExitCode(interrupt.exitCode) }
    return (model.adapted(by: adapter), history)
  }
}
