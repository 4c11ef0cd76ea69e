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

  package var weightFormat: WeightFormat {
    switch self {
    case .huggingFace(let format, _), .gguf(let format), .ggufAdapter(let format): format
    case .peft: .f32
    }
  }

  /// The formats that matrices may have: those of a `.gguf` file include quantised ones.
  package var allowedWeightFormats: [WeightFormat] {
    switch self {
    case .huggingFace: [.f32, .f16, .bf16]
    case .gguf: WeightEncoder.formats
    case .ggufAdapter: [.f32, .f16]
    case .peft: [.f32]
    }
  }

  package var isFolder: Bool {
    switch self {
    case .huggingFace, .peft: true
    case .gguf, .ggufAdapter: false
    }
  }

  package var isAdapterOnly: Bool {
    switch self {
    case .ggufAdapter, .peft: true
    case .huggingFace, .gguf: false
    }
  }

  /// The largest change of an answer's log-probability for each of its tokens, in nats, with which an export is taken for
  /// the model it was made of, unless a tolerance is stated.
  ///
  /// Storing a weight as F16 changes it by at most 2⁻¹¹ of itself, as BF16 by 2⁻⁸, as Q8_0 by 1/254 of its block's largest,
  /// as Q4 by about 1/15 of its block's range. The changes are independent, so a logit moves by about the square root of
  /// the number of layers times that share of itself; a logit is some tens. F32 leaves the order of summation: the merged
  /// product is one sum where the adapter was two. The limits are a few times the largest changes measured so; see
  /// `Docs/Ecosystem.md`.
  package var replayTolerance: Double {
    switch weightFormat {
    case .f32: 0.0005
    case .f16: 0.01
    case .bf16: 0.1
    case .q8_0: 0.1
    default: 1
    }
  }
}
