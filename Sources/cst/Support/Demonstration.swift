import ArgumentParser
import CSTReports
import CSTCore
import CSTData
import Foundation

/// The demo, start to finish: trains the switch and measures under conditions how it holds.
struct Demonstration {
  private let modelFile: URL
  private let precision: PrecisionChoice
  private let model: LanguageModel
  private let policy: SafetyPolicy
  private let example: URL
  private let training: PreferenceDataset
  private let everyday: [SynthesisPrompt]
  private let sample: [PreferencePair]
  private let heldOutCount: Int
  private let out: URL
  private let recipe: DemonstrationRecipe
  private let comparesVanilla: Bool
  private let start = ContinuousClock.now

  private var policyFile: URL { example.appending(path: "policy.json") }
  private var trainingFile: URL { example.appending(path: "train.jsonl") }
  private var everydayFile: URL { example.appending(path: "everyday.jsonl") }

  /// Reads everything; nothing is written before that is done.
  init(
    modelFile: URL, precision: PrecisionChoice, example: URL, out: URL, recipe: DemonstrationRecipe, sampleSize: Int,
    comparesVanilla: Bool
  ) async throws {
    self.modelFile = modelFile
    self.precision = precision
    self.example = example
    self.out = out
    self.recipe = recipe
    self.comparesVanilla = comparesVanilla
    policy = try SafetyPolicy(checkedContentsOf: example.appending(path: "policy.json"))
    training = try PreferenceDataset(contentsOf: example.appending(path: "train.jsonl"))
    everyday = try [SynthesisPrompt](contentsOf: example.appending(path: "everyday.jsonl"))
    let candidates = try [PreferencePair](contentsOf: example.appending(path: "held-out.jsonl"))
    let leaked = Set(
      NearDuplicates().matches(
        of: candidates.map(\.promptText), in: training.map(\.promptText) + everyday.map(\.question)
      ).map(\.query))
    let heldOut = candidates.indices.filter { !leaked.contains($0) }.map { candidates[$0] }
    heldOutCount = heldOut.count
    sample = Self.sample(of: heldOut, count: sampleSize)
    model = try await LanguageModel(contentsOf: modelFile, precision: precision.precision)
    Console.note(
      "\(modelFile.lastPathComponent): \(Kernels.current.name) kernels, \(model.precision.rawValue), "
        + "\(ComputePool.shared.threadCount) threads\n\(training.count) training rows and \(everyday.count) everyday "
        + "prompts; measured on \(sample.count) of \(heldOut.count) held-out rows; "
        + (leaked.isEmpty
          ? "none of these is a near-duplicate of a training prompt\n"
          : "\(leaked.count) more were left out as near-duplicates of training prompts\n"))
  }

  /// As many rows of every kind, spread over the file: switchable and neutral ones, on the edge and not.
  private static func sample(of rows: [PreferencePair], count: Int) -> [PreferencePair] {
    let kinds = Dictionary(grouping: rows.indices) { row in
      [rows[row].isNeutral, rows[row].task == ConditionsEvaluation.edgeTask]
    }
    return kinds.values.flatMap { kind in
      let taken = min(count, kind.count)
      return (0..<taken).map { kind[$0 * kind.count / taken] }
    }.sorted().map { rows[$0] }
  }

  /// Trains, measures, writes the reports.
  /// - Throws: `ExitCode` where the user stopped it; the adapter being trained is saved.
  func run() async throws -> ControllabilityReport {
    let (cst, history) = try await train("CST", folder: "cst", method: .cst)
    var models = [(name: "CST", model: cst)]
    var histories = [history]
    if comparesVanilla {
      let (vanilla, history) = try await train("vanilla DPO", folder: "vanilla", method: .dpo)
      models = [("base", model), ("vanilla DPO", vanilla)] + models
      histories.insert(history, at: 0)
    }
    heading("measuring under every condition")
    let progress = SharedProgress()
    let report = try await ConditionsEvaluation(ControllabilityEvaluation(policy: policy, maximumTokens: 48)).report(
      on: models, over: sample, seeds: [.init("training", recipe.seed)],
      details: [
        .init("rows", "\(sample.count) of \(heldOutCount) in held-out.jsonl, which was looked at while tuning"),
        .init("precision", model.precision.rawValue), .init("kernels", Kernels.current.name),
        .init("seconds", Int((ContinuousClock.now - start) / .seconds(1))),
      ], sampleCount: 2
    ) { condition, name, now in
      progress.show("\(name), \(condition.rawValue): \(now)", isLast: false)
    }
    progress.end()
    try RecordFile.write(report, to: out.appending(path: "report.json"))
    try AtomicFile.write(
      Data(HTMLReport(report, histories: histories).text.utf8), to: out.appending(path: "report.html"))
    return report
  }

  private func heading(_ text: String) {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    Console.note("\n[\(readableDuration(seconds: seconds))] \(text)\n")
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
    _ name: String, folder: String, method: RunSource.Method
  ) async throws -> (LanguageModel, TrainingHistory) {
    let location = out.appending(path: folder)
    heading(
      "training \(name): cst train --method \(method) --model \(modelFile.path) --precision \(precision.rawValue) "
        + "--policy \(policyFile.path) --data \(trainingFile.path) --retain \(everydayFile.path) "
        + "--out \(location.path) --overwrite \(recipe.options)")
    let pairs = try method == .cst ? training.configured(by: policy) : training.vanilla(by: policy)
    let (synthesis, limit) = recipe.retention(beside: pairs, policy: policy)
    Console.note("the base model's own replies to everyday prompts, which training is to leave as they are\n")
    let progress = SharedProgress()
    let replies = try await synthesis.replies(of: model, to: everyday, beside: pairs, limit: limit) {
      progress.show($0)
    }
    let trainer = recipe.trainer(of: model)
    let data = try TrainingData(
      pairs, drawing: recipe.variation, from: policy, seed: recipe.seed,
      retaining: Retention(replies, ratio: recipe.retentionRatio, weight: recipe.retentionWeight),
      encodedWith: trainer.encoder)
    var source = RunSource(dataFile: trainingFile, rows: training.count, policyFile: policyFile, method: method)
    (source.variation, source.retentionFile) = (recipe.variation, everydayFile)
    let interrupt = TrainingProgress.interruptFlag()
    let run = try await runFolder(location).run(trainer, on: data, plan: recipe.plan, from: source) { interrupt.isSet }
    var history = TrainingHistory(model: name, points: [])
    var adapter: LoRAAdapter?
    let end = try await TrainingProgress.follow(run) { event in
      switch event {
      case .step(let report):
        let margins = report.metricsByConfiguration.map { ($0.name, $0.metrics.rewardMargin) }
        history.points.append(
          .init(step: report.step, loss: report.loss, margins: Dictionary(margins) { first, _ in first }))
      case .checkpoint, .alarm: break
      case .finished(let trained): adapter = trained
      }
    }
    TrainingProgress.noteEnd(of: end)
    guard end.record.status == .finished else { throw ExitCode(interrupt.exitCode) }
    return (model.adapted(by: adapter), history)
  }
}
