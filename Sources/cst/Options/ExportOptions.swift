import ArgumentParser
import CSTCore
import Foundation

/// What is exported and how, by the names of the command line.
struct ExportOptions: ParsableArguments {
  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case gguf, huggingface
    case ggufLoRA = "gguf-lora"
    case peft
  }

  enum WeightType: String, CaseIterable, ExpressibleByArgument {
    case f32, f16, bf16
    case q8 = "q8_0"
    case q4 = "q4_0"
    case q4WithMinimum = "q4_1"

    var format: WeightFormat {
      switch self {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      case .q8: .q8_0
      case .q4: .q4_0
      case .q4WithMinimum: .q4_1
      }
    }
  }

  @Option(help: .init("The file or folder to write.", valueName: "path"), completion: .file())
  var out: String

  @Option(
    help: .init(
      "What to write: gguf and huggingface are the model with the adapter merged in, gguf-lora and peft the adapter alone "
        + "(default: gguf where --out ends in .gguf, huggingface where it has no extension)."))
  var format: Kind?

  @Option(help: "The type of matrices; folders have f32, f16 or bf16 (default: f16; f32 for an adapter).")
  var type: WeightType?

  @Option(parsing: .unconditional, help: .init("Most megabytes of weights in one file of a folder.", valueName: "n"))
  var shardSize = 5000

  @Flag(help: "Write an adapter for readers that know one rank and one α only, its scales multiplied into B.")
  var loraPlain = false

  @Flag(help: "Replace an older export.")
  var force = false

  func validate() throws {
    try Requirement.count("--shard-size", shardSize, in: 1...1_000_000)
    let format = try exportFormat
    if loraPlain, !format.isAdapterOnly {
      throw ValidationError("--lora-plain is for --format peft and gguf-lora: a merged model has no adapter")
    }
  }

  var exportFormat: ExportFormat {
    get throws {
      let (kind, fileExtension) = (try kind, URL(filePath: out).pathExtension)
      let isFile = kind == .gguf || kind == .ggufLoRA
      guard isFile == (fileExtension == "gguf") else {
        throw ValidationError(
          isFile
            ? "--format \(kind.rawValue) writes a file whose name ends in .gguf, and --out is \(out)"
            : "--format \(kind.rawValue) writes a folder, and --out \(out) names a .gguf file")
      }
      let format: ExportFormat =
        switch kind {
        case .gguf: .gguf((type ?? .f16).format)
        case .huggingface: .huggingFace((type ?? .f16).format, shardLimit: shardSize * 1_000_000)
        case .ggufLoRA: .ggufAdapter((type ?? .f32).format)
        case .peft: .peft
        }
      let allowed = format.allowedWeightFormats
      guard allowed.contains(type?.format ?? format.weightFormat) else {
        let names = WeightType.allCases.filter { allowed.contains($0.format) }.map(\.rawValue)
        throw ValidationError(
          "--format \(kind.rawValue) has weights of type \(names.joined(separator: ", ")), not \(type?.rawValue ?? "")")
      }
      return format
    }
  }

  private var kind: Kind {
    get throws {
      if let format { return format }
      switch URL(filePath: out).pathExtension {
      case "gguf": return .gguf
      case "": return .huggingface
      case let other:
        throw ValidationError(
          "--out ends in .\(other), which does not say what to write: give --format gguf, huggingface, gguf-lora or peft"
        )
      }
    }
  }
}
