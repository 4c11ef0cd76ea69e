import Foundation

@testable import CSTText

/// The fixtures of Scripts/make-tokenizer-family-fixtures.py.
enum TokenizerFamilies {
  /// One family's components and what the reference made of the texts.
  struct Family: Decodable {
    var normalizer: JSONValue?
    var preTokenizer: JSONValue?
    var decoder: JSONValue?
    var ignoreMerges: Bool?
    var addedTokens: [JSONValue]?
    /// A hash for each text, of its words' lengths in bytes.
    var words: String?
    /// A hash for each text, of its ids.
    var ids: String
    /// What ids decode to, by the text's index, where it is not the text.
    var decoded: [String: String]?
    var template: [TemplateCase]?
  }

  /// Template text and its ids.
  struct TemplateCase: Decodable {
    let text: String
    let ids: [Int32]

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      text = try values.decode(String.self)
      ids = try values.decode([Int32].self)
    }
  }

  static let folder = TokenizerTestModel.fixtures.deletingLastPathComponent().appending(path: "tokenizer-families")
  static let byteLevel: [PreTokenizer] = PreTokenizer.allCases
  static let sentencePiece = ["llama-2", "mistral", "solar", "yi"]

  static func texts() throws -> [String] {
    let lines = try Data(contentsOf: folder.appending(path: "texts.jsonl")).split(separator: 10)
    return try lines.map { try JSONDecoder().decode(String.self, from: $0) }
  }

  static func family(_ name: String) throws -> Family {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    // Members of components keep their names: they are values, not keys of the family.
    let data = try Data(contentsOf: folder.appending(path: "\(name).json"))
    var family = try decoder.decode(Family.self, from: data)
    let raw = try JSONDecoder().decode([String: JSONValue].self, from: data)
    family.normalizer = raw["normalizer"]
    family.preTokenizer = raw["pre_tokenizer"]
    family.decoder = raw["decoder"]
    if case .array(let tokens) = raw["added_tokens"] { family.addedTokens = tokens }
    return family
  }

  /// The family's `tokenizer.json`; the vocabularies are shared and stand in files of their own.
  static func file(_ family: Family, model: String, addedTokens: [JSONValue]) throws -> Data {
    // The vocabulary is text in the file: decoding it would take canonically equivalent tokens for one.
    var vocabulary = try String(contentsOf: folder.appending(path: "\(model)-model.json"), encoding: .utf8)
    if family.ignoreMerges == true {
      vocabulary = vocabulary.replacing("\"ignore_merges\":false", with: "\"ignore_merges\":true")
    }
    let byteLevel = JSONValue.object(["type": .string("ByteLevel")])
    let parts: [String: JSONValue] = [
      "version": .string("1.0"), "truncation": .null, "padding": .null, "added_tokens": .array(addedTokens),
      "normalizer": family.normalizer ?? .null, "pre_tokenizer": family.preTokenizer ?? .null,
      "post_processor": .null, "decoder": family.decoder ?? byteLevel,
    ]
    let text = String(decoding: try JSONEncoder().encode(parts), as: UTF8.self)
    return Data((text.dropLast() + ",\"model\":" + vocabulary + "}").utf8)
  }

  static func definition(_ data: Data) throws -> TokenizerDefinition {
    try data.withUnsafeBytes { try TokenizerFile($0, file: "tokenizer.json").definition() }
  }

  /// The first 40 bits of FNV-1a over numbers, as ten hexadecimal digits.
  static func hash(_ values: some Sequence<Int>) -> String {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for value in values { state = (state ^ UInt64(value)) &* 0x0000_0100_0000_01B3 }
    let digits = String(state >> 24, radix: 16)
    return String(repeating: "0", count: 10 - digits.count) + digits
  }

  /// The hashes of a family, one for each text.
  static func hashes(_ text: String) -> [String] {
    let digits = Array(text.utf8)
    return stride(from: 0, to: digits.count, by: 10).map { String(decoding: digits[$0..<$0 + 10], as: UTF8.self) }
  }
}
