import Foundation
import Synchronization
import TestSupport

@testable import CSTCore

/// A tiny model and pairs to train it on, and a place for runs.
struct RunFixture {
  let folder: TemporaryFolder
  let model: LanguageModel
  let pairs: [EncodedPair]
  let source: RunSource

  init(rows: Int = 6) async throws {
    folder = try TemporaryFolder()
    try TinyModel.write(to: folder["tiny.gguf"])
    model = try await LanguageModel(contentsOf: folder["tiny.gguf"], precision: .f32)
    pairs = try (0..<rows).map { row in
      ConfiguredPair(
        prompt: [.system("Be kind"), .user("Question \(row)?")], chosen: "An answer, number \(row).",
        rejected: "Another one \(row * 7).", configuration: "kind", source: row)
    }.encoded(with: model.encoder())
    source = RunSource(dataFile: URL(filePath: try folder.file("rows.jsonl", "rows\n")), rows: rows, method: .dpo)
  }

  /// A trainer of a small adapter; with a learning rate of 1e30 its second or third loss is not finite.
  func trainer(learningRate: Double = 1e-2) -> DPOTrainer {
    DPOTrainer(
      model: model, loss: DPOLoss(beta: 0.5), adapter: LoRAConfiguration(rank: 2, dropout: 0.1),
      optimizer: AdamW(learningRate: learningRate))
  }

  /// Six steps.
  var plan: TrainingPlan { TrainingPlan(epochs: 2, batchSize: 2) }

  /// Runs into a folder to its end.
  /// - Parameter observe: Called with every event; an error of its own is as if the task had been cancelled then.
  @discardableResult
  func run(
    _ name: String, _ opening: RunFolder.Opening = .fresh, _ trainer: DPOTrainer? = nil, _ plan: TrainingPlan? = nil,
    stoppingAfterStep last: Int = .max, observe: (SavedRun.Progress) throws -> Void = { _ in }
  ) async throws -> SavedRun.Progress? {
    let reached = ReachedStep()
    let run = try await RunFolder(folder[name], opening: opening).run(
      trainer ?? self.trainer(), on: pairs, plan: plan ?? self.plan, from: source
    ) { reached.step >= last }
    var end: SavedRun.Progress?
    for try await progress in run {
      reached.step = progress.record.stepsDone
      try observe(progress)
      end = progress
    }
    return end
  }

  /// The bytes of every file of a folder; empty where there is none.
  func bytes(_ name: String) throws -> [String: Data] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder[name].path)) ?? []
    return Dictionary(
      uniqueKeysWithValues: try names.map { ($0, try Data(contentsOf: folder[name].appending(path: $0))) })
  }

  /// The rows of the metrics without their times.
  func metrics(_ name: String) throws -> [[String: Double]] {
    let text = try String(contentsOf: folder[name].appending(path: "metrics.jsonl"), encoding: .utf8)
    return try text.split(separator: "\n").map {
      try JSONDecoder().decode([String: Double].self, from: Data($0.utf8)).filter { $0.key != "seconds" }
    }
  }

  func record(_ name: String) throws -> RunRecord {
    try RunRecord(contentsOf: folder[name].appending(path: "run.json"))
  }

  func checkpoint(_ name: String) throws -> TrainingCheckpoint {
    try TrainingCheckpoint(
      contentsOf: folder[name].appending(path: "checkpoint.safetensors"), for: model.configuration)
  }
}

/// What the loop tells the question whether to stop.
private final class ReachedStep: Sendable {
  private let value = Mutex(0)
  var step: Int {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}
