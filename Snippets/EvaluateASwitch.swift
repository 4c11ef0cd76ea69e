// Measures how well a policy's system prompts switch a model, before and after training.
//
//   swift run -c release EvaluateASwitch model.gguf ADAPTER-FOLDER policy.json held-out.jsonl REPORT.html

import CSTCore
import CSTData
import CSTReports
import Foundation

let arguments = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
guard arguments.count == 5 else {
  print("usage: EvaluateASwitch model.gguf ADAPTER-FOLDER policy.json held-out.jsonl REPORT.html")
  exit(64)
}
let model = try await LanguageModel(contentsOf: arguments[0])
let adapter = try LoRAAdapter(contentsOf: arguments[1], for: model.configuration)
let policy = try SafetyPolicy(contentsOf: arguments[2])
let heldOut = try [PreferencePair](contentsOf: arguments[3])
let htmlFile = arguments[4]

// snippet.evaluate
let evaluation = ControllabilityEvaluation(policy: policy)
let evidence = [
  try await evaluation.evidence(of: model, named: "base model", over: heldOut),
  try await evaluation.evidence(of: model.adapted(by: adapter), named: "tuned", over: heldOut),
]
let report = try evaluation.report(on: evidence, model: model)
print(report.text())  // a table, then replies side by side
try HTMLReport(report).text.write(to: htmlFile, atomically: true, encoding: .utf8)
// snippet.end
