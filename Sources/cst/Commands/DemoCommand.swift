import ArgumentParser
import CSTCore
import Foundation

struct DemoCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Train the example's safety switch and show how well it works.",
    discussion: """
      Trains SmolLM2-135M-Instruct twice on the advice data: with CST, and with vanilla DPO, which only learns to be \
      cautious. Then measures both beside the base model on prompts held out from training, prints the table and \
      replies to the same questions under each configuration, and writes adapters, metrics, report.json and report.html.

      Example: cst demo --out demo-out
      """)

  @OptionGroup(title: "Model") var model: DemoModelOptions

  @Option(help: ArgumentHelp("The folder with policy.json, train.jsonl and held-out.jsonl.", valueName: "folder"))
  var example = "Examples/advice"

  @Option(
    help: ArgumentHelp("The folder for adapters and reports; an older demo there is replaced.", valueName: "folder"))
  var out = "demo-out"

  @Option(parsing: .unconditional, help: ArgumentHelp("Passes over the training data.", valueName: "n"))
  var epochs = 1

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Decides the order of rows and the adapters' start.", valueName: "n"))
  var seed: UInt64 = 42

  @OptionGroup var common: CommonOptions

  func validate() throws { try Requirement.count("--epochs", epochs, in: 1...1000) }

  func execute() async throws {
    let demonstration = try await Demonstration(
      modelFile: URL(filePath: model.model), precision: model.precision, example: URL(filePath: example),
      out: URL(filePath: out), epochs: epochs, seed: seed)
    let report = try await demonstration.run()
    try Console.write(common.json ? JSONText.line(report) + "\n" : report.text())
    Console.note("\nwrote \(out)/report.html, report.json, and the adapters \(out)/cst and \(out)/vanilla\n")
    Console.note("try it: cst generate --model \(model.model) --adapter \(out)/cst --policy \(example)/policy.json ")
    Console.note("--configuration direct --prompt \"Is green tea good for a cold?\"\n")
  }
}

/// The demo's model: fetched by the set-up.
struct DemoModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The model, a .gguf file or a Hugging Face folder; `make setup` fetches the default.", valueName: "path"))
  var model = ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf"

  @Option(help: "What products with the weights are computed in; auto is bf16 where the CPU has it.")
  var precision = PrecisionChoice.auto
}
