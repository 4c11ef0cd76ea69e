// Trains a safety switch and saves it as a PEFT adapter.
//
//   swift run -c release TrainASwitch model.gguf policy.json pairs.jsonl OUTPUT-FOLDER

// snippet.train
import CSTCore
import CSTData
// snippet.end
import Foundation

let arguments = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
guard arguments.count == 4 else {
  print("usage: TrainASwitch model.gguf policy.json pairs.jsonl OUTPUT-FOLDER")
  exit(64)
}
let (modelFile, policyFile, dataFile, outputFolder) = (arguments[0], arguments[1], arguments[2], arguments[3])
try FileManager.default.createDirectory(at: outputFolder, withIntermediateDirectories: true)
let checkpointFile = outputFolder.appending(path: "checkpoint.safetensors")

// snippet.train

let model = try await LanguageModel(contentsOf: modelFile)  // the weights stay in the mapped file
let policy = try SafetyPolicy(contentsOf: policyFile)  // named configurations, one of them the default
let pairs = try [PreferencePair](contentsOf: dataFile)
let (training, heldOut) = pairs.split(heldOut: 0.1, seed: 17)  // rows, not pairs: twins stay on one side

let trainer = DPOTrainer(model: model, loss: DPOLoss(beta: 0.1), adapter: LoRAConfiguration(rank: 16))
let flipped = try training.configured(by: policy)  // every row under every configuration
for try await event in trainer.run(on: flipped, plan: TrainingPlan(epochs: 2)) {
  switch event {  // a turn of the loop is an optimizer step; leaving the loop ends the run
  case .step(let report): print(report.step, report.loss, report.rewardMargin)
  case .alarm(let alarm): print(alarm)  // something is not learnt: what, why, and what to do
  case .checkpoint(let checkpoint): try checkpoint.write(to: checkpointFile)
  case .finished(let adapter):
    try adapter.write(to: outputFolder, baseModelName: "HuggingFaceTB/SmolLM2-135M-Instruct")
  @unknown default: break  // a newer version may report more
  }
}
// snippet.end

print("\(heldOut.count) rows were kept back; EvaluateASwitch measures the adapter on rows like them")
