import ArgumentParser
import CSTCore
import Foundation

struct DemoCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Train the example's safety switch and show how well it works.",
    discussion: """
      Trains SmolLM2-135M-Instruct on the advice data with CST: under wordings, frames, claims of users and turns that are \
      drawn for every row, beside the base model's own replies to everyday prompts. Then measures on prompts held out from \
      training how the switch holds under every condition, prints the table with its worst number and replies to the same \
      questions, and writes the adapter, metrics, report.json and report.html. With --compare it trains vanilla DPO, too, \
      which only learns to be cautious, and measures the base model beside them.

      Example: cst demo --out demo-out
      """)

  @OptionGroup(title: "Model") var model: DemoModelOptions

  @Option(help: ArgumentHelp("The folder with policy.json, train.jsonl and held-out.jsonl.", valueName: "folder"))
  var example = "Examples/advice"

  @Option(
    help: ArgumentHelp("The folder for adapters and reports; an older demo there is replaced.", valueName: "folder"))
  var out = "demo-out"

  @Option(parsing: .unconditional, help: ArgumentHelp("Optimizer steps.", valueName: "n"))
  var steps = DemonstrationRecipe().steps

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Held-out rows of every kind (switchable, neutral, both on the edge) to measure on.", valueName: "n"))
  var sample = 12

  @Flag(help: "Train vanilla DPO as well, and measure it and the base model beside the switch.")
  var compare = false

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Decides the order of rows and the adapters' start.", valueName: "n"))
  var seed: UInt64 = 42

  @OptionGroup var common: CommonOptions

  func validate() throws {
    try Requirement.count("--steps", steps, in: 1...1_000_000)
    try Requirement.count("--sample", sample, in: 1...100_000)
  }

  func execute() async throws {
    var recipe = DemonstrationRecipe()
    (recipe.steps, recipe.seed) = (steps, seed)
    let demonstration = try await Demonstration(
      modelFile: URL(filePath: model.model), precision: model.precision, example: URL(filePath: example),
      out: URL(filePath: out), recipe: recipe, sampleSize: sample, comparesVanilla: compare)
    let report = try await demonstration.run()
    try Console.write(common.json ? JSONText.line(report) + "\n" : report.text())
    Console.note(
      "\nwrote \(out)/report.html, report.json, and the adapter \(out)/cst\(compare ? " beside \(out)/vanilla" : "")\n")
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
