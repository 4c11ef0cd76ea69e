import ArgumentParser
import CSTCore
import Foundation

struct InfoCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Describe a model: architecture, sizes, quantisation, tokenizer, memory a training run needs.",
    discussion: "Example: cst info model.gguf --lora-rank 24")

  @Argument(help: .init("A .gguf file or a Hugging Face folder.", valueName: "model"), completion: .file())
  var model: String?

  @Option(name: .customLong("model"), help: .init("The same by a name.", valueName: "path"), completion: .file())
  var namedModel: String?

  @Option(help: "The precision that memory is estimated for.")
  var precision = PrecisionChoice.auto

  @Option(help: WeightsChoice.help)
  var weights = WeightsChoice.auto

  @Option(help: "What of the layers is kept for the backward pass, for the estimate; auto as cst train decides.")
  var activations = ActivationsChoice.auto

  @Option(parsing: .unconditional, help: .init("The adapter rank that memory is estimated for.", valueName: "r"))
  var loraRank = 16

  @Option(parsing: .unconditional, help: .init("Tokens in a batch that memory is estimated for.", valueName: "n"))
  var batchTokens = 1024

  @OptionGroup var configuration: KeyOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (model == nil) != (namedModel == nil) else {
      throw ValidationError(
        model == nil ? "name a model, a .gguf file or a Hugging Face folder" : "the model is named twice: name it once")
    }
    try Requirement.count("--lora-rank", loraRank, in: 1...4096)
    try Requirement.count("--batch-tokens", batchTokens, in: 1...1 << 22)
  }

  func execute() async throws {
    let model = try await LanguageModel(
      contentsOf: URL(filePath: model ?? namedModel ?? ""), precision: precision.precision, panels: weights.panels,
      ignoring: configuration.keys)
    let memory = TrainingMemory(
      model: model, adapter: LoRAConfiguration(rank: loraRank), tokensPerBatch: batchTokens,
      activations: activations.activations)
    let description = ModelDescription(model, memory)
    try Console.write(common.json ? JSONText.line(description) + "\n" : description.text)
  }
}
