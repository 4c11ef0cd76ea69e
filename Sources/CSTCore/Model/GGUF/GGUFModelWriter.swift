import Foundation

/// A model with its adapter merged in, as one GGUF file.
///
/// Which tensor is stored how follows llama.cpp's quantiser: vectors stay F32; matrices get the type asked for, F16 where
/// their rows are not whole blocks; the head, or the embedding that serves as it, gets Q8_0 among 4-bit weights. (There,
/// llama.cpp has Q6_K where the width is a multiple of 256. This project reads that and does not write it.)
struct GGUFModelWriter {
  let model: LanguageModel
  let format: WeightFormat

  func write(to url: URL) throws {
    let weights = model.mergedWeights.map { weight in
      weight.tensorData(
        named: weight.base.role.ggufName, as: storage(of: weight.base),
        rowOrder: .inGGUF(of: weight.base.role, model.configuration))
    }
    try GGUFFile.write(tensors: model.configuration.rotary.ggufTensors + weights, metadata: try metadata(), to: url)
  }

  private func storage(of weight: ModelWeight) -> WeightFormat {
    guard case .matrix(let matrix) = weight.content else { return .f32 }
    let isHead = weight.role == .head || weight.role == .embedding && model.transformer.isHeadTied
    let wanted = isHead && (format == .q4_0 || format == .q4_1) ? .q8_0 : format
    return matrix.columns.isMultiple(of: wanted.blockLength) ? wanted : .f16
  }

  // MARK: Metadata

  /// What is no longer true of a file once its weights were changed and stored anew.
  private static let outdatedPrefixes = ["quantize.", "split.", "general.quantized_by", "general.file_type"]

  private func metadata() throws -> GGUFMetadata {
    var metadata: GGUFMetadata
    switch model.files {
    case .gguf(let file):
      metadata = file.metadata
      for key in metadata.keys where Self.outdatedPrefixes.contains(where: key.hasPrefix) { metadata[key] = nil }
    case .folder(let files):
      metadata = GGUFMetadata()
      metadata["general.architecture"] = .string(model.configuration.architecture.ggufName)
      metadata["general.type"] = .string("model")
      metadata["general.name"] = .string(model.configuration.name ?? files.folder.location.lastPathComponent)
      try model.configuration.write(to: &metadata)
      try files.tokenizer.padded(to: model.configuration.vocabularyCount).write(to: &metadata)
      write(stopTokens: &metadata)
    }
    if model.adapter != nil {
      // The file is made from the source; what that was made from is no longer its base.
      for key in metadata.keys where key.hasPrefix("general.base_model.") { metadata[key] = nil }
      metadata["general.base_model.count"] = .uint32(1)
      metadata["general.base_model.0.name"] = .string(
        model.configuration.name ?? model.source.location.deletingPathExtension().lastPathComponent)
      metadata["general.finetune"] = .string("cst")
    }
    metadata["general.file_type"] = .uint32(fileType)
    metadata["general.quantization_version"] = format.isQuantized ? .uint32(2) : nil
    return metadata
  }

  /// The tokens that end a reply, as far as GGUF has keys for them: end of text, of turn and of message.
  private func write(stopTokens metadata: inout GGUFMetadata) {
    let turn = model.chatTemplate.endOfTurnID
    metadata["tokenizer.ggml.eot_token_id"] = .uint32(UInt32(turn))
    let others = model.stopTokenIDs.subtracting([turn, model.tokenizer.eosID].compactMap { $0 }).sorted()
    let endOfMessage = model.tokenizer.id(ofToken: "<|eom_id|>").flatMap { others.contains($0) ? $0 : nil }
    if let message = endOfMessage ?? others.first { metadata["tokenizer.ggml.eom_token_id"] = .uint32(UInt32(message)) }
  }

  /// ggml's number for files whose matrices are mostly of one type.
  private var fileType: UInt32 {
    switch format {
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q8_0: 7
    case .bf16: 32
    default: 0
    }
  }
}
