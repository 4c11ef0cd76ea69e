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

/// What becomes of the panels that products with the weights read.
enum WeightsChoice: String, CaseIterable, ExpressibleByArgument {
  case kept, streamed, auto

  var panels: WeightPanels? {
    switch self {
    case .kept: .kept
    case .streamed: .streamed
    case .auto: nil
    }
  }

  static let help = ArgumentHelp(
    "Keep the weights unpacked for products, or unpack them in every product; auto keeps what fits in a quarter of the "
      + "memory. Results are the same.")
}

/// How the model's chat template is used.
struct TemplateOptions: ParsableArguments {
  @Option(
    help: .init(
      "Where the chat template has no place for a system text: put it before the first user text, or refuse.",
      valueName: "policy"))
  var systemRole = SystemRole.Policy.nativeOrFold

  @Option(
    help: .init(
      "The day that a chat template which asks for the date is told (default: today; a resumed run: the run's).",
      valueName: "yyyy-mm-dd"))
  var templateDate: TemplateDate?

  func apply(to model: inout LanguageModel) {
    model.chatTemplate.systemRolePolicy = systemRole
    if let templateDate { model.chatTemplate.date = templateDate }
  }
}

extension SystemRole.Policy: ExpressibleByArgument {}

extension TemplateDate: ExpressibleByArgument {
  /// `yyyy-mm-dd`.
  public init?(argument: String) { self.init(argument) }
}

/// A model and how to compute with it.
struct ModelOptions: ParsableArguments {
  @Option(help: .init("The model, a .gguf file or a Hugging Face folder.", valueName: "path"), completion: .file())
  var model: String

  @Option(help: "What products with the weights are computed in; auto is bf16 where the CPU has it.")
  var precision = PrecisionChoice.auto

  @Option(help: WeightsChoice.help)
  var weights = WeightsChoice.auto

  @OptionGroup var template: TemplateOptions
  @OptionGroup var configuration: KeyOptions

  var file: URL { URL(filePath: model) }

  func load() async throws -> LanguageModel {
    var model = try await LanguageModel(
      contentsOf: file, precision: precision.precision, panels: weights.panels, ignoring: configuration.keys)
    template.apply(to: &model)
    return model
  }
}

/// A model, perhaps with an adapter.
struct AdaptedModelOptions: ParsableArguments {
  @OptionGroup var base: ModelOptions

  @Option(
    help: .init("A folder with a PEFT adapter to use with the model.", valueName: "folder"), completion: .directory)
  var adapter: String?

  func load() async throws -> LanguageModel {
    let model = try await base.load()
    guard let adapter else { return model }
    return model.adapted(by: try LoRAAdapter(contentsOf: URL(filePath: adapter), for: model))
  }
}
