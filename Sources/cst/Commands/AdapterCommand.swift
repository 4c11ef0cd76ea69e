import ArgumentParser
import CSTCore
import Foundation

struct AdapterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapter", abstract: "Look at, compress and convert adapters.",
    subcommands: [AdapterInfoCommand.self, AdapterCompressCommand.self, AdapterConvertCommand.self])
}

/// An adapter and the model it is for.
struct AdapterInput: ParsableArguments {
  @Argument(help: .init("A folder with a PEFT adapter, or a .gguf file with one.", valueName: "adapter"))
  var adapter: String

  @Option(help: .init("The model, a .gguf file or a Hugging Face folder.", valueName: "path"), completion: .file())
  var model: String

  func load() async throws -> (model: LanguageModel, adapter: LoRAAdapter) {
    let model = try await LanguageModel(contentsOf: URL(filePath: model), precision: .f32)
    return (model, try LoRAAdapter(contentsOf: URL(filePath: adapter), for: model))
  }
}

struct AdapterInfoCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Describe an adapter: ranks, scales, modules, size of every update.",
    discussion: "Example: cst adapter info run --model model.gguf")

  @OptionGroup var input: AdapterInput
  @OptionGroup var common: CommonOptions

  func execute() async throws {
    let adapter = try await input.load().adapter
    let configuration = adapter.configuration
    let description = Description(
      adapter: input.adapter, rank: configuration.rank, alpha: configuration.alpha, scale: configuration.scale,
      forms: configuration.forms, targets: configuration.targets.map(\.rawValue),
      parameters: adapter.parameters.reduce(0) { $0 + $1.count }, modules: adapter.updates.map(Module.init))
    if common.json { return try Console.print(JSONText.line(description)) }
    var lines = [
      "\(input.adapter): rank \(configuration.rank), α \(configuration.alpha), scale \(configuration.scale), "
        + "\(description.parameters) parameters in \(adapter.updates.count) modules "
        + "(\(description.targets.joined(separator: ", ")))"
    ]
    lines += configuration.forms
    lines += description.modules.map { "\($0.module): rank \($0.rank), scale \($0.scale), norm \($0.norm)" }
    try Console.print(lines.joined(separator: "\n"))
  }

  private struct Description: Encodable {
    let adapter: String
    let rank: Int
    let alpha: Double
    let scale: Double
    let forms: [String]
    let targets: [String]
    let parameters: Int
    let modules: [Module]
  }

  private struct Module: Encodable {
    let module: String
    let rank: Int
    let scale: Double
    let norm: Double

    init(_ update: LoRAAdapter.Update) {
      (module, rank, scale, norm) = (update.path, update.rank, update.scale, update.norm)
    }
  }
}

struct AdapterCompressCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress", abstract: "Write an adapter of a lower rank, the nearest there is.",
    discussion: "Example: cst adapter compress run --model model.gguf --rank 4 --out small")

  @OptionGroup var input: AdapterInput

  @Option(parsing: .unconditional, help: .init("The rank of every module.", valueName: "r"))
  var rank: Int

  @Option(help: .init("The folder to write.", valueName: "folder"), completion: .directory)
  var out: String

  @OptionGroup var common: CommonOptions

  func validate() throws { try Requirement.count("--rank", rank, in: 1...4096) }

  func execute() async throws {
    let (model, adapter) = try await input.load()
    let highest = adapter.updates.map(\.rank).max() ?? 1
    guard rank <= highest else {
      throw CommandError("--rank \(rank): the adapter's highest rank is \(highest)")
    }
    let compressed = try adapter.compressed(toRank: rank)
    try await ModelExport(of: model.adapted(by: compressed), as: .peft).write(to: URL(filePath: out))
    let before = adapter.updates.reduce(0) { $0 + $1.norm * $1.norm }
    let after = compressed.updates.reduce(0) { $0 + $1.norm * $1.norm }
    let kept = before > 0 ? (after / before).squareRoot() : 1
    try Console.print(
      common.json
        ? JSONText.line(Result(out: out, rank: rank, kept: kept))
        : "\(out): rank \(rank) keeps \(kept) of the update's norm")
  }

  private struct Result: Encodable {
    let out: String
    let rank: Int
    let kept: Double
  }
}

struct AdapterConvertCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write an adapter in another form.",
    discussion: """
      Reads a PEFT folder or a .gguf file. --out NAME.gguf is an adapter for llama.cpp, another name a PEFT folder. What \
      began as a part of the weights (PiSSA, OLoRA) becomes plain LoRA of twice the rank on the unchanged model.

      Example: cst adapter convert run --model model.gguf --out adapter.gguf
      """)

  @OptionGroup var input: AdapterInput

  @Option(help: .init("The folder or .gguf file to write.", valueName: "path"), completion: .file())
  var out: String

  @Flag(help: "Write one rank and one α for all modules, their scales multiplied into B.")
  var loraPlain = false

  @OptionGroup var common: CommonOptions

  func execute() async throws {
    var (model, adapter) = try await input.load()
    if loraPlain { adapter = try adapter.plain() }
    model = model.adapted(by: adapter)
    let format: ExportFormat = URL(filePath: out).pathExtension == "gguf" ? .ggufAdapter(.f32) : .peft
    try await ModelExport(of: model, as: format).write(to: URL(filePath: out))
    try Console.print(
      common.json ? JSONText.line(["out": out]) : "\(out): rank \(adapter.configuration.rank)")
  }
}
