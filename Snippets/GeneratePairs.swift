// Generates preference pairs with a local model, keeping every reply in a journal.
//
//   swift run -c release GeneratePairs model.gguf policy.json prompts.txt pairs.jsonl

// snippet.generate
import CSTCore
import CSTData
// snippet.end
import Foundation

let arguments = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
guard arguments.count == 4 else {
  print("usage: GeneratePairs model.gguf policy.json prompts pairs.jsonl")
  exit(64)
}
let (modelFile, policyFile, promptsFile, outputFile) = (arguments[0], arguments[1], arguments[2], arguments[3])
let journalFile = outputFile.appendingPathExtension("journal")

// snippet.generate

let teacher = LocalTeacher(model: try await LanguageModel(contentsOf: modelFile))
let policy = try SafetyPolicy(contentsOf: policyFile)
let prompts = try [SynthesisPrompt](contentsOf: promptsFile)

var critique = SelfCritique(author: teacher, policy: policy)
critique.journal = try SynthesisJournal(file: journalFile)  // a killed run goes on where it stopped
var rows: [PreferencePair] = []
for try await pair in critique.pairs(for: prompts) {  // in the order of the prompts, as they become known
  rows.append(pair)
}
try rows.write(to: outputFile)
// snippet.end
