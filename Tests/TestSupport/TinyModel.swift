import CSTCore
import Foundation

/// A random two-layer Llama model with a byte-level tokenizer and ChatML turns, small enough to train in milliseconds a
/// step. Equal seeds give equal files.
public enum TinyModel {
  /// Width of the residual stream.
  public static let width = 64
  static let feedForwardWidth = 128
  static let layerCount = 2
  static let queryHeads = 4
  static let keyValueHeads = 2
  static let contextLength = 512

  /// Writes the model as a GGUF file.
  /// - Parameters:
  ///   - architecture: What `general.architecture` says.
  ///   - width: Another residual width gives a model whose adapters do not fit the usual one.
  public static func write(
    to file: URL, architecture: String = "llama", width: Int = TinyModel.width, seed: UInt64 = 1
  ) throws {
    var generator = SeededGenerator(seed: seed)
    func matrix(_ name: String, _ rows: Int, _ columns: Int) -> TensorData {
      let bound = 1.7 / Float(columns).squareRoot()
      return TensorData(
        name: name, shape: [rows, columns],
        floats: (0..<rows * columns).map { _ in Float.random(in: -bound...bound, using: &generator) })
    }
    func norm(_ name: String) -> TensorData {
      TensorData(name: name, shape: [width], floats: [Float](repeating: 1, count: width))
    }
    let keyValueWidth = width / queryHeads * keyValueHeads
    var tensors = [matrix("token_embd.weight", tokens.count, width), norm("output_norm.weight")]
    for layer in 0..<layerCount {
      let prefix = "blk.\(layer)."
      tensors += [
        norm(prefix + "attn_norm.weight"), norm(prefix + "ffn_norm.weight"),
        matrix(prefix + "attn_q.weight", width, width), matrix(prefix + "attn_k.weight", keyValueWidth, width),
        matrix(prefix + "attn_v.weight", keyValueWidth, width), matrix(prefix + "attn_output.weight", width, width),
        matrix(prefix + "ffn_gate.weight", feedForwardWidth, width),
        matrix(prefix + "ffn_up.weight", feedForwardWidth, width),
        matrix(prefix + "ffn_down.weight", width, feedForwardWidth),
      ]
    }
    try GGUFFile.write(tensors: tensors, metadata: metadata(architecture: architecture, width: width), to: file)
  }

  private static func metadata(architecture: String, width: Int) -> GGUFMetadata {
    let types = tokens.indices.map { Int32($0 < controlTokens.count ? 3 : 1) }
    return [
      "general.architecture": .string(architecture),
      "general.name": .string("tiny"),
      "llama.block_count": .uint32(UInt32(layerCount)),
      "llama.context_length": .uint32(UInt32(contextLength)),
      "llama.embedding_length": .uint32(UInt32(width)),
      "llama.feed_forward_length": .uint32(UInt32(feedForwardWidth)),
      "llama.attention.head_count": .uint32(UInt32(queryHeads)),
      "llama.attention.head_count_kv": .uint32(UInt32(keyValueHeads)),
      "llama.attention.layer_norm_rms_epsilon": .float32(1e-5),
      "llama.rope.freq_base": .float32(10_000),
      "tokenizer.ggml.model": .string("gpt2"),
      "tokenizer.ggml.pre": .string("smollm"),
      "tokenizer.ggml.tokens": .array(.string(tokens)),
      "tokenizer.ggml.token_type": .array(.int32(types)),
      "tokenizer.ggml.merges": .array(.string(merges)),
      "tokenizer.ggml.bos_token_id": .uint32(1),
      "tokenizer.ggml.eos_token_id": .uint32(2),
      "tokenizer.ggml.add_bos_token": .bool(false),
      "tokenizer.chat_template": .string(chatTemplate),
    ]
  }

  private static let controlTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
  private static let merges = ["t h", "Ġ a", "th e", "Ġ the", "i n", "e r", "o n"]
  private static let tokens = controlTokens + byteSpellings + merges.map { $0.filter { $0 != " " } }

  /// The byte-level alphabet: printable ASCII and Latin-1 stand for themselves, the others are U+0100, U+0101 … in order.
  private static let byteSpellings: [String] = {
    var next = 256
    return (0..<256).map { byte in
      let isPrintable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
      defer { if !isPrintable { next += 1 } }
      return Unicode.Scalar(isPrintable ? byte : next).map { String(Character($0)) } ?? ""
    }
  }()

  /// SmolLM2's template, as its GGUF file has it.
  private static let chatTemplate =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
    + "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    + "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
}
