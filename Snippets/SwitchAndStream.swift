// Asks one question under every configuration of a policy and shows the replies as they are written.
//
//   swift run -c release SwitchAndStream model.gguf ADAPTER-FOLDER policy.json 'Can I take two painkillers at once?'

import CSTCore
import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 4 else {
  print("usage: SwitchAndStream model.gguf ADAPTER-FOLDER policy.json QUESTION")
  exit(64)
}
let (adapterFolder, question) = (URL(filePath: arguments[1]), arguments[3])
let model = try await LanguageModel(contentsOf: URL(filePath: arguments[0]))
let policy = try SafetyPolicy(contentsOf: URL(filePath: arguments[2]))

// snippet.switch
let adapter = try LoRAAdapter(contentsOf: adapterFolder, for: model.configuration)
let tuned = model.adapted(by: adapter)  // a new value; the base weights are shared
for configuration in policy.configurations {
  print("\(configuration.name): ", terminator: "")
  for try await text in tuned.reply(to: question, under: configuration) { print(text, terminator: "") }
  print()
}
// snippet.end
