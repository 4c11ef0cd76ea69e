extension HuggingFaceConfiguration {
  private static let usedKeys = Set(HuggingFaceKey.allCases.map(\.rawValue))

  /// Keys that do not change what a decoder computes for given tokens: bookkeeping, tokens, training, generation.
  private static let harmlessKeys: Set<String> = [
    "transformers_version", "torch_dtype", "dtype", "_name_or_path", "auto_map", "use_cache", "initializer_range",
    "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id", "cls_token_id",
    "decoder_start_token_id", "attention_dropout", "hidden_dropout", "resid_pdrop", "embd_pdrop", "pretraining_tp",
    "output_attentions", "output_hidden_states", "return_dict", "return_dict_in_generate", "use_return_dict",
    "tf_legacy_loss", "torchscript", "use_bfloat16", "problem_type", "id2label", "label2id", "task_specific_params",
    "finetuning_task", "tokenizer_class", "prefix", "is_decoder", "is_llama_config", "tie_encoder_decoder",
    "max_length", "min_length", "do_sample", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty",
    "num_beams", "num_beam_groups", "diversity_penalty", "length_penalty", "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores", "early_stopping",
    "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values", "exponential_decay_length_penalty",
    "suppress_tokens", "begin_suppress_tokens", "unsloth_version", "unsloth_fixed", "transformers.js_config",
    "_attn_implementation", "_attn_implementation_autoset", "attn_implementation", "_flash_attn_2_enabled",
    "use_flash_attention", "_commit_hash", "bos_token", "eos_token", "pad_token", "model_max_length", "padding_side",
    "gradient_checkpointing", "hidden_dropout_prob", "attention_probs_dropout_prob", "attn_pdrop", "classifier_dropout",
    "summary_type", "summary_use_proj", "summary_activation", "summary_first_dropout", "summary_proj_to_labels",
    "cross_attention_hidden_size", "encoder_hidden_size", "_num_labels", "num_labels",
    "flash_attn", "use_flash_attn", "use_flash_attention_2", "training_args",
  ]

  /// Keys that change something unless they have this value.
  private static let neutralValues: [String: JSONValue] = [
    "rope_interleaved": .bool(false), "use_mrope": .bool(false), "lm_head_bias": .bool(false),
    "is_encoder_decoder": .bool(false), "add_cross_attention": .bool(false), "full_attn_mod": 1,
    "interpolate_factor": 1, "chunk_size_feed_forward": 0, "pruned_heads": .object([:]),
  ]

  /// Reasons for keys that are met often.
  private static let reasons = [
    "quantization_config": "quantised safetensors cannot be read: use the original weights, or a quantised GGUF file",
    "num_local_experts": "mixtures of experts cannot be read", "num_experts": "mixtures of experts cannot be read",
    "num_experts_per_tok": "mixtures of experts cannot be read",
    "vision_config": "only language models can be read", "text_config": "only language models can be read",
  ]

  func refuseOtherFeatures(except ignoredKeys: Set<String>) throws {
    for key in ignoredKeys.sorted() where Self.usedKeys.contains(key) || object[key] == nil {
      throw object.error(
        key, expected: "a key to ignore that the file has and this reader does not use",
        found: object[key] == nil ? "no such key" : "one that decides what the model computes")
    }
    for key in object.keys
    where !Self.usedKeys.contains(key) && !Self.harmlessKeys.contains(key) && !ignoredKeys.contains(key) {
      if let neutral = Self.neutralValues[key], object[key] == neutral { continue }
      throw object.error(
        key, expected: "a \(architecture.name) model without further features",
        advice: Self.reasons[key]
          ?? "this key could change what the model computes and is not supported; if you know that it does not, ignore it "
          + "by name (--ignore-keys \(key))")
    }
    if let names = try members.stringsIfPresent(.classNames), names != [architecture.className] {
      throw members.error(.classNames, expected: architecture.className, found: names.joined(separator: ", "))
    }
    if let activation = try members.stringIfPresent(.activation), !["silu", "swish"].contains(activation) {
      throw members.error(.activation, expected: "silu")
    }
  }
}
