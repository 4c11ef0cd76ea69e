// Does what `cst train` does: trains into a folder with checkpoints, metrics and a record, and resumes what was stopped.
//
//   swift run -c release RunInAFolder model.gguf policy.json pairs.jsonl RUN-FOLDER

import CSTCore
import CSTData
import Foundation

let arguments = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
guard arguments.count == 4 else {
  print("usage: RunInAFolder model.gguf policy.json pairs.jsonl RUN-FOLDER")
  exit(64)
}
let (modelFile, policyFile, dataFile, runFolder) = (arguments[0], arguments[1], arguments[2], arguments[3])

// snippet.run
let folder = try RunFolder(runFolder, opening: .freshOrResuming)  // .replacing: the older run stays until it is done
let policy = try SafetyPolicy(contentsOf: policyFile)
let rows = try PreferenceDataset(contentsOf: dataFile)
let trainer = DPOTrainer(
  model: try await LanguageModel(contentsOf: modelFile), loss: DPOLoss(beta: 0.1, rpoAlpha: 1),
  adapter: LoRAConfiguration(rank: 16), optimizer: AdamW(learningRate: 1e-3))
let pairs = try rows.configured(by: policy).encoded(with: trainer.encoder)
let run = try await folder.run(
  trainer, on: pairs, plan: TrainingPlan(epochs: 2),
  from: RunSource(dataFile: dataFile, rows: rows.count, policyFile: policyFile))
for try await progress in run {  // what is told is in the files already
  if case .step(let report) = progress.event {
    print("step \(report.step) of \(report.totalSteps): loss \(report.loss), margin \(report.rewardMargin)")
  }
}
// snippet.end
