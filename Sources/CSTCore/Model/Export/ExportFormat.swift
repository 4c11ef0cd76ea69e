/// What an export writes.
@nonexhaustive
public enum ExportFormat: Sendable, Hashable {
  /// A folder that `transformers` and vLLM load: weights with the adapter merged in, tokenizer, template, model card.
  ///
  /// Weights are F32, F16 or BF16; a file holds at most `shardLimit` bytes of them.
  case huggingFace(WeightFormat, shardLimit: Int = 5_000_000_000)
  /// One file that llama.cpp loads: weights with the adapter merged in, tokenizer, template.
  case gguf(WeightFormat)
  /// The adapter alone, as llama.cpp loads it beside its base model: F32 or F16.
  case ggufAdapter(WeightFormat)
  /// The adapter alone, as `peft` and vLLM load it beside its base model, in F32.
  case peft

  /// How matrices are stored.
  public var weightFormat: WeightFormat {
    switch self {
    case .huggingFace(let format, _), .gguf(let format), .ggufAdapter(let format): format
    case .peft: .f32
    }
  }

  /// The formats that matrices may have: those of a `.gguf` file include quantised ones.
  public var allowedWeightFormats: [WeightFormat] {
    switch self {
    case .huggingFace: [.f32, .f16, .bf16]
    case .gguf: WeightEncoder.formats
    case .ggufAdapter: [.f32, .f16]
    case .peft: [.f32]
    }
  }

  /// Whether it is a folder rather than a file.
  public var isFolder: Bool {
    switch self {
    case .huggingFace, .peft: true
    case .gguf, .ggufAdapter: false
    }
  }

  /// Whether it holds the adapter alone.
  public var isAdapterOnly: Bool {
    switch self {
    case .ggufAdapter, .peft: true
    case .huggingFace, .gguf: false
    }
  }
}
