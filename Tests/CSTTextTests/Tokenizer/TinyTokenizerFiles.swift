import Foundation

@testable import CSTText

/// Small tokenizer files, to be read, changed and damaged.
enum TinyTokenizerFiles {
  /// A `tokenizer.json` of byte-level BPE.
  static let byteLevel = """
    {"version":"1.0","truncation":null,"padding":null,
    "added_tokens":[{"id":6,"content":"<|s|>","single_word":false,"lstrip":false,"rstrip":true,"normalized":false,"special":true},
    {"id":7,"content":"<|e|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":true,"special":false}],
    "normalizer":{"type":"NFC"},
    "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},
    {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]},
    "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|s|>","type_id":0}},
    {"Sequence":{"id":"A","type_id":0}}],"pair":[],
    "special_tokens":{"<|s|>":{"id":"<|s|>","ids":[6],"tokens":["<|s|>"]}}},
    "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
    "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,
    "fuse_unk":false,"byte_fallback":false,"ignore_merges":false,
    "vocab":{"a":0,"b":1,"ab":2,"Ġ":3,"Ġa":4,"Ġab":5},"merges":["a b",["Ġ","ab"]]}}
    """

  /// A `tokenizer.json` of SentencePiece-style BPE: its space comes first, its bytes are those of `a` to `c`.
  static let sentencePiece = """
    {"version":"1.0","truncation":null,"padding":null,
    "added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true}],
    "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
    {"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
    "pre_tokenizer":null,"post_processor":null,
    "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
    {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
    "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,
    "vocab":{"<unk>":0,"<s>":1,"<0x63>":2,"▁":3,"a":4,"b":5,"ab":6,"▁ab":7},"merges":["a b","▁ ab"]}}
    """

  /// A `tokenizer.model`: the same vocabulary, merged by score.
  static var model: [UInt8] {
    let pieces: [(String, Float, Int)] = [
      ("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("<0x63>", 0, 6), ("ab", 0, 1), ("▁ab", -1, 1), ("▁", -2, 1),
      ("a", -3, 1), ("b", -4, 1),
    ]
    var bytes: [UInt8] = []
    for (spelling, score, type) in pieces {
      var piece = field(1, Array(spelling.utf8))
      piece += [2 << 3 | 5] + withUnsafeBytes(of: score.bitPattern.littleEndian, Array.init)
      piece += [3 << 3, UInt8(type)]
      bytes += field(1, piece)
    }
    // BPE with byte fallback; field numbers from 16 take two bytes.
    bytes += field(2, [3 << 3, 2] + [0x98, 0x02, 1])
    return bytes + field(3, field(1, Array("identity".utf8)) + [3 << 3, 1, 4 << 3, 0, 5 << 3, 1])
  }

  private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(content.count)] + content
  }

  /// The tokenizer of a `tokenizer.json`.
  static func tokenizer(_ text: String) throws -> Tokenizer {
    try Tokenizer(TokenizerFamilies.definition(Data(text.utf8)))
  }
}
