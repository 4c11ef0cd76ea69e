import ArgumentParser
import CSTCore
import Foundation

/// What products with the weights are computed in.
enum PrecisionChoice: String, CaseIterable, ExpressibleByArgument {
  case f32, bf16, auto

  var precision: Precision {
    switch self {
    case .f32: .f32
    case .bf16: .bf16
    case .auto: .automatic
    }
  }
}

/// A model and how to compute with it.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The model, a .gguf file or a Hugging Face folder.", valueName: "path"), completion: .file())
  var model: String

  @Option(help: "What products with the weights are computed in; auto is bf16 where the CPU has it.")
  var precision = PrecisionChoice.auto

  var file: URL { URL(filePath: model) }

  func load() async throws -> LanguageModel {
    try await LanguageModel(contentsOf: file, precision: precision.precision)
  }
}

/// A model, perhaps with an adapter.
struct AdaptedModelOptions: ParsableArguments {
  @OptionGroup var base: ModelOptions

  @Option(
    help: ArgumentHelp("A folder with a PEFT adapter to use with the model.", valueName: "folder"),
    completion: .directory)
  var adapter: String?

  func load() async throws -> LanguageModel {
    let model = try await base.load()
    guard let adapter else { return model }
    return model.adapted(by: try LoRAAdapter(contentsOf: URL(filePath: adapter), for: model.configuration))
  }
}
