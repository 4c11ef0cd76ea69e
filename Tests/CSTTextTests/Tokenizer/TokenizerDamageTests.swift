import CSTCore
import Foundation
import TestSupport
import Testing

@testable import CSTText

/// Damaged files are typed errors or tokenizers that work: nothing traps or hangs.
struct TokenizerDamageTests {
  @Test(arguments: [TinyTokenizerFiles.byteLevel, TinyTokenizerFiles.sentencePiece])
  func damagedJSON(_ text: String) throws {
    _ = try TinyTokenizerFiles.tokenizer(text)
    try damage(Array(text.utf8)) { bytes in
      try Tokenizer(bytes.withUnsafeBytes { try TokenizerFile($0, file: "tokenizer.json").definition() })
    }
  }

  @Test func damagedModel() throws {
    try damage(TinyTokenizerFiles.model) { bytes in
      let file = try bytes.withUnsafeBytes { try SentencePieceFile($0, file: "tokenizer.model") }
      return try Tokenizer(file.definition(TokenizerConfiguration(TokenizerFamilies.folder)))
    }
  }

  @Test func damagedEntries() throws {
    var generator = CaseGenerator(seed: 11)
    var refused = 0
    for _ in 0..<400 {
      var tokens = ["<unk>", "<s>", "</s>", "<0x63>", "ab", "▁ab", "▁", "a", "b"]
      var types: [Int32] = [2, 3, 3, 6, 1, 1, 1, 1, 1]
      var scores: [Float] = [0, 0, 0, 0, 0, -1, -2, -3, -4]
      for _ in 0...Int.random(in: 0..<3, using: &generator) {
        let place = Int.random(in: 0..<8, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: tokens[place] = generator.pick(["", "a", "ab", "<0x", "<0xZZ>", "\u{0}", " ", "▁▁", "<s>"])
        case 1: types[place] = generator.pick([0, 1, 2, 3, 4, 5, 6, 7, -1, .max])
        case 2: scores[place] = generator.pick([.nan, .infinity, -0.0, .greatestFiniteMagnitude])
        case 3: if tokens.count > 8 { tokens.removeLast() }
        default: if scores.count > 8 { scores.removeLast() }
        }
        while tokens.count < 9 && Bool.random(using: &generator) { tokens.append("b") }
      }
      if tokens.count < 9 { tokens.append("b") }
      let metadata: GGUFMetadata = [
        "tokenizer.ggml.model": .string(generator.pick(["llama", "llama", "gpt2"])),
        "tokenizer.ggml.pre": .string("default"), "tokenizer.ggml.merges": .array(.string(["a b"])),
        "tokenizer.ggml.tokens": .array(.string(tokens)), "tokenizer.ggml.token_type": .array(.int32(types)),
        "tokenizer.ggml.scores": .array(.float32(scores)),
      ]
      if !works({ try Tokenizer(TokenizerDefinition(metadata)) }) { refused += 1 }
    }
    #expect(refused > 100)
  }

  /// Every truncation, and hundreds of changed bytes and of bytes put in and taken out.
  private func damage(_ original: [UInt8], _ read: ([UInt8]) throws -> Tokenizer) throws {
    for count in original.indices { #expect(!works { try read(Array(original[..<count])) }, "cut at \(count)") }
    var generator = CaseGenerator(seed: 7)
    var refused = 0
    for _ in 0..<600 {
      var bytes = original
      for _ in 0...Int.random(in: 0..<3, using: &generator) {
        let place = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: bytes.remove(at: place)
        default: bytes.insert(generator.pick(Array(#"{}[]",:09-ntf"#.utf8) + [0x80, 0xFF]), at: place)
        }
      }
      if !works({ try read(bytes) }) { refused += 1 }
    }
    #expect(refused > 100)
  }

  /// Whether a tokenizer comes out, which then encodes and decodes; another error than a typed one is a failure.
  private func works(_ make: () throws -> Tokenizer) -> Bool {
    do {
      let tokenizer = try make()
      for text in ["", "ab ab", "  abc<s>ab \u{301}é<|e|>", "▁a"] {
        _ = tokenizer.decode(tokenizer.encode(content: text))
        _ = tokenizer.decode(tokenizer.encode(template: text))
      }
      return true
    } catch {
      if !(error is FormatError || error is TokenizerError) { Issue.record("\(error)") }
      return false
    }
  }
}
