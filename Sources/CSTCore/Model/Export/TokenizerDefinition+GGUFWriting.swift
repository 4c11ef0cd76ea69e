extension TokenizerDefinition {
  /// Writes the `tokenizer.*` entries of a GGUF file.
  func write(to metadata: inout GGUFMetadata) {
    func set(_ key: String, _ id: Int?) { metadata["tokenizer.ggml." + key] = id.map { .uint32(UInt32($0)) } }
    metadata["tokenizer.ggml.model"] = .string(model)
    if !preTokenizer.isEmpty { metadata["tokenizer.ggml.pre"] = .string(preTokenizer) }
    metadata["tokenizer.ggml.tokens"] = .array(.string(tokens))
    metadata["tokenizer.ggml.token_type"] = .array(.int32(tokenTypes.map { Int32($0.rawValue) }))
    if !merges.isEmpty { metadata["tokenizer.ggml.merges"] = .array(.string(merges)) }
    set("bos_token_id", bosID)
    set("eos_token_id", eosID)
    set("unknown_token_id", unknownID)
    set("padding_token_id", paddingID)
    metadata["tokenizer.ggml.add_bos_token"] = .bool(addsBOS)
    metadata["tokenizer.chat_template"] = chatTemplate.map { .string($0) }
  }
}
